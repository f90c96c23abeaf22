#include "broker/turn.h"

#include "broker/large.h"

enum {
	ROUND_NS = 2000000,
	SHORT_TURNS = 32, /* short turns that are as long as a whole one */
	LONE_TURNS = 4,   /* whole turns that a client gets at once while nobody else waits for one */
};

bool broker__round_is_over(const struct broker__loop *loop)
{
	return loop->round_ns > 0 && uv_hrtime() - loop->round_ns > ROUND_NS;
}

void broker__turn_begin(struct broker__loop *loop)
{
	int64_t units = loop->broker->turn_units;
	if (loop->waiting.len == 0)
		units *= LONE_TURNS; /* so that its receivers are written to in larger pieces */
	if (loop->round_ns == 0)
		loop->round_ns = uv_hrtime();
	else if (broker__round_is_over(loop))
		units /= SHORT_TURNS;
	loop->turn_units = loop->work_left = units > 0 ? units : 1;
	loop->is_sink_full = broker__pressure_is_sink_full(loop);
}

/* ---- rounds ---- */

/* The client waits for the place of another's message. */
static bool must_wait(const struct broker_client *client)
{
	return client->awaits_large && client->loop->large.publisher;
}

static void take_turn(struct broker_client *client)
{
	bool is_under_way = broker__large_is_of(client->loop, client);
	broker__turn_forget(client);
	if (is_under_way || (client->paused == 0 && broker__client_is_open(client)))
		broker__input_go_on(client);
}

/* Each who waits gets one turn, as long as the round lasts; somebody gets one in any case. */
static void take_turns(struct broker__loop *loop)
{
	uint32_t served = 0;
	for (uint32_t left = loop->waiting.len; left > 0 && loop->waiting.first; left--) {
		struct broker_client *client = loop->waiting.first;
		if (must_wait(client)) {
			broker__clients_remove(&loop->waiting, client, BROKER__LINK(waiting));
			broker__clients_add(&loop->waiting, client, BROKER__LINK(waiting));
			continue;
		}
		if (served++ > 0 && broker__round_is_over(loop))
			return;
		take_turn(client);
	}
}

static void read_served(struct broker__loop *loop)
{
	while (loop->served.first) {
		struct broker_client *client = loop->served.first;
		broker__turn_forget(client);
		broker__client_resume(client, BROKER__SERVED);
	}
}

static bool is_idle(const struct broker__loop *loop)
{
	bool has_retired = loop->retired.unused || (loop->retired.first && !loop->large.publisher);
	return loop->waiting.len == 0 && loop->served.len == 0 && !loop->dirty.first && !loop->leaving &&
	       !loop->emptying && !has_retired && !loop->has_newcomers;
}

static void on_round(uv_idle_t *round)
{
	struct broker__loop *loop = round->data;
	loop->round_ns = uv_hrtime();
	if (loop->has_newcomers)
		broker__listen_go_on(loop->broker);
	broker__loop_flush(loop);
	take_turns(loop);
	broker__clients_empty(loop);
	read_served(loop);
	broker__loop_settle(loop);
	broker__loop_free_retired(loop);
	if (is_idle(loop))
		uv_idle_stop(round);
}

/* The next read begins a new round. */
static void on_before_poll(uv_prepare_t *before_poll)
{
	struct broker__loop *loop = before_poll->data;
	loop->round_ns = 0;
	loop->newcomers = 0;
}

void broker__round_wake(struct broker__loop *loop)
{
	if (!uv_is_active((uv_handle_t *)&loop->round))
		uv_idle_start(&loop->round, on_round);
}

void broker__rounds_init(struct broker__loop *loop)
{
	uv_idle_init(&loop->uv, &loop->round);
	uv_prepare_init(&loop->uv, &loop->before_poll);
	loop->round.data = loop->before_poll.data = loop;
	uv_prepare_start(&loop->before_poll, on_before_poll);
	uv_unref((uv_handle_t *)&loop->before_poll);
}

void broker__rounds_fini(struct broker__loop *loop)
{
	uv_close((uv_handle_t *)&loop->round, NULL);
	uv_close((uv_handle_t *)&loop->before_poll, NULL);
}

/* ---- waiting ---- */

void broker__turn_wait(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->paused & BROKER__WAITING)
		return;
	broker__client_pause(client, BROKER__WAITING);
	broker__clients_add(&loop->waiting, client, BROKER__LINK(waiting));
	broker__round_wake(loop);
}

void broker__turn_serve(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	broker__client_pause(client, BROKER__SERVED);
	broker__clients_add(&loop->served, client, BROKER__LINK(waiting));
	broker__round_wake(loop);
}

void broker__turn_forget(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->paused & BROKER__WAITING)
		broker__clients_remove(&loop->waiting, client, BROKER__LINK(waiting));
	else if (client->paused & BROKER__SERVED)
		broker__clients_remove(&loop->served, client, BROKER__LINK(waiting));
	client->paused &= ~(unsigned)(BROKER__WAITING | BROKER__SERVED);
}

void broker__client_pause(struct broker_client *client, enum broker__pause why)
{
	client->paused |= (unsigned)why;
	broker__transport_pause(&client->transport);
}

void broker__client_resume(struct broker_client *client, enum broker__pause why)
{
	client->paused &= ~(unsigned)why;
	if (client->paused != 0 || !broker__client_is_open(client))
		return;
	if (client->is_kept)
		broker__turn_wait(client);
	else
		broker__transport_read(&client->transport);
}
