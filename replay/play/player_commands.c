#include "replay/play/player_commands.h"

#include "replay/play/player_push.h"

void replay_player_progress(const struct replay_player *player, struct replay_progress *progress)
{
	*progress = (struct replay_progress){
	    .recorded_ns = player->reported_recorded_ns,
	    .steady_ns = player->seek ? player->seek_ns : player->reported_steady_ns,
	    .sent = player->reported_sent,
	    .iteration = player->reported_iteration,
	    .lag_ns = player->reported_lag_ns,
	    .speed = player->speed,
	    .paused = player->paused,
	    .away = player->reported_away,
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
	player->steps++;
}

void replay_player_seek(struct replay_player *player, int64_t ns)
{
	player->seek_ns = ns;
	player->seek = true;
}

void replay__player_update_progress(struct replay_player *player)
{
	player->reported_sent = player->report.sent;
	player->reported_iteration = player->iteration;
	player->reported_recorded_ns = player->recorded_ns;
	player->reported_steady_ns = player->steady_ns;
	player->reported_lag_ns = player->now_ns > player->due_ns ? player->now_ns - player->due_ns : 0;
}

/* Delay the current message and all after it. */
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
	/* The position is the target before `seek` is cleared: the next seek, from another thread, begins there. */
	player->reported_steady_ns = player->seek_ns;
	player->seek = false;
	player->steady_ns = player->reported_steady_ns = player->seek_ns;
	player->epoch++;
	replay_feed_seek(&player->feed, player->steady_ns);
	replay_schedule_seek(&player->schedule, player->steady_ns, player->now_ns);
}

static bool is_held(const struct replay_player *player)
{
	return player->paused && !player->stop && player->steps == player->stepped && !player->seek;
}

static void obey_pause(struct replay_player *player)
{
	replay__player_push(player);
	int64_t since_ns = player->now_ns;
	while (is_held(player))
		player->now_ns = replay_sleep_until(player->now_ns + REPLAY__SLICE_NS);
	shift(player, player->now_ns - since_ns);
	player->report.paused_ns += player->now_ns - since_ns;
	if (!player->paused)
		player->stepped = player->steps;
	if (player->steps == player->stepped)
		return;
	if (player->due_ns > player->now_ns)
		shift(player, player->now_ns - player->due_ns);
	player->stepped++;
}

bool replay__player_poll_commands(struct replay_player *player)
{
	uint64_t epoch = player->epoch;

	player->polled_ns = player->now_ns;
	replay__player_update_progress(player);
	if (player->paused && !player->stop)
		obey_pause(player);
	obey_speed(player);
	obey_seek(player);
	if (player->stop)
		player->ended = true;
	return !player->ended && player->epoch == epoch;
}
