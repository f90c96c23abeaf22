#include "replay/player.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "replay/pace.h"
#include "replay/sender.h"

enum {
	SLICE_NS = 50 * 1000000, /* between two looks at what is asked of the player */
	SLICE_MS = 50,
	CONFIRM_MS = 10000, /* for the server to read the last of it */
};

struct replay_player {
	struct replay_player_options options;
	struct replay_rewrite *rewrite;
	struct replay_feed feed;
	struct replay_sender sender;
	struct replay_schedule schedule;
	struct replay_report report;
	struct replay_batch *batch; /* being played, or NULL */
	uint64_t course;            /* batches of another one are void */
	uint32_t pass;
	int64_t recorded_ns; /* of the message at hand */
	int64_t due_ns;      /* of the message at hand; monotonic clock, as the rest */
	int64_t now_ns;      /* when the clock was last looked at */
	int64_t start_ns, end_ns;
	int64_t first_due_ns, last_due_ns;
	bool is_open, ended;

	/* What others ask, and what they are told. */
	_Atomic bool stop, paused, step, seek;
	_Atomic uint64_t speed;
	_Atomic int64_t seek_ns;
	_Atomic uint64_t told_sent, told_pass;
	_Atomic int64_t told_recorded_ns, told_lag_ns;
	_Atomic bool told_away;
};

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
	opened->told_recorded_ns = INT64_MIN;
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
	free(player);
}

const struct replay_report *replay_player_report(const struct replay_player *player)
{
	return &player->report;
}

const struct replay_rewrite *replay_player_rewrite(const struct replay_player *player)
{
	return player->rewrite;
}

/* ---- commands ---- */

void replay_player_progress(const struct replay_player *player, struct replay_progress *progress)
{
	*progress = (struct replay_progress){
	    .recorded_ns = player->told_recorded_ns,
	    .sent = player->told_sent,
	    .pass = player->told_pass,
	    .lag_ns = player->told_lag_ns,
	    .speed = player->speed,
	    .paused = player->paused,
	    .away = player->told_away,
	};
}

void replay_player_stop(struct replay_player *player)
{
	player->stop = true;
}

void replay_player_pause(struct replay_player *player, bool paused)
{
	player->paused = paused;
}

void replay_player_set_speed(struct replay_player *player, uint64_t speed)
{
	player->speed = speed;
}

void replay_player_step(struct replay_player *player)
{
	player->step = true;
}

void replay_player_seek(struct replay_player *player, int64_t ns)
{
	player->seek_ns = ns;
	player->seek = true;
}

static void tell(struct replay_player *player)
{
	player->told_sent = player->report.sent;
	player->told_pass = player->pass;
	player->told_recorded_ns = player->recorded_ns;
	player->told_lag_ns = player->now_ns > player->due_ns ? player->now_ns - player->due_ns : 0;
}

/* The message at hand and all behind it are later by so much. */
static void shift(struct replay_player *player, int64_t ns)
{
	replay_schedule_shift(&player->schedule, ns);
	player->due_ns += ns;
}

static void obey_speed(struct replay_player *player)
{
	uint64_t old = player->schedule.plan.speed, new = player->speed;

	if (old == new)
		return;
	replay_schedule_set_speed(&player->schedule, new, player->now_ns);
	player->due_ns = replay_schedule_due(&player->schedule);
}

static void obey_seek(struct replay_player *player)
{
	if (!player->seek)
		return;
	player->seek = false;
	player->course++;
	replay_feed_seek(&player->feed, player->seek_ns);
	replay_schedule_seek(&player->schedule, player->seek_ns, player->now_ns);
}

static bool is_held(const struct replay_player *player)
{
	return player->paused && !player->stop && !player->step && !player->seek;
}

static void obey_pause(struct replay_player *player)
{
	int64_t since_ns = player->now_ns;

	while (is_held(player))
		player->now_ns = replay_pace_until(player->now_ns + SLICE_NS, false);
	shift(player, player->now_ns - since_ns);
	player->report.paused_ns += player->now_ns - since_ns;
	if (player->step && player->due_ns > player->now_ns)
		shift(player, player->now_ns - player->due_ns);
	player->step = false;
}

