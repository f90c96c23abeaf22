#include "replay/play/player_stream.h"

#include "replay/play/player_push.h"
#include "replay/play/resume.h"

enum {
	LOOK_MS = 20,                 /* between two looks whether the run is to end */
	STOP_MS = 2000,               /* to wait for acknowledgements after a stop */
	NOTE_NS = 1000 * 1000 * 1000, /* between two notes of how far the run has come */
};

/* The replay goes on when the note cannot be written; the last one is tried again at the end. */
static void note(struct replay_player *player)
{
	struct replay_acks_report report;
	struct wire_fault fault;

	player->noted_ns = player->now_ns;
	replay_acks_get_report(player->options.acks, &report);
	if (!player->options.resume_path || report.done_seq == player->noted_seq)
		return;
	if (replay_resume_write(player->options.resume_path, report.done_seq, &fault) == 0)
		player->noted_seq = report.done_seq;
	else
		player->report.resume_failed = true;
}

/* The messages that are collected leave first. */
static bool wait_until(struct replay_player *player, uint64_t most)
{
	struct replay_acks *acks = player->options.acks;

	replay__player_push(player);
	while (!player->stop && !replay_acks_wait(acks, most, LOOK_MS)) {
		player->now_ns = replay_now_ns();
		if (!replay_acks_have_expired(acks, player->now_ns))
			continue;
		replay__player_end(player, REPLAY_END_UNACKNOWLEDGED);
		return false;
	}
	player->now_ns = replay_now_ns();
	return !player->stop;
}

bool replay__player_await_acks(struct replay_player *player)
{
	if (player->now_ns - player->noted_ns > NOTE_NS)
		note(player);
	return !replay_acks_are_full(player->options.acks) ||
	       wait_until(player, player->options.acks_low_water);
}

void replay__player_finish_acks(struct replay_player *player)
{
	if (!player->options.acks)
		return;
	bool may_come =
	    player->report.end != REPLAY_END_SERVER && player->report.end != REPLAY_END_UNACKNOWLEDGED;
	if (may_come)
		wait_until(player, 0);
	if (may_come && player->stop)
		replay_acks_wait(player->options.acks, 0, STOP_MS);
	player->report.resume_failed = false;
	note(player);
	player->report.has_acks = true;
	replay_acks_get_report(player->options.acks, &player->report.acks);
}
