#include "tap/stream/handshakes.h"

#include <errno.h>
#include <stdlib.h>

/* The first segment seen of a connection may be this far after its SYN. */
#define FIT_BYTES (UINT32_C(1) << 20)

int tap__handshakes_init(struct tap__handshakes *handshakes, uint32_t max)
{
	*handshakes = (struct tap__handshakes){.max = max};
	if (tap__flow_table_init(&handshakes->table, max))
		return -ENOMEM;
	handshakes->pool = calloc(max, sizeof *handshakes->pool);
	if (!handshakes->pool) {
		tap__flow_table_fini(&handshakes->table);
		return -ENOMEM;
	}
	return 0;
}

void tap__handshakes_fini(struct tap__handshakes *handshakes)
{
	tap__flow_table_fini(&handshakes->table);
	free(handshakes->pool);
	*handshakes = (struct tap__handshakes){0};
}

uint64_t tap__handshakes_bytes(const struct tap__handshakes *handshakes)
{
	return tap__flow_table_bytes(&handshakes->table) + handshakes->max * sizeof *handshakes->pool;
}

static void forget(struct tap__handshakes *handshakes, struct tap__flow_entry *entry)
{
	tap__flow_table_remove(&handshakes->table, entry);
	tap__lru_remove(&handshakes->lru, entry);
	entry->chain = handshakes->unused;
	handshakes->unused = entry;
}

/* Find room for one more entry: a freed one, an unused one, or the oldest. */
static struct tap__flow_entry *make_room(struct tap__handshakes *handshakes)
{
	if (!handshakes->unused && handshakes->used < handshakes->max)
		return &handshakes->pool[handshakes->used++].entry;
	if (!handshakes->unused) {
		forget(handshakes, handshakes->lru.oldest);
		handshakes->evicted++;
	}
	struct tap__flow_entry *entry = handshakes->unused;
	handshakes->unused = entry->chain;
	return entry;
}

static struct tap__handshake *add(struct tap__handshakes *handshakes, const struct tap__flow_key *key,
				  uint64_t hash)
{
	struct tap__flow_entry *entry = make_room(handshakes);
	tap__flow_table_add(&handshakes->table, entry, key, hash);
	tap__lru_add(&handshakes->lru, entry);
	return (struct tap__handshake *)entry;
}

static struct tap__handshake *find(const struct tap__handshakes *handshakes, const struct tap__flow_key *key)
{
	uint64_t hash = tap__flow_table_hash(&handshakes->table, key);
	return (struct tap__handshake *)tap__flow_table_find(&handshakes->table, key, hash);
}

static void set_first(struct tap__opening *opening, unsigned end, uint32_t first)
{
	opening->first[end] = first;
	opening->is_known[end] = true;
}

static bool has_first(const struct tap__opening *opening, unsigned end, uint32_t first)
{
	return opening->is_known[end] && opening->first[end] == first;
}

/* Remember another opening besides the first. */
static struct tap__opening *add_rival(struct tap__handshake *handshake)
{
	bool is_first = !handshake->opening.is_known[0] && !handshake->opening.is_known[1];
	struct tap__opening *opening = is_first ? &handshake->opening : &handshake->rival;
	*opening = (struct tap__opening){.shift = {TAP_NO_WINDOW_SHIFT, TAP_NO_WINDOW_SHIFT}};
	handshake->has_rival |= !is_first;
	return opening;
}

/* A SYN without ACK opens a connection unless it repeats one that is known. */
static void take_syn(struct tap__handshake *handshake, unsigned from, const struct tap_segment *segment)
{
	uint32_t first = segment->seq + 1;
	if (has_first(&handshake->opening, from, first) ||
	    (handshake->has_rival && has_first(&handshake->rival, from, first)))
		return;
	struct tap__opening *opening = add_rival(handshake);
	set_first(opening, from, first);
	opening->originator = from;
	opening->shift[from] = segment->window_shift;
}

/* Does the SYN of end `from` acknowledge the SYN of this opening (and at most some data with it)? */
static bool answers(const struct tap__opening *opening, unsigned from, uint32_t ack)
{
	return opening->is_known[!from] && opening->originator != from &&
	       ack - opening->first[!from] <= UINT16_MAX;
}

/* Windows are scaled when both SYNs have the option (RFC 7323, 2.2). */
static void agree_on_scale(struct tap__opening *opening)
{
	if (opening->shift[0] != TAP_NO_WINDOW_SHIFT && opening->shift[1] != TAP_NO_WINDOW_SHIFT)
		return;
	opening->shift[0] = opening->shift[1] = 0;
}

