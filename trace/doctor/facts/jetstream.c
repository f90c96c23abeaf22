#include "trace/doctor/facts/jetstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "trace/doctor/facts/clocks.h"

/* $JS.ACK.<stream>.<consumer>.<times>.<stream seq>.<consumer seq>.<time>.<pending>
 * $JS.ACK.<domain>.<account>.<stream>.<consumer>.… with an optional last token [NATS ADR-15] */
enum { TOKENS_OLD = 9, TOKENS_NEW = 11, TOKENS_MAX = 12, STREAM = 2, DOMAIN_TOKENS = 2 };

struct ack {
	struct wire_slice stream, consumer;
	uint64_t times, stored_ns, pending;
};

static uint32_t split(struct wire_slice subject, struct wire_slice tokens[TOKENS_MAX])
{
	uint32_t count = 0;
	const char *at = subject.data, *end = subject.data + subject.len;
	while (count < TOKENS_MAX) {
		const char *dot = memchr(at, '.', (size_t)(end - at));
		const char *stop = dot ? dot : end;
		tokens[count++] = wire_slice(at, (size_t)(stop - at));
		if (!dot)
			return count;
		at = dot + 1;
	}
	return 0;
}

static bool read_number(struct wire_slice text, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || *number > UINT64_MAX / 10 - 1)
			return false;
		*number = *number * 10 + (uint64_t)(text.data[i] - '0');
	}
	return text.len > 0;
}

static bool read_ack(struct wire_slice reply, struct ack *ack)
{
	struct wire_slice tokens[TOKENS_MAX];
	uint32_t count = split(reply, tokens);
	if (count != TOKENS_OLD && count < TOKENS_NEW)
		return false;
	const struct wire_slice *from = &tokens[STREAM + (count == TOKENS_OLD ? 0 : DOMAIN_TOKENS)];
	ack->stream = from[0];
	ack->consumer = from[1];
	return read_number(from[2], &ack->times) && read_number(from[5], &ack->stored_ns) &&
	       read_number(from[6], &ack->pending);
}

static struct doctor__consumer *find_consumer(struct doctor__jetstream *jetstream, const struct ack *ack)
{
	uint64_t hash = XXH3_64bits_withSeed(ack->consumer.data, ack->consumer.len,
					     XXH3_64bits(ack->stream.data, ack->stream.len));
	for (uint32_t i = 0; i < jetstream->len; i++)
		if (jetstream->consumers[i].hash == hash)
			return &jetstream->consumers[i];
	if (jetstream->len == DOCTOR__CONSUMERS_MAX)
		return NULL;
	if (jetstream->len == jetstream->cap) {
		uint32_t cap = jetstream->cap ? jetstream->cap * 2 : 16;
		struct doctor__consumer *list = realloc(jetstream->consumers, cap * sizeof *list);
		if (!list)
			return NULL;
		jetstream->consumers = list;
		jetstream->cap = cap;
	}
	struct doctor__consumer *consumer = &jetstream->consumers[jetstream->len++];
	*consumer = (struct doctor__consumer){.hash = hash, .first_pending = ack->pending};
	snprintf(consumer->name, sizeof consumer->name, "%.*s > %.*s", (int)ack->stream.len, ack->stream.data,
		 (int)ack->consumer.len, ack->consumer.data);
	return consumer;
}

void doctor__jetstream_take(struct doctor__facts *facts, const struct wire_event *event)
{
	struct ack ack;
	if (!read_ack(event->reply, &ack))
		return;
	struct doctor__consumer *consumer = find_consumer(&facts->jetstream, &ack);
	if (!consumer)
		return;
	consumer->deliveries++;
	consumer->last_pending = ack.pending;
	consumer->last_seq = event->seq;
	consumer->last_origin = facts->origin;
	if (ack.times > 1)
		trace_evidence_add(&consumer->redelivered, facts->origin, event->seq);
	if (ack.times == 1 && ack.stored_ns < INT64_MAX)
		doctor__clocks_take_stored(facts, event, (int64_t)ack.stored_ns);
}

void doctor__jetstream_fini(struct doctor__jetstream *jetstream)
{
	free(jetstream->consumers);
}
