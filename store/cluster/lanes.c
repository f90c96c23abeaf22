#include "store/cluster/lanes.h"

#include <stdlib.h>
#include <xxhash.h>

static void **next_of(void *lane)
{
	return (void **)&((struct store__lane *)lane)->next_same;
}

static uint64_t hash_lane(const void *lane)
{
	return ((const struct store__lane *)lane)->hash;
}

void store__lanes_init(struct store__lanes *lanes)
{
	static const struct store__chained chained = {.next = next_of, .hash = hash_lane};
	*lanes = (struct store__lanes){.chains = {.chained = &chained}};
}

/* The members of a queue group are one lane. */
static uint64_t hash_of(const struct store__content *content, const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const uint64_t seed = content->hash + content->cluster;
	if (event->queue.len > 0)
		return XXH3_64bits_withSeed(event->queue.data, event->queue.len, seed + 1);
	return XXH3_64bits_withSeed(event->sid.data, event->sid.len,
				    seed ^ event->conn << 8 ^ (uint64_t)delivery->input << 48);
}

bool store__lane_is_of(const struct store__lane *lane, uint32_t input, const struct wire_receiver *receiver)
{
	const struct wire_slice name = wire_slice(lane->name, lane->name_len);
	if (lane->is_queue)
		return wire_slice_equal(name, receiver->queue);
	return receiver->queue.len == 0 && lane->input == input && lane->conn == receiver->conn &&
	       wire_slice_equal(name, receiver->sid);
}

static void append(struct store__content *content, struct store__lane *lane)
{
	if (content->last_lane)
		content->last_lane->next = lane;
	else
		content->lanes = lane;
	content->last_lane = lane;
}

static struct store__lane *add(struct store__lanes *lanes, struct store__content *content,
			       const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const struct wire_slice name = event->queue.len > 0 ? event->queue : event->sid;
	struct store__lane *lane = calloc(1, sizeof *lane + name.len);
	if (!lane)
		return NULL;
	lane->content = content;
	lane->hash = hash_of(content, delivery);
	lane->input = delivery->input;
	lane->conn = event->conn;
	lane->name_len = name.len;
	lane->is_queue = event->queue.len > 0;
	lane->since_ns = lane->doubtful_key = lane->last_key = INT64_MIN;
	if (name.len > 0)
		memcpy(lane->name, name.data, name.len);
	if (store__chains_add(&lanes->chains, lane) != 0) {
		free(lane);
		return NULL;
	}
	append(content, lane);
	lanes->bytes += sizeof *lane + name.len;
	return lane;
}

struct store__lane *store__lanes_of(struct store__lanes *lanes, struct store__content *content,
				    const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const struct wire_receiver receiver = {.conn = event->conn, .sid = event->sid, .queue = event->queue};
	struct store__lane *lane = store__chains_first(&lanes->chains, hash_of(content, delivery));
	while (lane && (lane->content != content || lane->is_queue != (event->queue.len > 0) ||
			!store__lane_is_of(lane, delivery->input, &receiver)))
		lane = lane->next_same;
	return lane ? lane : add(lanes, content, delivery);
}

static void free_lane(struct store__lanes *lanes, struct store__lane *lane)
{
	store__chains_remove(&lanes->chains, lane);
	lanes->bytes -= sizeof *lane + lane->name_len;
	free(lane);
}

void store__lanes_drop(struct store__lanes *lanes, struct store__content *content, int64_t key)
{
	struct store__lane *lane = content->lanes;
	content->lanes = content->last_lane = NULL;
	for (struct store__lane *next; lane; lane = next) {
		next = lane->next;
		lane->next = NULL;
		bool is_idle = lane->last_key < key && lane->doubtful_key < key;
		if (!lane->deliveries.first && (is_idle || key == INT64_MAX))
			free_lane(lanes, lane);
		else
			append(content, lane);
	}
}
