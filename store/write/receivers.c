#include "store/write/receivers.h"

#include <xxhash.h>

static uint64_t text_bytes(const struct wire_receiver *receivers, uint32_t count)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < count; i++)
		bytes += receivers[i].sid.len + receivers[i].queue.len;
	return bytes;
}

uint64_t store__receivers_bound(const struct wire_receiver *receivers, uint32_t count)
{
	return text_bytes(receivers, count) + sizeof(struct store__set) +
	       (uint64_t)count * (sizeof(struct store__subscriber) + sizeof(uint32_t));
}

int store__receivers_reserve(struct store_batch *batch, const struct wire_receiver *receivers, uint32_t count)
{
	if (store__buffer_reserve(&batch->members, (size_t)count * sizeof(uint32_t)) ||
	    store__buffer_reserve(&batch->sets, sizeof(struct store__set)) ||
	    store__buffer_reserve(&batch->subscribers, (size_t)count * sizeof(struct store__subscriber)) ||
	    store__buffer_reserve(&batch->subscriber_text, text_bytes(receivers, count)) ||
	    store_table_reserve(&batch->set_table, 1) || store_table_reserve(&batch->subscriber_table, count))
		return -ENOMEM;
	return 0;
}

static bool is_subscriber(const struct store_batch *batch, uint32_t index,
			  const struct wire_receiver *receiver)
{
	const struct store__subscriber *known = store__batch_subscriber(batch, index);
	const char *text = (const char *)batch->subscriber_text.bytes + known->offset;
	return known->conn == receiver->conn &&
	       wire_slice_equal(wire_slice(text, known->sid_len), receiver->sid) &&
	       wire_slice_equal(wire_slice(text + known->sid_len, known->queue_len), receiver->queue);
}

static uint32_t add_subscriber(struct store_batch *batch, const struct wire_receiver *receiver, uint64_t hash)
{
	const struct store__subscriber fresh = {.conn = receiver->conn,
						.offset = (uint32_t)batch->subscriber_text.len,
						.sid_len = (uint32_t)receiver->sid.len,
						.queue_len = (uint32_t)receiver->queue.len};
	uint32_t index = store__batch_subscribers(batch);
	store__buffer_put(&batch->subscribers, &fresh, sizeof fresh);
	store__buffer_put(&batch->subscriber_text, receiver->sid.data, receiver->sid.len);
	store__buffer_put(&batch->subscriber_text, receiver->queue.data, receiver->queue.len);
	store_table_add(&batch->subscriber_table, hash, index);
	if (receiver->conn > batch->max_conn)
		batch->max_conn = receiver->conn;
	return index;
}

/* The queue group is left out of the hash: a sid is unique within its connection. */
static uint32_t put_subscriber(struct store_batch *batch, const struct wire_receiver *receiver)
{
	uint64_t seed = batch->seed ^ receiver->conn * 0x9e3779b97f4a7c15u;
	uint64_t hash = XXH3_64bits_withSeed(receiver->sid.data, receiver->sid.len, seed);
	uint32_t probe = 0, index;
	while (store_table_next(&batch->subscriber_table, hash, &probe, &index))
		if (is_subscriber(batch, index, receiver))
			return index;
	return add_subscriber(batch, receiver, hash);
}

/* Find an earlier set with the members of `fresh`, which are the last ones in the buffer. */
static bool find_set(const struct store_batch *batch, const struct store__set *fresh, uint64_t hash,
		     uint32_t *index)
{
	uint32_t probe = 0;
	while (store_table_next(&batch->set_table, hash, &probe, index)) {
		const struct store__set *known = store__batch_set(batch, *index);
		if (known->count == fresh->count &&
		    memcmp(store__batch_member(batch, known->offset),
			   store__batch_member(batch, fresh->offset), fresh->count * sizeof(uint32_t)) == 0)
			return true;
	}
	return false;
}

static uint32_t add_set(struct store_batch *batch, const struct store__set *fresh)
{
	uint32_t index = store__batch_sets(batch);
	store__buffer_put(&batch->sets, fresh, sizeof *fresh);
	return index;
}

/* Most messages have one receiver, which got them. */
static uint32_t put_one(struct store_batch *batch, const struct wire_receiver *receiver)
{
	struct store__set fresh = {.offset = store__batch_members(batch), .count = 1, .sent = 1};
	uint32_t index = put_subscriber(batch, receiver), member = store__member(index, WIRE_SENT);
	struct store__subscriber *subscriber = store__batch_subscriber(batch, index);
	if (subscriber->alone == 0) {
		store__buffer_put(&batch->members, &member, sizeof member);
		subscriber->alone = add_set(batch, &fresh) + 1;
	}
	return subscriber->alone - 1;
}

static uint32_t put_many(struct store_batch *batch, const struct wire_receiver *receivers, uint32_t count)
{
	struct store__set fresh = {.offset = store__batch_members(batch), .count = count};
	for (uint32_t i = 0; i < count; i++) {
		uint32_t member = store__member(put_subscriber(batch, &receivers[i]), receivers[i].outcome);
		store__buffer_put(&batch->members, &member, sizeof member);
		fresh.sent += receivers[i].outcome == WIRE_SENT;
	}
	size_t bytes = count * sizeof(uint32_t);
	uint64_t hash = XXH3_64bits_withSeed(store__batch_member(batch, fresh.offset), bytes, batch->seed);
	uint32_t index;
	if (find_set(batch, &fresh, hash, &index)) {
		batch->members.len -= bytes;
		return index;
	}
	index = add_set(batch, &fresh);
	store_table_add(&batch->set_table, hash, index);
	return index;
}

uint32_t store__receivers_put(struct store_batch *batch, const struct wire_receiver *receivers,
			      uint32_t count)
{
	if (count == 1 && receivers->outcome == WIRE_SENT)
		return put_one(batch, receivers);
	return put_many(batch, receivers, count);
}
