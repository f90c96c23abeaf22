/* deliver_batch.c - the hot path of busy publishers: what does not change from message to message is asked once a batch. */
#include "broker/deliver.h"
#include "broker/emit.h"

/* Outputs of so many receivers are more than the caches hold. Each is written as soon as there is enough for a write, and
 * its memory serves the next receiver while it is still warm. */
enum { MANY_RECEIVERS = 8, ENOUGH_BYTES = 32 * 1024 };

static uint64_t bytes_of(const struct wire_batch *batch, uint32_t count)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < count; i++)
		bytes += batch->entries[i].payload_len;
	return bytes;
}

/* ---- one receiver ---- */

/* Append messages from `index` on while there is room. Returns the index of the first that has none. */
static uint32_t append(struct broker__output *output, struct wire_slice head, const struct wire_batch *batch,
		       uint32_t index)
{
	uint32_t start = index;
	char *at = output->at, *end = output->end;
	for (; index < batch->count; index++) {
		struct wire_slice text = wire_batch_text(batch, index);
		if (head.len + text.len > (size_t)(end - at))
			break;
		broker__copy(at, head.data, head.len);
		broker__copy(at + head.len, text.data, text.len);
		at += head.len + text.len;
	}
	output->at = at;
	if (index > start)
		output->last->messages += index - start;
	return index;
}

static void count(const struct broker__receiver *receiver, const struct wire_batch *batch, uint32_t sent)
{
	struct broker_client *to = receiver->client;
	uint64_t bytes = sent == batch->count ? batch->payload_bytes : bytes_of(batch, sent);
	to->out_msgs += sent;
	to->out_bytes += bytes;
	to->loop->counters.out_msgs += sent;
	to->loop->counters.out_bytes += bytes;
	receiver->sub->delivered += sent;
}

/* Notes in *receiver how many it got. False when that is not all of them. To make room for one, another may be cut. */
static bool put(struct broker__receiver *receiver, const struct wire_batch *batch)
{
	struct broker_client *to = receiver->client;
	struct wire_slice head = wire_slice(receiver->head + 1, receiver->head_len - 1);
	receiver->was_closed = !broker__client_is_open(to);
	receiver->batch_sent = 0;
	if (receiver->was_closed)
		return false;
	uint32_t sent = append(&to->output, head, batch, 0);
	while (sent < batch->count && broker__put_slowly(to, head, wire_batch_text(batch, sent)) == WIRE_SENT)
		sent = append(&to->output, head, batch, sent + 1);
	broker__client_touch(to);
	count(receiver, batch, sent);
	receiver->batch_sent = sent & INT32_MAX;
	return sent == batch->count;
}

/* False when not everybody got all of them. */
static bool put_all(struct broker__route *route, const struct wire_batch *batch)
{
	bool got_all = true, are_many = route->receivers_len >= MANY_RECEIVERS;
	for (uint32_t i = 0; i < route->receivers_len; i++) {
		struct broker_client *to = route->receivers[i].client;
		got_all &= put(&route->receivers[i], batch);
		if (are_many && broker__output_pending(&to->output) >= ENOUGH_BYTES)
			broker__client_flush(to);
	}
	return got_all;
}

/* ---- the events ---- */

/* Of the message at `index`, when not everybody got all of them: who was cut off got nothing from then on. */
static void describe(struct wire_event *event, struct broker__loop *loop, const struct broker__route *route,
		     uint32_t index)
{
	struct wire_receiver *described = broker__describe(loop, route, route->receivers_len);
	event->receivers = described ? described : route->described;
	event->receivers_hint = NULL;
	event->receiver_count = route->receivers_len;
	for (uint32_t i = 0; i < route->receivers_len; i++) {
		const struct broker__receiver *receiver = &route->receivers[i];
		if (index < receiver->batch_sent)
			continue;
		event->receiver_count--;
		bool is_first = index == receiver->batch_sent && !receiver->was_closed;
		if (described)
			described[i].outcome = is_first ? WIRE_DROPPED_SLOW : WIRE_DROPPED_CLOSED;
	}
}

static void emit(struct broker_client *publisher, const struct wire_op *first, const struct wire_batch *batch,
		 struct broker__route *route, bool got_all)
{
	struct broker__loop *loop = publisher->loop;
	struct wire_sink *sink = loop->broker->sink;
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .time_ns = loop->now_ns,
				   .conn = publisher->cid,
				   .subject = first->subject,
				   .receiver_count = route->receivers_len,
				   .receivers_len = route->receivers_len,
				   .receivers = route->described,
				   .subject_hint = &route->hints->subject,
				   .receivers_hint = &route->hints->receivers};
	if (got_all && sink->batch) {
		sink->batch(sink, &event, batch);
	} else {
		for (uint32_t i = 0; i < batch->count; i++) {
			wire_batch_event(batch, i, &event);
			if (!got_all)
				describe(&event, loop, route, i);
			sink->event(sink, &event);
		}
	}
	broker__emit_later(loop);
}

/* ---- the batch ---- */

static void deliver(struct broker_client *publisher, const struct wire_op *first,
		    const struct wire_batch *batch, struct broker__route *route)
{
	struct broker__loop *loop = publisher->loop;
	publisher->in_msgs += batch->count;
	publisher->in_bytes += batch->payload_bytes;
	loop->counters.in_msgs += batch->count;
	loop->counters.in_bytes += batch->payload_bytes;
	loop->counters.route_hits += batch->count;
	bool got_all = put_all(route, batch);
	if (loop->broker->sink)
		emit(publisher, first, batch, route, got_all);
}

/* Messages that may not all go the same way: a member of a queue group is to be drawn for each, a receiver has had
 * enough after some of them or gets each twice, something is to be said to the publisher about each. */
static bool must_go_one_by_one(const struct broker_client *publisher, const struct broker__route *route)
{
	if (!route || !route->is_plain || !route->has_heads || route->is_reserved || publisher->permissions ||
	    publisher->verbose)
		return true;
	for (uint32_t i = 0; i < route->receivers_len; i++) {
		const struct broker__receiver *receiver = &route->receivers[i];
		if (receiver->sub->max > 0 || receiver->sub->is_closed ||
		    !broker__client_is_open(receiver->client))
			return true;
	}
	return false;
}

/* Ends with the turn. Returns how many were delivered. */
static uint32_t deliver_one_by_one(struct broker_client *publisher, const struct wire_op *first,
				   const struct wire_batch *batch)
{
	struct wire_op op = *first;
	uint32_t done = 0;
	for (; done < batch->count && broker__client_is_open(publisher) && publisher->loop->work_left > 0;
	     done++) {
		struct wire_slice text = wire_batch_text(batch, done);
		op.payload = wire_batch_payload(batch, done);
		op.size_text = wire_slice(text.data, (size_t)(op.payload.data - 2 - text.data));
		publisher->is_begun = broker__deliver(publisher, &op, text.data + text.len) == BROKER__AGAIN;
		if (publisher->is_begun)
			break;
	}
	return done;
}

uint32_t broker__deliver_batch(struct broker_client *publisher, const struct wire_op *first,
			       const struct wire_batch *batch)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__route *route =
	    broker__route_again(&publisher->routes, &loop->broker->sublist, first->subject);
	if (must_go_one_by_one(publisher, route))
		return deliver_one_by_one(publisher, first, batch);
	loop->work_left -= (int64_t)batch->count * route->receivers_len * BROKER__BATCH_UNITS +
			   (int64_t)(batch->payload_bytes / BROKER__BYTES_A_UNIT * route->receivers_len);
	deliver(publisher, first, batch, route);
	return batch->count;
}
