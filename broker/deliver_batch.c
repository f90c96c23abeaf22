/* deliver_batch.c - the hot path of busy publishers: conditions that do not change from message to message are
 * checked once for all. */
#include "broker/deliver_batch.h"

#include "broker/connection.h"
#include "broker/deliver.h"
#include "broker/emit.h"
#include "broker/publish.h"
#include "broker/turn.h"

/* With MANY_RECEIVERS, their outputs do not fit into the processor caches: each is written as soon as it is worth a
 * write, and its memory serves the next receiver while it is still cached. Writing to more than FEW_WRITES of them may take
 * longer than a turn, and is left to the rounds once the time is over. */
enum { MANY_RECEIVERS = 8, FEW_WRITES = 128, ENOUGH_BYTES = 32 * 1024 };

static uint64_t bytes_of(const struct wire_batch *batch, uint32_t count)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < count; i++)
		bytes += batch->entries[i].payload_len;
	return bytes;
}

/* ---- one receiver ---- */

/* Append messages, beginning at `index`, while there is room. Returns the index of the first message that did not
 * fit. */
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

/* Append the messages to one receiver and note in *receiver how many it got. False when it did not get all. Another
 * receiver may be cut to make room. */
static bool put(struct broker__receiver *receiver, const struct wire_batch *batch)
{
	struct broker_client *to = receiver->client;
	struct wire_slice head = wire_slice(receiver->head + 1, receiver->head_len - 1);
	receiver->was_closed = !broker__client_is_open(to);
	receiver->batch_sent = 0;
	if (receiver->was_closed)
		return false;
	uint32_t sent = append(&to->output, head, batch, 0);
	while (sent < batch->count &&
	       broker__deliver_slowly(to, head, wire_batch_text(batch, sent)) == WIRE_SENT)
		sent = append(&to->output, head, batch, sent + 1);
	broker__client_touch(to);
	count(receiver, batch, sent);
	receiver->batch_sent = sent & INT32_MAX;
	return sent == batch->count;
}

/* False when some receiver did not get all of the messages. */
static bool put_all(struct broker__match *match, const struct wire_batch *batch)
{
	bool got_all = true, are_many = match->receivers_len >= MANY_RECEIVERS,
	     are_few_writes = match->receivers_len <= FEW_WRITES;
	for (uint32_t i = 0; i < match->receivers_len; i++) {
		struct broker_client *to = match->receivers[i].client;
		got_all &= put(&match->receivers[i], batch);
		if (are_many && broker__output_pending(&to->output) >= ENOUGH_BYTES &&
		    (are_few_writes || !broker__round_is_over(to->loop)))
			broker__client_flush(to);
	}
	return got_all;
}

/* ---- the events ---- */

/* Describe the receivers of the message at `index` when some receiver did not get all: a receiver that was cut got
 * nothing afterwards. */
static void describe(struct wire_event *event, struct broker__loop *loop, const struct broker__match *match,
		     uint32_t index)
{
	struct wire_receiver *described = broker__describe(loop, match, match->receivers_len);
	event->receivers = described ? described : match->described;
	event->receivers_hint = NULL;
	event->receiver_count = match->receivers_len;
	for (uint32_t i = 0; i < match->receivers_len; i++) {
		const struct broker__receiver *receiver = &match->receivers[i];
		if (index < receiver->batch_sent)
			continue;
		event->receiver_count--;
		bool is_first = index == receiver->batch_sent && !receiver->was_closed;
		if (described)
			described[i].outcome = is_first ? WIRE_DROPPED_SLOW : WIRE_DROPPED_CLOSED;
	}
}

static void emit(struct broker_client *publisher, const struct wire_op *first, const struct wire_batch *batch,
		 struct broker__match *match, bool got_all)
{
	struct broker__loop *loop = publisher->loop;
	struct wire_sink *sink = loop->broker->sink;
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .time_ns = loop->now_ns,
				   .conn = publisher->cid,
				   .subject = first->subject,
				   .receiver_count = match->receivers_len,
				   .receivers_len = match->receivers_len,
				   .receivers = match->described,
				   .subject_hint = &match->hints->subject,
				   .receivers_hint = &match->hints->receivers};
	if (got_all && sink->batch) {
		sink->batch(sink, &event, batch);
	} else {
		for (uint32_t i = 0; i < batch->count; i++) {
			wire_batch_event(batch, i, &event);
			if (!got_all)
				describe(&event, loop, match, i);
			sink->event(sink, &event);
		}
	}
	broker__schedule_tick(loop);
}

/* ---- the batch ---- */

static void deliver(struct broker_client *publisher, const struct wire_op *first,
		    const struct wire_batch *batch, struct broker__match *match)
{
	struct broker__loop *loop = publisher->loop;
	publisher->in_msgs += batch->count;
	publisher->in_bytes += batch->payload_bytes;
	loop->counters.in_msgs += batch->count;
	loop->counters.in_bytes += batch->payload_bytes;
	loop->counters.match_hits += batch->count;
	bool got_all = put_all(match, batch);
	if (loop->broker->sink)
		emit(publisher, first, batch, match, got_all);
}

/* Some messages may be delivered differently from others: a queue group member is chosen for each, a receiver
 * reaches its maximum or gets each message twice, or the publisher is answered for each. */
static bool must_go_one_by_one(const struct broker_client *publisher, const struct broker__match *match)
{
	if (!match || !match->is_plain || !match->has_heads || match->is_reserved || publisher->permissions ||
	    publisher->options.verbose)
		return true;
	for (uint32_t i = 0; i < match->receivers_len; i++) {
		const struct broker__receiver *receiver = &match->receivers[i];
		if (receiver->sub->max > 0 || receiver->sub->is_closed ||
		    !broker__client_is_open(receiver->client))
			return true;
	}
	return false;
}

/* Deliver until the turn ends. Returns how many were delivered. */
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
		publisher->is_begun = broker__publish(publisher, &op, text.data + text.len) == BROKER__AGAIN;
		if (publisher->is_begun)
			break;
	}
	return done;
}

uint32_t broker__deliver_batch(struct broker_client *publisher, const struct wire_op *first,
			       const struct wire_batch *batch)
{
	struct broker__loop *loop = publisher->loop;
	struct broker__match *match =
	    broker__match_again(&publisher->matches, &loop->broker->sublist, first->subject);
	if (must_go_one_by_one(publisher, match))
		return deliver_one_by_one(publisher, first, batch);
	loop->work_left -= (int64_t)batch->count * match->receivers_len * BROKER__BATCH_UNITS +
			   (int64_t)(batch->payload_bytes / BROKER__BYTES_A_UNIT * match->receivers_len);
	deliver(publisher, first, batch, match);
	return batch->count;
}
