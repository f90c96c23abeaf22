#include "broker/round.h"

#include "broker/clients.h"
#include "broker/flush.h"
#include "broker/input.h"
#include "broker/large.h"
#include "broker/reading.h"
#include "broker/subscriptions.h"
#include "broker/teardown.h"
#include "broker/turn.h"

/* The client's message has to wait for the large message of another client. */
static bool must_wait(const struct broker_client *client)
{
	return client->awaits_large && client->loop->large.publisher;
}

static void take_turn(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	bool is_in_progress = broker__large_is_of(loop, client);
	broker__turn_forget(client);
	if (!is_in_progress && (client->paused != 0 || !broker__client_is_open(client)))
		return;
	broker__input_continue(client);
	broker__finish_turn(loop);
}

/* Give one turn to each client that waits, as long as the round lasts, and to one client in any case. */
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

/* Clients in the middle of a large message take turns, as many as are read even late. */
static void read_served(struct broker__loop *loop)
{
	uint32_t large = 0;
	for (struct broker_client *client = loop->served.first, *next; client; client = next) {
		next = client->waiting.next;
		if (client->partial_cap > 0 && ++large > BROKER__LATE_READS)
			continue;
		broker__turn_forget(client);
		broker__client_resume(client, BROKER__SERVED);
	}
}

/* Write the pending output. True when nothing of what was pending when this was begun is left: it may take rounds. */
static bool write_owed(struct broker__loop *loop)
{
	if (loop->owed_writes == 0)
		loop->owed_writes = loop->dirty.len;
	broker__flush(loop);
	if (loop->owed_writes > loop->dirty.len)
		loop->owed_writes = loop->dirty.len; /* others were written, or have left, in between */
	return loop->owed_writes == 0;
}

static bool is_idle(const struct broker__loop *loop)
{
	bool has_retired = loop->retired.unused || (loop->retired.first && !loop->large.publisher);
	return loop->waiting.len == 0 && loop->served.len == 0 && !loop->dirty.first && !loop->leaving &&
	       !loop->emptying && !has_retired;
}

static void on_round(uv_idle_t *round)
{
	struct broker__loop *loop = round->data;
	loop->round_ns = uv_hrtime();
	if (write_owed(loop))
		take_turns(loop);
	broker__subscriptions_continue(loop);
	read_served(loop);
	broker__finish_turn(loop);
	if (is_idle(loop))
		uv_idle_stop(round);
}

/* The next read begins a new round. */
static void on_before_poll(uv_prepare_t *before_poll)
{
	struct broker__loop *loop = before_poll->data;
	loop->round_ns = 0;
	loop->late_reads = 0;
}

void broker__rounds_init(struct broker__loop *loop)
{
	uv_idle_init(&loop->uv, &loop->round);
	uv_prepare_init(&loop->uv, &loop->before_poll);
	loop->on_round = on_round;
	loop->round.data = loop->before_poll.data = loop;
	uv_prepare_start(&loop->before_poll, on_before_poll);
	uv_unref((uv_handle_t *)&loop->before_poll);
}

void broker__rounds_fini(struct broker__loop *loop)
{
	uv_close((uv_handle_t *)&loop->round, NULL);
	uv_close((uv_handle_t *)&loop->before_poll, NULL);
}
