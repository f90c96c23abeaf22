/* player_play.c - the way of a message: when it is due, out it goes. */
#include "replay/play/pace.h"
#include "replay/play/player_state.h"

/* ---- sending ---- */

/* The server reads no more, or not in time. */
static bool is_stuck(struct replay_player *player, int64_t since_ns)
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

	while (!replay_sender_push(&player->sender) && !is_stuck(player, since_ns))
		replay_sender_wait(&player->sender, REPLAY__SLICE_MS);
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
		now_ns = replay_sleep_until(now_ns + 5 * 1000000);
	player->told_away = false;
	player->now_ns = replay_now_ns();
	player->report.away_ns += player->now_ns - since_ns;
	return replay_connection_is_up(connection) && !player->stop;
}

static void send(struct replay_player *player, const struct replay_message *message)
{
	enum replay_sent sent;

	while ((sent = replay_sender_send(&player->sender, message, player->due_ns)) == REPLAY_AWAY) {
		replay__player_push(player);
		if (!wait_for_server(player, message)) {
			replay__player_end(player, player->stop ? REPLAY_END_STOPPED : REPLAY_END_SERVER);
			return;
		}
	}
	if (sent == REPLAY_CLOSED)
		replay__player_end(player, REPLAY_END_SERVER);
	if (replay_sender_is_full(&player->sender)) {
		replay__player_push(player);
		replay__player_tell(player);
	}
}

/* ---- on time ---- */

/* A pause holds the message at hand; else it is enough to ask every now and then. */
static bool is_asked(const struct replay_player *player)
{
	return player->paused || player->now_ns - player->attended_ns >= REPLAY__SLICE_NS;
}

bool replay__player_wait(struct replay_player *player)
{
	if (player->due_ns > player->now_ns)
		replay__player_push(player);
	for (;;) {
		if (is_asked(player) && !replay__player_attend(player))
			return false;
		if (player->due_ns <= player->now_ns)
			return true;
		int64_t slice_ns = player->now_ns + REPLAY__SLICE_NS;
		bool is_last = player->due_ns <= slice_ns;
		player->now_ns =
		    is_last ? replay_pace_until(&player->pace, player->due_ns) : replay_sleep_until(slice_ns);
	}
}

/* What becomes of a message that is late. False when it is not to be sent. */
static bool judge_lag(struct replay_player *player, const struct replay_message *message)
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
	case REPLAY_LAG_DROP:
		player->report.dropped++;
		if (message->request)
			replay_answers_not_sent(player->options.answers, message->request);
		return false;
	case REPLAY_LAG_ABORT: replay__player_end(player, REPLAY_END_LATE); return false;
	}
	return true;
}

static int64_t due_of(struct replay_player *player, const struct replay_message *message)
{
	if (message->pass != player->pass) {
		player->pass = message->pass;
		replay_schedule_seek(&player->schedule, message->steady_ns, player->due_ns);
	}
	int64_t due_ns = replay_schedule_next(&player->schedule, message->steady_ns,
					      message->headers.len + message->payload.len);
	return player->report.timed ? due_ns : player->now_ns;
}

/* What is due in time leaves, though it be late; but not for ever. */
static bool is_over(const struct replay_player *player)
{
	return player->due_ns > player->end_ns ||
	       player->now_ns - player->options.tolerance_ns > player->end_ns;
}

static void play(struct replay_player *player, const struct replay_message *message)
{
	player->due_ns = due_of(player, message);
	player->recorded_ns = message->recorded_ns;
	player->steady_ns = message->steady_ns;
	if (player->first_due_ns == 0)
		player->first_due_ns = player->due_ns;
	if (is_over(player)) {
		replay__player_end(player, REPLAY_END_DONE);
		return;
	}
	if (!replay__player_wait(player) || !judge_lag(player, message))
		return;
	player->last_due_ns = player->due_ns;
	send(player, message);
}

void replay__player_play_batch(struct replay_player *player)
{
	struct replay_batch *batch = player->batch;

	while (batch->taken < batch->count && !player->ended && batch->course == player->course)
		play(player, &batch->messages[batch->taken++]);
	replay_queue_give_back(&player->feed.queue, batch);
	player->batch = NULL;
	if (!player->ended)
		replay__player_attend(player);
}
