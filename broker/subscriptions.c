#include "broker/subscriptions.h"

#include <errno.h>

#include "broker/emit.h"
#include "broker/sids.h"
#include "broker/trace.h"
#include "broker/turn.h"

enum { RETIRED_AT_ONCE = 1000 };

int broker__client_subscribe(struct broker_client *client, const struct wire_op *op)
{
	struct broker *broker = client->loop->broker;
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

/* The subscription is in no trie any more. */
static void retire(struct broker__loop *loop, struct broker__sub *sub)
{
	if (broker__traces(sub->client))
		broker__trace_end(sub);
	sub->is_closed = true;
	sub->next = loop->retired;
	loop->retired = sub;
}

void broker__client_unsubscribe(struct broker_client *client, struct broker__sub *sub)
{
	broker__emit_unsubscribe(sub, 0);
	broker__sids_remove(&client->sids, sub, client->loop->broker->seed);
	broker__sublist_remove(&client->loop->broker->sublist, sub);
	retire(client->loop, sub);
}

bool broker__subscriptions_end(struct broker_client *client, uint32_t most)
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

void broker__subscriptions_free_retired(struct broker__loop *loop)
{
	if (loop->large.publisher)
		return;
	for (uint32_t left = RETIRED_AT_ONCE; loop->retired && left > 0; left--) {
		struct broker__sub *sub = loop->retired;
		loop->retired = sub->next;
		broker__sub_close(sub);
	}
	if (loop->retired)
		broker__round_wake(loop);
}
