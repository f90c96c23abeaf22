#include "broker/large.h"

#include <stdlib.h>

#include "broker/deliver.h"
#include "broker/match_builder.h"

/* Take the place of the message in progress. A client that is refused waits until the place is free (round.c). */
static bool occupy(struct broker_client *publisher, enum broker__large_stage stage)
{
	struct broker__large *large = &publisher->loop->large;
	publisher->awaits_large = large->publisher && large->publisher != publisher;
	if (publisher->awaits_large)
		return false;
	large->publisher = publisher;
	large->stage = stage;
	return true;
}

static void rest(struct broker__loop *loop, struct broker__match_builder *builder)
{
	loop->broker->sublist.resting = builder ? broker__match_builder_cursor(builder) : NULL;
}

static void leave(struct broker__loop *loop)
{
	struct broker__large *large = &loop->large;
	rest(loop, NULL);
	broker__outgoing_fini(&large->outgoing);
	free(large->fanout.unusual);
	*large = (struct broker__large){.builder = large->builder};
	broker__retired_release(&loop->retired);
}

/* ---- matching ---- */

enum broker__progress broker__large_match(struct broker_client *publisher)
{
	struct broker__loop *loop = publisher->loop;
	if (!occupy(publisher, BROKER__MATCHING))
		return BROKER__AGAIN;
	struct broker__match_builder *builder = loop->builder;
	loop->builder = loop->large.builder;
	loop->large.builder = builder;
	rest(loop, builder);
	return BROKER__AGAIN;
}

/* ---- delivering ---- */

/* Begin to deliver along a match that the message owns. */
static void begin(struct broker_client *publisher, struct broker__match *match, const struct wire_op *op,
		  const char *end)
{
	struct broker__large *large = &publisher->loop->large;
	large->stage = BROKER__DELIVERING;
	large->match = match;
	large->outgoing = (struct broker__outgoing){0};
	large->fanout = (struct broker__fanout){0};
	large->is_allowed = broker__deliver_begin(publisher, match, op);
	if (!large->is_allowed)
		return;
	broker__fanout_init(&large->fanout, match);
	large->fanout.is_large = true;
	if (broker__outgoing_init(&large->outgoing, op, end))
		large->until = match->receivers_len + match->queue_groups_len;
}

/* Deliver to as many receivers as the turn allows, at least one. True when all have been served. */
static bool deliver(struct broker__loop *loop, const struct wire_op *op, const char *end)
{
	struct broker__large *large = &loop->large;
	if (large->fanout.next >= large->until)
		return true;
	int64_t each = BROKER__DELIVERY_UNITS + (end - op->subject.data) / (int64_t)BROKER__BYTES_A_UNIT;
	int64_t most = loop->work_left / each, left = large->until - large->fanout.next;
	most = most < 1 ? 1 : most < left ? most : left;
	loop->work_left -= most * each;
	broker__outgoing_move(&large->outgoing, op, end);
	broker__deliver_until(loop, large->match, &large->outgoing, &large->fanout,
			      large->fanout.next + (uint32_t)most);
	return large->fanout.next >= large->until;
}

static enum broker__progress continue_delivering(struct broker_client *publisher, const struct wire_op *op,
						 const char *end)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__large *large = &loop->large;
	if (!deliver(loop, op, end))
		return BROKER__AGAIN;
	bool is_done = broker__deliver_end(publisher, large->match, op, &large->fanout, large->is_allowed);
	if (large->match)
		broker__match_give(publisher, large->match);
	leave(loop);
	return is_done ? BROKER__DONE : broker__large_answer(publisher, op->reply);
}

enum broker__progress broker__large_deliver(struct broker_client *publisher, struct broker__match *match,
					    const struct wire_op *op, const char *end)
{
	if (!occupy(publisher, BROKER__DELIVERING))
		return BROKER__AGAIN;
	broker__match_take(publisher, match);
	begin(publisher, match, op, end);
	return continue_delivering(publisher, op, end);
}

static enum broker__progress continue_matching(struct broker_client *publisher, const struct wire_op *op,
					       const char *end)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__match *match;
	int64_t work = loop->turn_units;
	int made = broker__match_builder_continue(loop->large.builder, op->subject, &work, &match);
	loop->work_left -= loop->turn_units - work;
	if (made == 0)
		return BROKER__AGAIN;
	rest(loop, NULL);
	begin(publisher, match, op, end);
	return continue_delivering(publisher, op, end);
}

/* ---- answering ---- */

/* Find the first plain subscription of the publisher that its reply matches. */
static const struct broker__sub *find_own(struct broker_client *publisher,
					  struct broker__sublist_cursor *cursor, struct wire_slice reply,
					  int64_t *work)
{
	bool begins_group;
	struct broker__sub *sub;
	do
		sub = broker__sublist_cursor_next(cursor, &publisher->loop->broker->sublist, reply, work,
						  &begins_group);
	while (sub && (sub->client != publisher || sub->group));
	return sub;
}

static enum broker__progress answer(struct broker_client *publisher, struct broker__match_builder *builder,
				    struct wire_slice reply)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__sublist_cursor *cursor = broker__match_builder_cursor(builder);
	int64_t work = loop->turn_units;
	const struct broker__sub *sub = find_own(publisher, cursor, reply, &work);
	loop->work_left -= loop->turn_units - work;
	if (!sub && !cursor->is_done)
		return BROKER__AGAIN;
	if (sub)
		broker__answer_no_responders(publisher, reply, sub);
	return BROKER__DONE;
}

enum broker__progress broker__large_answer(struct broker_client *publisher, struct wire_slice reply)
{
	struct broker__loop *loop = publisher->loop;
	if (!loop->builder)
		loop->builder = broker__match_builder_open();
	if (!loop->builder)
		return BROKER__DONE;
	broker__sublist_cursor_start(broker__match_builder_cursor(loop->builder), &loop->broker->sublist,
				     reply);
	publisher->owes_answer = answer(publisher, loop->builder, reply) == BROKER__AGAIN;
	if (!publisher->owes_answer)
		return BROKER__DONE;
	broker__large_match(publisher);
	if (broker__large_is_of(loop, publisher))
		loop->large.stage = BROKER__ANSWERING;
	return BROKER__AGAIN;
}

static enum broker__progress continue_answering(struct broker_client *publisher, struct wire_slice reply)
{
	struct broker__loop *loop = publisher->loop;
	if (answer(publisher, loop->large.builder, reply) == BROKER__AGAIN)
		return BROKER__AGAIN;
	publisher->owes_answer = false;
	leave(loop);
	return BROKER__DONE;
}

/* ---- turn by turn ---- */

enum broker__progress broker__large_continue(struct broker_client *publisher, const struct wire_op *op,
					     const char *end)
{
	if (!broker__large_is_of(publisher->loop, publisher))
		return broker__large_answer(publisher, op->reply);
	switch (publisher->loop->large.stage) {
	case BROKER__MATCHING: return continue_matching(publisher, op, end);
	case BROKER__DELIVERING: return continue_delivering(publisher, op, end);
	default: return continue_answering(publisher, op->reply);
	}
}

bool broker__large_let_go(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (!broker__large_is_of(loop, client))
		return true;
	if (loop->large.stage == BROKER__DELIVERING)
		return false;
	leave(loop);
	return true;
}

void broker__large_fini(struct broker__loop *loop)
{
	broker__match_builder_close(loop->builder);
	broker__match_builder_close(loop->large.builder);
	loop->builder = loop->large.builder = NULL;
}
