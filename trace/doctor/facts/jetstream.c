#include "trace/doctor/facts/jetstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "trace/doctor/facts/clocks.h"
#include "trace/jetstream.h"

int doctor__jetstream_init(struct doctor__jetstream *jetstream)
{
	return store_table_init(&jetstream->by_name);
}

void doctor__jetstream_fini(struct doctor__jetstream *jetstream)
{
	store_table_fini(&jetstream->by_name);
	free(jetstream->consumers);
}

static bool make_room(struct doctor__jetstream *jetstream)
{
	if (jetstream->len < jetstream->cap)
		return true;
	uint32_t cap = jetstream->cap ? jetstream->cap * 2 : 16;
	struct doctor__consumer *list = realloc(jetstream->consumers, cap * sizeof *list);
	if (!list)
		return false;
	jetstream->consumers = list;
	jetstream->cap = cap;
	return true;
}

/* NULL when there is no room. */
static struct doctor__consumer *add(struct doctor__jetstream *jetstream,
				    const struct trace_delivery *delivery, uint64_t hash)
{
	if (jetstream->len == DOCTOR__CONSUMERS_MAX || !make_room(jetstream) ||
	    store_table_insert(&jetstream->by_name, hash, jetstream->len) != 0)
		return NULL;
	struct doctor__consumer *consumer = &jetstream->consumers[jetstream->len++];
	*consumer = (struct doctor__consumer){.hash = hash, .first_pending = delivery->pending};
	snprintf(consumer->name, sizeof consumer->name, "%.*s > %.*s", (int)delivery->stream.len,
		 delivery->stream.data, (int)delivery->consumer.len, delivery->consumer.data);
	return consumer;
}

/* Hot: once for each delivery. */
static struct doctor__consumer *find_consumer(struct doctor__jetstream *jetstream,
					      const struct trace_delivery *delivery)
{
	uint64_t hash = XXH3_64bits_withSeed(delivery->consumer.data, delivery->consumer.len,
					     XXH3_64bits(delivery->stream.data, delivery->stream.len));
	uint32_t probe = 0, number;
	while (store_table_next(&jetstream->by_name, hash, &probe, &number))
		if (jetstream->consumers[number].hash == hash)
			return &jetstream->consumers[number];
	return add(jetstream, delivery, hash);
}

void doctor__jetstream_take(struct doctor__facts *facts, const struct wire_event *event)
{
	struct trace_delivery delivery;
	if (!trace_delivery_of_ack(&delivery, event->reply))
		return;
	struct doctor__consumer *consumer = find_consumer(&facts->jetstream, &delivery);
	if (!consumer) {
		facts->jetstream.left_out++;
		return;
	}
	consumer->deliveries++;
	consumer->last_pending = delivery.pending;
	consumer->last_seq = event->seq;
	consumer->last_origin = facts->origin;
	if (delivery.times > 1)
		trace_evidence_add(&consumer->redelivered, facts->origin, event->seq);
	if (delivery.times == 1 && delivery.stored_ns < INT64_MAX)
		doctor__clocks_take_stored(facts, event, (int64_t)delivery.stored_ns);
}
