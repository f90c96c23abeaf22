#include "tap/packet/fragments.h"

#include <stdlib.h>
#include <string.h>

/* Fragments begin at multiples of UNIT_BYTES. One bit per unit says whether it has arrived. */
enum {
	UNIT_BYTES = 8,
	UNITS_MAX = (TAP_DATAGRAM_BYTES_MAX + UNIT_BYTES - 1) / UNIT_BYTES,
	BYTES_AT_FIRST = 4096,
};

struct datagram {
	bool is_used;
	struct tap_fragment head; /* from any of its fragments: addresses, id; from the first one: protocol */
	int64_t first_ns;         /* when the first of its fragments came */
	bool has_end;
	uint32_t total_bytes; /* when has_end */
	uint32_t end_bytes;   /* after the last byte that has arrived */
	uint32_t units;       /* that have arrived */
	uint32_t fragments;   /* that were taken */
	unsigned char *bytes; /* taken from the budget */
	uint32_t cap;
	uint64_t arrived[(UNITS_MAX + 63) / 64];
};

struct tap_fragments {
	struct tap_budget *budget;
	struct tap_fragments_stats stats;
	unsigned char *whole; /* the datagram given out last; its capacity still counts in the budget */
	uint32_t whole_cap;
	struct datagram datagrams[TAP_DATAGRAMS_MAX];
};

struct tap_fragments *tap_fragments_open(struct tap_budget *budget)
{
	if (!tap_budget_take(budget, sizeof(struct tap_fragments)))
		return NULL;
	struct tap_fragments *fragments = calloc(1, sizeof *fragments);
	if (!fragments) {
		tap_budget_give(budget, sizeof *fragments);
		return NULL;
	}
	fragments->budget = budget;
	return fragments;
}

static void free_bytes(struct tap_fragments *fragments, unsigned char *bytes, uint32_t cap)
{
	tap_budget_give(fragments->budget, cap);
	free(bytes);
}

static void forget(struct tap_fragments *fragments, struct datagram *datagram)
{
	free_bytes(fragments, datagram->bytes, datagram->cap);
	*datagram = (struct datagram){0};
}

void tap_fragments_close(struct tap_fragments *fragments)
{
	if (!fragments)
		return;
	free_bytes(fragments, fragments->whole, fragments->whole_cap);
	for (unsigned i = 0; i < TAP_DATAGRAMS_MAX; i++)
		forget(fragments, &fragments->datagrams[i]);
	tap_budget_give(fragments->budget, sizeof *fragments);
	free(fragments);
}

const struct tap_fragments_stats *tap_fragments_stats(const struct tap_fragments *fragments)
{
	return &fragments->stats;
}

/* ---- finding the datagram ---- */

