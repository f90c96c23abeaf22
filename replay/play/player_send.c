#include "replay/play/player_send.h"

#include "replay/play/player_commands.h"
#include "replay/play/player_push.h"
#include "replay/play/player_stream.h"

/* ---- sending ---- */

/* Wait for a server that is away. False when it does not come back in time, or when the run ends meanwhile. */
static bool wait_for_server(struct replay_player *player, const struct replay_message *message)
{
	const struct net_client *client = player->sender.connections[message->connection];
	int64_t since_ns = player->now_ns, now_ns = since_ns;

	player->reported_away = true;
	while (!net_client_is_up(client) && !player->stop && !net_client_is_closed(client) &&
	       now_ns - since_ns < player->options.patience_ns)
		now_ns = replay_sleep_until(now_ns + 5 * 1000000);
	player->reported_away = false;
	player->now_ns = replay_now_ns();
	player->report.away_ns += player->now_ns - since_ns;
	return net_client_is_up(client) && !player->stop;
}

static void send(struct replay_player *player, const struct replay_message *message)
{
	enum replay_sent sent;

	if (player->options.acks && !replay__player_await_acks(player))
		return;
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
		replay__player_update_progress(player);
	}
}

/* ---- on time ---- */

/* Commands must be polled before the current message: at once for a pause, else once in a slice. */
static bool must_poll(const struct replay_player *player)
{
	return player->paused || player->now_ns - player->polled_ns >= REPLAY__SLICE_NS;
}

bool replay__player_wait(struct replay_player *player)
{
	if (player->due_ns > player->now_ns)
		replay__player_push(player);
	for (;;) {
		if (must_poll(player) && !replay__player_poll_commands(player))
			return false;
		if (player->due_ns <= player->now_ns)
			return true;
		int64_t slice_ns = player->now_ns + REPLAY__SLICE_NS;
		bool is_last = player->due_ns <= slice_ns;
		player->now_ns =
		    is_last ? replay_pace_until(&player->pace, player->due_ns) : replay_sleep_until(slice_ns);
	}
}

/* Do what --on-lag says about a late message. False when it is not to be sent. */
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
			replay_live_replies_not_sent(player->options.live, message->request);
		return false;
	case REPLAY_LAG_ABORT: replay__player_end(player, REPLAY_END_LATE); return false;
	}
	return true;
}

static int64_t due_of(struct replay_player *player, const struct replay_message *message)
{
	if (message->iteration != player->iteration) {
		player->iteration = message->iteration;
		replay_schedule_seek(&player->schedule, message->steady_ns, player->due_ns);
	}
	int64_t due_ns = replay_schedule_next(&player->schedule, message->steady_ns,
					      message->headers.len + message->payload.len);
	return player->report.timed ? due_ns : player->now_ns;
}

/* The time of the run is over: the message is due after its end, or so late that the tolerance has passed, too. */
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

	while (batch->taken < batch->count && !player->ended && batch->epoch == player->epoch)
		play(player, &batch->messages[batch->taken++]);
	replay_batch_queue_give_back(&player->feed.queue, batch);
	player->batch = NULL;
	if (!player->ended)
		replay__player_poll_commands(player);
}