static void take_answer(struct tap__opening *opening, unsigned from, const struct tap_segment *segment)
{
	if (opening->is_answered)
		return; /* repeated */
	set_first(opening, from, segment->seq + 1);
	opening->shift[from] = segment->window_shift;
	opening->is_answered = true;
	agree_on_scale(opening);
}

static void swap(struct tap__handshake *handshake)
{
	struct tap__opening opening = handshake->opening;
	handshake->opening = handshake->rival;
	handshake->rival = opening;
}

/* The answer to a SYN that was not seen says where both streams begin, because it acknowledges that SYN. */
static void take_lone_answer(struct tap__handshake *handshake, unsigned from,
			     const struct tap_segment *segment)
{
	if (has_first(&handshake->opening, from, segment->seq + 1))
		return;
	struct tap__opening *opening = add_rival(handshake);
	set_first(opening, from, segment->seq + 1);
	set_first(opening, !from, segment->ack);
	opening->originator = !from;
	opening->shift[from] = segment->window_shift;
}

/* True when it answers a SYN that was seen. */
static bool take_syn_ack(struct tap__handshake *handshake, unsigned from, const struct tap_segment *segment)
{
	if (!answers(&handshake->opening, from, segment->ack) && handshake->has_rival &&
	    answers(&handshake->rival, from, segment->ack))
		swap(handshake);
	if (!answers(&handshake->opening, from, segment->ack)) {
		take_lone_answer(handshake, from, segment);
		return false;
	}
	take_answer(&handshake->opening, from, segment);
	return true;
}

bool tap__handshakes_take(struct tap__handshakes *handshakes, const struct tap__flow_key *key, unsigned from,
			  const struct tap_segment *segment)
{
	struct tap__handshake *handshake = find(handshakes, key);
	if (!handshake) {
		handshake = add(handshakes, key, tap__flow_table_hash(&handshakes->table, key));
		handshake->opening = handshake->rival = (struct tap__opening){0};
		handshake->has_rival = false;
	}
	tap__lru_touch(&handshakes->lru, &handshake->entry);
	if (segment->flags & TAP_TCP_ACK)
		return take_syn_ack(handshake, from, segment);
	take_syn(handshake, from, segment);
	return false;
}

bool tap__opening_fits(const struct tap__opening *opening, unsigned from, const struct tap_segment *segment,
		       bool *is_sure)
{
	uint32_t seq = segment->seq + (segment->flags & TAP_TCP_SYN ? 1 : 0);
	bool is_acked = opening->is_known[!from] && segment->flags & TAP_TCP_ACK;
	if (opening->is_known[from] && seq - opening->first[from] >= FIT_BYTES)
		return false;
	if (is_acked && segment->ack - opening->first[!from] >= FIT_BYTES)
		return false;
	*is_sure = opening->is_answered || is_acked;
	return opening->is_known[from] || is_acked;
}

bool tap__handshakes_find(const struct tap__handshakes *handshakes, const struct tap__flow_key *key,
			  unsigned from, const struct tap_segment *segment, struct tap__opening *found,
			  bool *is_sure)
{
	const struct tap__handshake *handshake = find(handshakes, key);
	if (!handshake)
		return false;
	if (tap__opening_fits(&handshake->opening, from, segment, is_sure))
		*found = handshake->opening;
	else if (handshake->has_rival && tap__opening_fits(&handshake->rival, from, segment, is_sure))
		*found = handshake->rival;
	else
		return false;
	return true;
}

void tap__handshakes_remove(struct tap__handshakes *handshakes, const struct tap__flow_key *key)
{
	struct tap__handshake *handshake = find(handshakes, key);
	if (handshake)
		forget(handshakes, &handshake->entry);
}

/* TCP obeys a reset of a connection that is being opened when it acknowledges the SYN, or continues after it
 * (RFC 9293, 3.10.7.3 and 3.10.7.4). */
static bool refuses(const struct tap__opening *opening, unsigned from, const struct tap_segment *segment)
{
	if (opening->is_known[from] && segment->seq == opening->first[from])
		return true;
	return opening->is_known[!from] && segment->flags & TAP_TCP_ACK &&
	       segment->ack == opening->first[!from];
}

void tap__handshakes_reset(struct tap__handshakes *handshakes, const struct tap__flow_key *key, unsigned from,
			   const struct tap_segment *segment)
{
	struct tap__handshake *handshake = find(handshakes, key);
	if (!handshake)
		return;
	if (handshake->has_rival && refuses(&handshake->rival, from, segment)) {
		handshake->has_rival = false;
	} else if (refuses(&handshake->opening, from, segment)) {
		if (handshake->has_rival)
			swap(handshake);
		else
			forget(handshakes, &handshake->entry);
		handshake->has_rival = false;
	}
}