static bool has_same_address(const struct tap_endpoint *a, const struct tap_endpoint *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* IPv4 distinguishes datagrams by protocol, too (RFC 791); in IPv6 only the first fragment's protocol counts. */
static bool is_of(const struct datagram *datagram, const struct tap_fragment *fragment)
{
	const struct tap_fragment *head = &datagram->head;
	return datagram->is_used && head->id == fragment->id &&
	       has_same_address(&head->from, &fragment->from) && has_same_address(&head->to, &fragment->to) &&
	       (fragment->from.is_v6 || head->protocol == fragment->protocol);
}

static void give_up(struct tap_fragments *fragments, struct datagram *datagram)
{
	fragments->stats.given_up++;
	forget(fragments, datagram);
}

/* The fragment's datagram: an existing one, or a new one, which replaces the oldest when all places are taken. */
static struct datagram *find_datagram(struct tap_fragments *fragments, const struct tap_fragment *fragment,
				      int64_t time_ns)
{
	struct datagram *best = NULL;
	for (unsigned i = 0; i < TAP_DATAGRAMS_MAX; i++) {
		struct datagram *datagram = &fragments->datagrams[i];
		if (datagram->is_used && time_ns - datagram->first_ns > TAP_DATAGRAM_AGE_NS)
			give_up(fragments, datagram);
		if (is_of(datagram, fragment))
			return datagram;
		if (!best || (best->is_used && (!datagram->is_used || datagram->first_ns < best->first_ns)))
			best = datagram;
	}
	if (best->is_used)
		give_up(fragments, best);
	best->is_used = true;
	best->head = *fragment;
	best->first_ns = time_ns;
	return best;
}

/* ---- the bytes of a datagram ---- */

static bool has_unit(const struct datagram *datagram, uint32_t unit)
{
	return datagram->arrived[unit / 64] >> unit % 64 & 1;
}

static bool reserve(struct tap_fragments *fragments, struct datagram *datagram, uint32_t bytes)
{
	uint32_t cap = datagram->cap ? datagram->cap : BYTES_AT_FIRST;
	while (cap < bytes)
		cap *= 2;
	if (cap == datagram->cap)
		return true;
	if (!tap_budget_take(fragments->budget, cap - datagram->cap))
		return false;
	unsigned char *grown = realloc(datagram->bytes, cap);
	if (!grown) {
		tap_budget_give(fragments->budget, cap - datagram->cap);
		return false;
	}
	datagram->bytes = grown;
	datagram->cap = cap;
	return true;
}

/* Copy the units that have not arrived yet. True when a unit that has arrived differs. */
static bool copy_units(struct datagram *datagram, uint32_t offset, struct wire_slice bytes)
{
	bool is_conflict = false;
	for (uint32_t at = 0; at < bytes.len; at += UNIT_BYTES) {
		uint32_t unit = (offset + at) / UNIT_BYTES;
		size_t len = bytes.len - at < UNIT_BYTES ? bytes.len - at : UNIT_BYTES;
		unsigned char *to = datagram->bytes + offset + at;
		if (has_unit(datagram, unit)) {
			is_conflict |= memcmp(to, bytes.data + at, len) != 0;
			continue;
		}
		memcpy(to, bytes.data + at, len);
		datagram->arrived[unit / 64] |= UINT64_C(1) << unit % 64;
		datagram->units++;
	}
	return is_conflict;
}

/* Are the fragment's lengths valid, alone and together with those of earlier fragments? */
static bool fits(const struct datagram *datagram, const struct tap_fragment *fragment)
{
	uint32_t len = (uint32_t)fragment->payload.len, end = fragment->offset_bytes + len;
	if (len == 0 || end > TAP_DATAGRAM_BYTES_MAX || (!fragment->is_last && len % UNIT_BYTES != 0))
		return false;
	if (datagram->has_end)
		return fragment->is_last ? end == datagram->total_bytes : end <= datagram->total_bytes;
	return !fragment->is_last || end >= datagram->end_bytes;
}

static bool store(struct tap_fragments *fragments, struct datagram *datagram,
		  const struct tap_fragment *fragment)
{
	uint32_t end = fragment->offset_bytes + (uint32_t)fragment->payload.len;
	if (!reserve(fragments, datagram, end))
		return false;
	datagram->fragments++;
	if (copy_units(datagram, fragment->offset_bytes, fragment->payload))
		fragments->stats.conflicts++;
	if (fragment->offset_bytes == 0)
		datagram->head.protocol = fragment->protocol;
	if (end > datagram->end_bytes)
		datagram->end_bytes = end;
	if (fragment->is_last) {
		datagram->has_end = true;
		datagram->total_bytes = end;
	}
	return true;
}

static bool is_whole(const struct datagram *datagram)
{
	return datagram->has_end && datagram->units == (datagram->total_bytes + UNIT_BYTES - 1) / UNIT_BYTES;
}

/* Give the datagram out. Its bytes become those given out last. */
static void give_out(struct tap_fragments *fragments, struct datagram *datagram, struct tap_fragment *whole)
{
	fragments->stats.datagrams++;
	fragments->stats.used += datagram->fragments;
	*whole = datagram->head;
	whole->offset_bytes = 0;
	whole->is_last = true;
	whole->missing_bytes = 0;
	whole->payload = wire_slice((const char *)datagram->bytes, datagram->total_bytes);
	fragments->whole = datagram->bytes;
	fragments->whole_cap = datagram->cap;
	datagram->bytes = NULL;
	datagram->cap = 0;
	forget(fragments, datagram);
}

static bool take(struct tap_fragments *fragments, const struct tap_fragment *fragment, int64_t time_ns,
		 struct tap_fragment *whole)
{
	fragments->stats.fragments++;
	if (fragment->missing_bytes > 0) {
		fragments->stats.cut++;
		return false;
	}
	struct datagram *found = find_datagram(fragments, fragment, time_ns);
	if (!fits(found, fragment)) {
		fragments->stats.bad++;
		return false;
	}
	if (!store(fragments, found, fragment)) {
		give_up(fragments, found);
		return false;
	}
	if (!is_whole(found))
		return false;
	give_out(fragments, found, whole);
	return true;
}

/* The fragment may lie in the datagram given out last, so its bytes are freed only after the fragment was
 * taken. */
bool tap_fragments_take(struct tap_fragments *fragments, const struct tap_fragment *fragment, int64_t time_ns,
			struct tap_fragment *datagram)
{
	unsigned char *last = fragments->whole;
	uint32_t last_cap = fragments->whole_cap;
	fragments->whole = NULL;
	fragments->whole_cap = 0;
	bool is_made_whole = take(fragments, fragment, time_ns, datagram);
	free_bytes(fragments, last, last_cap);
	return is_made_whole;
}
