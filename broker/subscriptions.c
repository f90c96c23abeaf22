#include "broker/subscriptions.h"

#include <errno.h>

#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/sids.h"
#include "broker/trace.h"
#include "broker/turn.h"

enum {
	ENDED_AT_ONCE = 1000, /* subscriptions of a client that has gone, before others have their turn */
	FREED_AT_ONCE = ENDED_AT_ONCE,
	ENDED_FOR_ONE = 2, /* for a new subscription */
	FREED_FOR_ONE = 4, /* more than can end meanwhile: those, the new one, and one to catch up */
};

/* The subscription is in no trie any more. */
static void retire(struct broker__loop *loop, struct broker__sub *sub)
{
	if (broker__traces(sub->client))
		broker__trace_end(sub);
	sub->is_closed = true;
	broker__retired_add(&loop->retired, sub);
}

/* End up to `most` subscriptions. True when some are left. */
static bool end_some(struct broker_client *client, uint32_t most)
{
	struct broker__loop *loop = client->loop;
	for (struct broker__sub *sub; most > 0 && (sub = broker__sids_pop(&client->sids)); most--) {
		broker__sublist_unlink(&loop->broker->sublist, sub);
		retire(loop, sub);
	}
	if (client->sids.count > 0)
		return true;
	broker__sids_fini(&client->sids);
	return false;
}

/* End `most` subscriptions of the first client that has gone. */
static void end_first(struct broker__loop *loop, uint32_t most)
{
	struct broker_client *client = loop->emptying;
	if (end_some(client, most))
		return;
	loop->emptying = client->leaving_next;
	broker__client_release(client);
}

/* Each new subscription ends and frees some old ones. So clients that subscribe, leave and come back never hold many
 * more than they may. */
static void make_room(struct broker__loop *loop)
{
	if (loop->emptying)
		end_first(loop, ENDED_FOR_ONE);
	broker__retired_free(&loop->retired, FREED_FOR_ONE);
}

int broker__client_subscribe(struct broker_client *client, const struct wire_op *op)
{
	struct broker *broker = client->loop->broker;
	make_room(client->loop);
	struct broker__sub *sub = broker__sub_open(client, op->subject, op->queue, op->sid);
	if (!sub)
		return -ENOMEM;
	int error = broker__sublist_insert(&broker->sublist, sub);
	if (error) {
		broker__sub_close(sub);
		return error;
	}
	error = broker__sids_add(&client->sids, sub, broker->seed);
	if (error) {
		broker__sublist_remove(&broker->sublist, sub);
		broker__sub_close(sub);
		return error;
	}
	broker__emit_subscribe(sub);
	return 0;
}

void broker__client_unsubscribe(struct broker_client *client, struct broker__sub *sub)
{
	broker__emit_unsubscribe(sub, 0);
	broker__sids_remove(&client->sids, sub, client->loop->broker->seed);
	broker__sublist_remove(&client->loop->broker->sublist, sub);
	retire(client->loop, sub);
}

void broker__subscriptions_free_retired(struct broker__loop *loop)
{
	if (!loop->large.publisher)
		broker__retired_release(&loop->retired);
	if (!broker__retired_free(&loop->retired, FREED_AT_ONCE))
		broker__round_wake(loop);
}

void broker__subscriptions_end_all(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (!end_some(client, ENDED_AT_ONCE))
		return;
	broker__client_hold(client);
	client->leaving_next = loop->emptying;
	loop->emptying = client;
	broker__round_wake(loop);
}

void broker__subscriptions_continue(struct broker__loop *loop)
{
	while (loop->emptying) {
		end_first(loop, ENDED_AT_ONCE);
		broker__subscriptions_free_retired(loop);
		if (broker__round_is_over(loop))
			return;
	}
}
