#include "replay/play/player_push.h"

void replay__player_end(struct replay_player *player, enum replay_end how)
{
	player->report.end = how;
	player->ended = true;
}

/* Stop pushing. Ends the run when the server has not read since since_ns, or when the message is too late. */
static bool should_give_up(struct replay_player *player, int64_t since_ns)
{
	int64_t now_ns = replay_now_ns();

	if (now_ns - since_ns > player->options.patience_ns)
		replay__player_end(player, REPLAY_END_SERVER);
	else if (player->options.on_lag == REPLAY_LAG_ABORT && player->report.timed &&
		 now_ns - player->due_ns > player->options.tolerance_ns)
		replay__player_end(player, REPLAY_END_LATE);
	return player->ended || player->stop;
}

void replay__player_push(struct replay_player *player)
{
	int64_t since_ns = player->now_ns;

	while (!replay_sender_push(&player->sender) && !should_give_up(player, since_ns))
		replay_sender_wait(&player->sender, REPLAY__SLICE_MS);
	player->now_ns = replay_now_ns();
}
