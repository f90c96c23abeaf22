#include "broker/publish.h"

#include "broker/deliver.h"
#include "broker/large.h"
#include "broker/server.h"

/* Hot. */
enum broker__progress broker__publish_to(struct broker_client *publisher, struct broker__match *match,
					 const struct wire_op *op, const char *end)
{
	struct broker__loop *loop = publisher->loop;
	if (match) {
		int64_t units = broker__deliver_units(match, (size_t)(end - op->subject.data));
		if (units > loop->turn_units && match->receivers_len + match->queue_groups_len > 1)
			return broker__large_deliver(publisher, match, op, end);
		loop->work_left -= units;
	}
	if (broker__deliver(publisher, match, op, end))
		return BROKER__DONE;
	return broker__large_answer(publisher, op->reply);
}

enum broker__progress broker__publish_hashed(struct broker_client *publisher, const struct wire_op *op,
					     const char *end, uint64_t hash)
{
	struct broker__match *match;
	if (broker__match_find(publisher, op->subject, hash, &match) == BROKER__AGAIN)
		return broker__large_match(publisher);
	return broker__publish_to(publisher, match, op, end);
}

/* Hot. */
enum broker__progress broker__publish(struct broker_client *publisher, const struct wire_op *op,
				      const char *end)
{
	struct broker__loop *loop = publisher->loop;
	const struct broker__sublist *list = &loop->broker->sublist;
	if (publisher->is_begun && (publisher->owes_answer || broker__large_is_of(loop, publisher)))
		return broker__large_continue(publisher, op, end);
	struct broker__match *match = broker__match_again(&publisher->matches, list, op->subject);
	if (!match)
		return broker__publish_hashed(publisher, op, end, broker__sublist_hash(list, op->subject));
	loop->counters.match_hits++;
	return broker__publish_to(publisher, match, op, end);
}
