#include "replay/play/player.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "replay/play/player_commands.h"
#include "replay/play/player_push.h"
#include "replay/play/player_send.h"
#include "replay/play/player_stream.h"

enum { CONFIRM_MS = 10000 }; /* for the server to read the last messages */

static const struct {
	const char *key, *text;
} failures[] = {
#define REPLAY_FAILURE_ROW(name, key, text) {key, text},
    REPLAY_FAILURES(REPLAY_FAILURE_ROW)
#undef REPLAY_FAILURE_ROW
};

const char *replay_failure_text(enum replay_failure failure)
{
	return failures[failure].text;
}

const char *replay_failure_key(enum replay_failure failure)
{
	return failures[failure].key;
}

/* ---- opening and closing ---- */

int replay_player_open(struct replay_player **player, const struct replay_player_options *options,
		       struct wire_fault *fault)
{
	struct replay_player *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->options = *options;
	opened->speed = options->plan.speed;
	opened->reported_recorded_ns = INT64_MIN;
	int error = replay_rewrite_open(&opened->rewrite, &options->rewrite, fault);
	if (!error) {
		error = replay_sender_open(&opened->sender, options, &opened->report, fault);
		opened->is_open = true;
	}
	if (error) {
		replay_player_close(opened);
		return error;
	}
	*player = opened;
	return 0;
}

void replay_player_close(struct replay_player *player)
{
	if (!player)
		return;
	if (player->is_open)
		replay_sender_close(&player->sender);
	replay_rewrite_close(player->rewrite);
	trace_histogram_fini(&player->report.lag);
	free(player);
}

void replay_player_server_id(const struct replay_player *player, char *id, size_t size)
{
	net_client_server_id(player->sender.connections[0], id, size);
}

const struct replay_report *replay_player_report(const struct replay_player *player)
{
	return &player->report;
}

const struct replay_rewrite *replay_player_rewrite(const struct replay_player *player)
{
	return player->rewrite;
}

/* ---- the run ---- */

/* Take the next batch. When there is none yet, push what is collected and wait for one slice. False without a batch;
 * *ended: there will be none. */
static bool take_batch(struct replay_player *player, bool *ended)
{
	player->batch = replay_batch_queue_take(&player->feed.queue, player->now_ns, ended);
	if (player->batch)
		return true;
	replay__player_push(player);
	if (!*ended)
		player->batch =
		    replay_batch_queue_take(&player->feed.queue, player->now_ns + REPLAY__SLICE_NS, ended);
	player->now_ns = replay_now_ns();
	return player->batch != NULL;
}

/* Wait for the first message, then for the moment at which the run begins. */
static void begin(struct replay_player *player)
{
	const struct replay_player_options *options = &player->options;
	bool ended = false;

	player->now_ns = replay_now_ns();
	while (!player->stop && !ended && !take_batch(player, &ended))
		;
	player->ended = !player->batch;
	if (player->ended)
		return;
	player->start_ns = player->now_ns;
	if (options->start_at_ns > 0) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		player->start_ns += options->start_at_ns - (now.tv_sec * 1000000000LL + now.tv_nsec);
	}
	player->end_ns = options->duration_ns > 0 ? player->start_ns + options->duration_ns : INT64_MAX;
	replay_schedule_init(&player->schedule, &options->plan,
			     options->origin_ns != INT64_MIN ? options->origin_ns : player->feed.origin_ns,
			     player->start_ns);
	player->report.timed = replay_schedule_is_timed(&player->schedule);
	player->due_ns = player->start_ns;
	replay__player_wait(player);
}

static void collect_report(struct replay_player *player)
{
	struct replay_report *report = &player->report;
	struct net_client_errors *errors = &player->sender.errors;

	report->read = player->feed.counts;
	report->guarded = replay_rewrite_guarded(player->rewrite);
	report->seconds_ns = player->sender.last_left_ns - player->sender.first_left_ns;
	report->asked_ns = report->timed ? player->last_due_ns - player->first_due_ns : 0;
	report->disconnects = errors->disconnects;
	report->reconnects = errors->reconnects;
	report->doubtful = errors->doubtful;
	report->not_permitted = errors->not_permitted;
	report->other_errors = errors->other_errors;
	pthread_mutex_lock(&errors->mutex);
	snprintf(report->last_error, sizeof(report->last_error), "%s", errors->last_error);
	pthread_mutex_unlock(&errors->mutex);
}

/* Wait for the replies that may still come, at most for their timeout. */
static void await_replies(struct replay_player *player)
{
	struct replay_live_replies *live = player->options.live;

	if (!live)
		return;
	replay_live_replies_end_of_log(live);
	replay_live_replies_cancel_unsent(live);
	while (!player->stop && player->report.end != REPLAY_END_SERVER &&
	       replay_live_replies_are_pending(live))
		replay_sleep_until(replay_now_ns() + REPLAY__SLICE_NS / 10);
	player->report.requests = replay_live_replies_finish(live);
}

static int finish(struct replay_player *player, struct wire_fault *fault)
{
	struct replay_report *report = &player->report;

	if (report->end != REPLAY_END_SERVER)
		replay__player_push(player);
	replay_feed_stop(&player->feed);
	if (report->end == REPLAY_END_DONE && !replay_sender_confirm(&player->sender, CONFIRM_MS))
		report->unconfirmed = true;
	await_replies(player);
	replay__player_finish_acks(player);
	replay_sender_disconnect(&player->sender);
	collect_report(player);
	if (player->stop)
		report->end = REPLAY_END_STOPPED;
	if (report->end == REPLAY_END_UNACKNOWLEDGED)
		return wire_fault_set(fault, -ECONNRESET,
				      "no acknowledgement in time for %" PRIu64
				      " messages, the first one after sequence %" PRIu64 " of the log",
				      report->acks.pending, report->acks.done_seq);
	if (player->feed.status < 0) {
		report->end = REPLAY_END_SOURCE;
		*fault = player->feed.fault;
		return player->feed.status;
	}
	if (report->end != REPLAY_END_SERVER)
		return 0;
	return wire_fault_set(fault, -ECONNRESET,
			      "the server %s went away, or stopped reading, after %" PRIu64 " messages%s%s",
			      net_client_target_servers(player->options.target), report->sent,
			      *report->last_error ? ": " : "", report->last_error);
}

int replay_player_run(struct replay_player *player, struct wire_fault *fault)
{
	const struct replay_feed_options feed = {
	    .input = player->options.input,
	    .select = &player->options.select,
	    .rewrite = player->rewrite,
	    .publishers = player->options.publishers,
	    .live = player->options.live,
	    .clones = player->options.rewrite.clones,
	    .iterations = player->options.iterations,
	};
	int status = replay_feed_open(&player->feed, &feed, fault);
	bool ended = false;

	if (status < 0)
		return status;
	replay_wake_sharply();
	replay_pace_init(&player->pace, player->options.precise);
	begin(player);
	while (!player->ended && !ended) {
		if (player->batch)
			replay__player_play_batch(player);
		else if (!take_batch(player, &ended) && !ended)
			replay__player_poll_commands(player);
	}
	if (player->batch)
		replay_batch_queue_give_back(&player->feed.queue, player->batch);
	status = finish(player, fault);
	replay_feed_close(&player->feed);
	return status;
}