/* Look at what is asked. False when the message at hand is not to be sent: stopped, or elsewhere in the log. */
static bool attend(struct replay_player *player)
{
	uint64_t course = player->course;

	tell(player);
	if (player->paused && !player->stop)
		obey_pause(player);
	obey_speed(player);
	obey_seek(player);
	if (player->stop)
		player->ended = true;
	return !player->ended && player->course == course;
}

static void end(struct replay_player *player, enum replay_end how)
{
	player->report.end = how;
	player->ended = true;
}

/* ---- sending ---- */

/* Have everything leave that is collected; however long the kernel takes. */
static void push(struct replay_player *player)
{
	while (!replay_sender_push(&player->sender) && !player->stop)
		replay_sender_wait(&player->sender, SLICE_MS);
	player->now_ns = replay_now_ns();
}

/* The server is away: wait for it. False when it does not come back in time, or the run ends meanwhile. */
static bool wait_for_server(struct replay_player *player, const struct replay_message *message)
{
	const struct replay_connection *connection = player->sender.connections[message->connection];
	int64_t since_ns = player->now_ns, now_ns = since_ns;

	player->told_away = true;
	while (!replay_connection_is_up(connection) && !player->stop &&
	       !replay_connection_is_closed(connection) && now_ns - since_ns < player->options.patience_ns)
		now_ns = replay_pace_until(now_ns + 5 * 1000000, false);
	player->told_away = false;
	player->now_ns = replay_now_ns();
	player->report.away_ns += player->now_ns - since_ns;
	return replay_connection_is_up(connection) && !player->stop;
}

static void send(struct replay_player *player, const struct replay_message *message)
{
	enum replay_sent sent;

	while ((sent = replay_sender_send(&player->sender, message, player->due_ns)) == REPLAY_AWAY) {
		push(player);
		if (!wait_for_server(player, message)) {
			end(player, player->stop ? REPLAY_END_STOPPED : REPLAY_END_SERVER);
			return;
		}
	}
	if (sent == REPLAY_CLOSED)
		end(player, REPLAY_END_SERVER);
	if (replay_sender_is_full(&player->sender)) {
		push(player);
		tell(player);
	}
}

/* ---- on time ---- */

/* Wait until the message at hand is due. False when it is not to be sent. */
static bool wait_until_due(struct replay_player *player)
{
	if (player->due_ns > player->now_ns)
		push(player);
	while (player->due_ns > player->now_ns) {
		int64_t slice_ns = player->now_ns + SLICE_NS;
		bool is_last = player->due_ns <= slice_ns;
		player->now_ns = replay_pace_until(is_last ? player->due_ns : slice_ns,
						   is_last && player->options.precise);
		if (!is_last && !attend(player))
			return false;
	}
	return true;
}

/* What becomes of a message that is late. False when it is not to be sent. */
static bool judge_lag(struct replay_player *player)
{
	int64_t lag_ns = player->now_ns - player->due_ns;

	if (lag_ns <= player->options.tolerance_ns || !player->report.timed)
		return true;
	switch (player->options.on_lag) {
	case REPLAY_LAG_BURST: break;
	case REPLAY_LAG_STRETCH:
		replay_schedule_shift(&player->schedule, lag_ns);
		player->report.stretched_ns += lag_ns;
		break;
	case REPLAY_LAG_DROP: player->report.dropped++; return false;
	case REPLAY_LAG_ABORT: end(player, REPLAY_END_LATE); return false;
	}
	return true;
}

static int64_t due_of(struct replay_player *player, const struct replay_message *message)
{
	if (message->pass != player->pass) {
		player->pass = message->pass;
		replay_schedule_seek(&player->schedule, message->recorded_ns, player->due_ns);
	}
	int64_t due_ns = replay_schedule_next(&player->schedule, message->recorded_ns,
					      message->headers.len + message->payload.len);
	return player->report.timed ? due_ns : player->now_ns;
}

static void play(struct replay_player *player, const struct replay_message *message)
{
	player->due_ns = due_of(player, message);
	player->recorded_ns = message->recorded_ns;
	if (player->first_due_ns == 0)
		player->first_due_ns = player->due_ns;
	if (player->due_ns > player->end_ns || player->now_ns > player->end_ns) {
		end(player, REPLAY_END_DONE);
		return;
	}
	if (!wait_until_due(player) || !judge_lag(player))
		return;
	player->last_due_ns = player->due_ns;
	send(player, message);
}

static void play_batch(struct replay_player *player)
{
	struct replay_batch *batch = player->batch;

	while (batch->taken < batch->count && !player->ended && batch->course == player->course)
		play(player, &batch->messages[batch->taken++]);
	replay_queue_give_back(&player->feed.queue, batch);
	player->batch = NULL;
	if (!player->ended)
		attend(player);
}

/* ---- the run ---- */

/* The next batch, when there is one; else what is collected leaves, and *ended tells whether there will be any. */
static bool take_batch(struct replay_player *player, bool *ended)
{
	player->batch = replay_queue_take(&player->feed.queue, player->now_ns, ended);
	if (player->batch)
		return true;
	push(player);
	if (!*ended)
		player->batch = replay_queue_take(&player->feed.queue, player->now_ns + SLICE_NS, ended);
	player->now_ns = replay_now_ns();
	return player->batch != NULL;
}

/* Wait for the first message, then say when the run begins. */
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
	wait_until_due(player);
}

static void collect_report(struct replay_player *player)
{
	struct replay_report *report = &player->report;
	struct replay_troubles *troubles = &player->sender.troubles;

	report->read = player->feed.counts;
	report->guarded = replay_rewrite_guarded(player->rewrite);
	report->seconds_ns = player->sender.last_left_ns - player->sender.first_left_ns;
	report->asked_ns = report->timed ? player->last_due_ns - player->first_due_ns : 0;
	report->disconnects = troubles->disconnects;
	report->reconnects = troubles->reconnects;
	report->doubtful = troubles->doubtful;
	report->not_permitted = troubles->not_permitted;
	report->other_errors = troubles->other_errors;
	pthread_mutex_lock(&troubles->mutex);
	snprintf(report->last_error, sizeof(report->last_error), "%s", troubles->last_error);
	pthread_mutex_unlock(&troubles->mutex);
}

static int finish(struct replay_player *player, struct wire_fault *fault)
{
	struct replay_report *report = &player->report;

	push(player);
	if (report->end != REPLAY_END_SERVER && !replay_sender_confirm(&player->sender, CONFIRM_MS))
		report->doubtful += 0;
	replay_feed_stop(&player->feed);
	collect_report(player);
	if (player->stop)
		report->end = REPLAY_END_STOPPED;
	if (player->feed.status < 0) {
		report->end = REPLAY_END_SOURCE;
		*fault = player->feed.fault;
		return player->feed.status;
	}
	if (report->end != REPLAY_END_SERVER)
		return 0;
	return wire_fault_set(fault, -ECONNRESET,
			      "the server went away after %" PRIu64 " messages and did not come back%s%s",
			      report->sent, *report->last_error ? ": " : "", report->last_error);
}

int replay_player_run(struct replay_player *player, struct wire_fault *fault)
{
	const struct replay_feed_options feed = {
	    .input = player->options.input,
	    .select = &player->options.select,
	    .rewrite = player->rewrite,
	    .roster = player->options.roster,
	    .clones = player->options.rewrite.clones,
	    .passes = player->options.passes,
	};
	int status = replay_feed_open(&player->feed, &feed, fault);
	bool ended = false;

	if (status < 0)
		return status;
	replay_pace_init();
	begin(player);
	while (!player->ended && !ended) {
		if (player->batch)
			play_batch(player);
		else if (!take_batch(player, &ended) && !ended)
			attend(player);
	}
	status = finish(player, fault);
	replay_feed_close(&player->feed);
	return status;
}
