/* Reassembly against random networks. Both streams are split into segments, duplicated, overlapped by other
 * versions, reordered, cut and dropped, with forged segments that TCP would ignore. An array that keeps the
 * first version of each byte is the reference.
 *
 * TAPEDECK_TEST_SEED=N runs one case; a case that fails prints its N. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tap/reassembly_fixture.h"

/* REORDER_MAX is less than the patience with acknowledged holes, so that no byte is given up that still comes. */
enum { STREAM_MAX = 20000, PACKETS_MAX = 4000, REORDER_MAX = 40, CASES = 2000 };

struct plan {
	bool shakes_hands;
	bool acknowledges;
	bool conflicts; /* retransmitted bytes may differ */
	bool finishes;  /* with FIN, alone or on the last data */
	unsigned segment_max, reorder;
	unsigned drop_percent, double_percent, probe_percent, cut_percent, forge_percent;
};

struct sent {
	unsigned who;
	int64_t offset;   /* in the stream of who */
	size_t len, kept; /* kept: those within the snapshot length */
	int64_t ack;      /* offset in the other stream */
	uint8_t flags;
	bool is_original; /* not a retransmission */
	uint64_t place;   /* position in the capture */
	unsigned char bytes[1600];
};

/* The reference for one stream. */
struct truth {
	unsigned char clean[STREAM_MAX];
	size_t len;
	uint32_t first; /* sequence number of clean[0] */
	size_t sent;
	bool has_finished;
	bool has_begun;
	size_t begin; /* offset of the first packet captured: the sniffer begins there, or before */
	size_t end;   /* of what the sniffer can know: bytes that came, were acknowledged, or precede a FIN */
	int64_t acked;          /* the highest, by the other end or forged */
	bool saw_fin;           /* once the connection had data */
	uint64_t payload_bytes; /* that came */
	bool has_arrived[STREAM_MAX], is_original[STREAM_MAX], is_cut[STREAM_MAX];
	unsigned char arrived[STREAM_MAX];
};

struct network {
	uint64_t random;
	struct plan plan;
	struct truth sides[2];
	struct sent *packets;
	size_t count;
};

static uint64_t next_random(struct network *network)
{
	uint64_t value = network->random += 0x9e3779b97f4a7c15; /* splitmix64 */
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return value ^ value >> 31;
}

static size_t below(struct network *network, size_t limit)
{
	return limit ? (size_t)(next_random(network) % limit) : 0;
}

static bool percent(struct network *network, unsigned chance)
{
	return below(network, 100) < chance;
}

static size_t at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

/* ---- making packets ---- */

static void init_side(struct network *network, struct truth *side)
{
	*side = (struct truth){.len = below(network, STREAM_MAX), .first = (uint32_t)next_random(network)};
	if (percent(network, 50))
		side->first = (uint32_t)(0 - below(network, STREAM_MAX)); /* wraps on the way */
	for (size_t i = 0; i < side->len; i++)
		side->clean[i] = (unsigned char)next_random(network);
}

static struct sent *add(struct network *network, unsigned who, int64_t offset, size_t len)
{
	if (network->count == PACKETS_MAX)
		return NULL;
	const struct truth *other = &network->sides[!who];
	struct sent *packet = &network->packets[network->count];
	*packet = (struct sent){.who = who,
				.offset = offset,
				.len = len,
				.kept = len,
				.ack = (int64_t)other->sent,
				.flags = network->plan.acknowledges ? SUPPORT_ACK : 0,
				.place = network->count + below(network, network->plan.reorder + 1)};
	if (percent(network, network->plan.cut_percent))
		packet->kept = below(network, len + 1);
	if (offset >= 0)
		memcpy(packet->bytes, network->sides[who].clean + offset, len);
	network->count++;
	return packet;
}

static void garble(struct network *network, struct sent *packet)
{
	for (size_t i = 0; i < packet->len; i++)
		packet->bytes[i] = (unsigned char)next_random(network);
}

/* Retransmit some range of the stream. */
static void send_again(struct network *network, unsigned who)
{
	size_t offset = below(network, network->sides[who].sent);
	size_t len = 1 + below(network, at_most(network->sides[who].sent - offset, 1500));
	struct sent *packet = add(network, who, (int64_t)offset, len);
	if (packet && network->plan.conflicts && percent(network, 50))
		garble(network, packet);
}

/* A keep-alive: the byte before the next one, or no byte. */
static void probe(struct network *network, unsigned who)
{
	struct sent *packet = add(network, who, (int64_t)network->sides[who].sent - 1, below(network, 2));
	if (packet && network->plan.conflicts)
		garble(network, packet);
}

static void send_next(struct network *network, unsigned who)
{
	struct truth *side = &network->sides[who];
	size_t len = at_most(1 + below(network, network->plan.segment_max), side->len - side->sent);
	struct sent *packet = add(network, who, (int64_t)side->sent, len);
	packet->is_original = true;
	side->sent += len;
	if (side->sent == side->len && network->plan.finishes && percent(network, 50)) {
		packet->flags |= SUPPORT_FIN;
		side->has_finished = true;
	}
}

static void send_all(struct network *network)
{
	struct truth *sides = network->sides;
	while (sides[0].sent < sides[0].len || sides[1].sent < sides[1].len) {
		unsigned who = (unsigned)below(network, 2);
		if (sides[who].sent < sides[who].len)
			send_next(network, who);
		if (sides[who].sent > 0 && percent(network, network->plan.double_percent))
			send_again(network, who);
		if (sides[who].sent > 0 && percent(network, network->plan.probe_percent))
			probe(network, who);
	}
	for (unsigned who = 0; who < 2; who++)
		if (network->plan.finishes && !sides[who].has_finished)
			add(network, who, (int64_t)sides[who].len, 0)->flags |= SUPPORT_FIN;
}

static int compare_places(const void *a, const void *b)
{
	const struct sent *first = a, *second = b;
	return first->place < second->place ? -1 : first->place > second->place;
}

/* FINs are not dropped, so that the length of each stream is known. */
static void drop(struct network *network)
{
	size_t kept = 0;
	for (size_t i = 0; i < network->count; i++)
		if (network->packets[i].flags & SUPPORT_FIN || !percent(network, network->plan.drop_percent))
			network->packets[kept++] = network->packets[i];
	network->count = kept;
}

static void make_plan(struct network *network)
{
	struct plan *plan = &network->plan;
	*plan = (struct plan){.shakes_hands = percent(network, 75),
			      .acknowledges = percent(network, 75),
			      .conflicts = percent(network, 30),
			      .finishes = percent(network, 70),
			      .segment_max = 1 + (unsigned)below(network, percent(network, 20) ? 20 : 1500),
			      .reorder = (unsigned)below(network, percent(network, 50) ? 4 : REORDER_MAX),
			      .double_percent = (unsigned)below(network, 60),
			      .probe_percent = (unsigned)below(network, 10)};
	if (percent(network, 50))
		plan->drop_percent = (unsigned)below(network, 40);
	if (percent(network, 20))
		plan->cut_percent = (unsigned)below(network, 100);
	if (percent(network, 50))
		plan->forge_percent = (unsigned)below(network, 50);
}

static void make_network(struct network *network, uint64_t seed)
{
	network->random = seed;
	network->count = 0;
	make_plan(network);
	for (unsigned who = 0; who < 2; who++) {
		init_side(network, &network->sides[who]);
		network->sides[who].len = at_most(network->sides[who].len, 500 * network->plan.segment_max);
	}
	send_all(network);
	qsort(network->packets, network->count, sizeof *network->packets, compare_places);
	drop(network);
}

/* ---- the capture ---- */

static void mark_bytes(struct truth *side, const struct sent *packet)
{
	for (size_t i = 0; i < packet->len; i++) {
		int64_t at = packet->offset + (int64_t)i;
		if (at < 0)
			continue;
		side->is_original[at] |= packet->is_original;
		if (side->has_arrived[at])
			continue;
		side->has_arrived[at] = true;
		side->arrived[at] = packet->bytes[i];
		side->is_cut[at] = i >= packet->kept;
	}
}

static void extend(struct truth *side, int64_t end)
{
	if (end > (int64_t)side->end)
		side->end = (size_t)end;
}

static void mark_arrived(struct network *network, const struct sent *packet)
{
	struct truth *side = &network->sides[packet->who], *other = &network->sides[!packet->who];
	if (!side->has_begun) {
		side->has_begun = true;
		side->begin = side->end = packet->offset < 0 ? 0 : (size_t)packet->offset;
	}
	mark_bytes(side, packet);
	side->payload_bytes += packet->len;
	side->saw_fin |= (packet->flags & SUPPORT_FIN) != 0;
	if (packet->len > 0 || packet->flags & SUPPORT_FIN)
		extend(side, packet->offset + (int64_t)packet->len);
	if (packet->flags & SUPPORT_ACK && other->has_begun)
		other->acked = packet->ack > other->acked ? packet->ack : other->acked;
}

static void take(struct reassembly_fixture *fixture, struct network *network, const struct sent *packet)
{
	static const struct support_end ends[] = {{1, 50000}, {2, 4222}};
	const struct truth *side = &network->sides[packet->who], *other = &network->sides[!packet->who];
	struct support_packet segment = {.from = ends[packet->who],
					 .to = ends[!packet->who],
					 .seq = side->first + (uint32_t)packet->offset,
					 .ack = other->first + (uint32_t)packet->ack,
					 .flags = packet->flags,
					 .payload = wire_slice((const char *)packet->bytes, packet->len)};
	reassembly_fixture_take_cut(fixture, &segment, packet->kept);
}

static void shake_hands(struct reassembly_fixture *fixture, struct network *network)
{
	for (unsigned who = 0; who < 2; who++) {
		struct sent syn = {
		    .who = who, .offset = -1, .flags = (uint8_t)(SUPPORT_SYN | (who ? SUPPORT_ACK : 0))};
		take(fixture, network, &syn);
		network->sides[who].has_begun = true;
	}
}

/* ---- forgeries ---- */

/* A position farther than a window from any byte of a stream and from forged acknowledgements. */
static int64_t far_away(struct network *network)
{
	int64_t distance = (INT64_C(32) << 20) + (int64_t)below(network, 1 << 30);
	return percent(network, 50) ? distance : -distance;
}

/* A position within the window that the stream will not reach: its FIN has the last number. */
static int64_t never_reached(struct network *network, const struct truth *side)
{
	return (int64_t)side->len + 2 + (int64_t)below(network, 30000);
}

static void forge_reset(struct network *network, struct sent *forged)
{
	forged->flags = SUPPORT_RST | (percent(network, 50) ? SUPPORT_ACK : 0);
	forged->offset =
	    percent(network, 50) ? far_away(network) : never_reached(network, &network->sides[forged->who]);
}

static void forge_syn(struct network *network, struct sent *forged)
{
	forged->flags = SUPPORT_SYN | (percent(network, 50) ? SUPPORT_ACK : 0);
	forged->offset = far_away(network);
	forged->ack = far_away(network);
}

/* Forge data, with or without FIN. */
static void forge_data(struct network *network, struct sent *forged)
{
	forged->flags = SUPPORT_ACK | (percent(network, 30) ? SUPPORT_FIN : 0);
	forged->offset = far_away(network);
	forged->len = forged->kept = below(network, 1500);
	garble(network, forged);
	network->sides[forged->who].payload_bytes += forged->len;
}

/* Forge an acknowledgement of bytes that the other end did not send. */
static void forge_ack(struct network *network, struct sent *forged)
{
	struct truth *other = &network->sides[!forged->who];
	forged->flags = SUPPORT_ACK;
	forged->offset = (int64_t)network->sides[forged->who].end;
	forged->ack = percent(network, 50) ? never_reached(network, other) : (INT64_C(3) << 29);
	if (forged->ack > other->acked && forged->ack < 1 << 20)
		other->acked = forged->ack;
}

static void forge(struct reassembly_fixture *fixture, struct network *network)
{
	static void (*const forgers[])(struct network *, struct sent *) = {forge_reset, forge_syn, forge_data,
									   forge_ack};
	unsigned who = (unsigned)below(network, 2);
	struct sent forged = {.who = who, .ack = (int64_t)network->sides[!who].end};
	forgers[below(network, sizeof forgers / sizeof *forgers)](network, &forged);
	take(fixture, network, &forged);
}

static void capture(struct reassembly_fixture *fixture, struct network *network)
{
	bool is_open = false;
	if (network->plan.shakes_hands)
		shake_hands(fixture, network);
	for (size_t i = 0; i < network->count; i++) {
		const struct sent *packet = &network->packets[i];
		is_open |= packet->len > 0;
		if (is_open)
			mark_arrived(network, packet);
		take(fixture, network, packet);
		if (is_open && network->sides[0].has_begun && network->sides[1].has_begun &&
		    percent(network, network->plan.forge_percent))
			forge(fixture, network);
	}
	reassembly_fixture_finish(fixture);
}

/* ---- what must hold ---- */

/* Every byte emitted as data must be the first version, at its position. */
static void check_data(const struct truth *side, const struct emitted_stream *told, size_t begin)
{
	size_t at = begin, data = 0;
	for (size_t i = 0; i < told->spans_len; at += told->spans[i++].len) {
		if (told->spans[i].is_hole)
			continue;
		assert_true(at + told->spans[i].len <= side->len);
		assert_memory_equal(told->data.data + data, side->arrived + at, told->spans[i].len);
		for (size_t j = 0; j < told->spans[i].len; j++)
			assert_false(side->is_cut[at + j]);
		data += told->spans[i].len;
	}
}

/* Bytes that came in time must not be in a hole, unless they were cut off. */
static void check_holes(const struct truth *side, const struct emitted_stream *told, size_t begin)
{
	size_t at = begin;
	for (size_t i = 0; i < told->spans_len; at += told->spans[i++].len) {
		const struct emitted_span *span = &told->spans[i];
		for (size_t j = 0; span->is_hole && j < span->len && at + j < side->len; j++)
			assert_true(span->why == TAP_HOLE_CUT ? side->is_cut[at + j]
							      : !side->is_original[at + j]);
	}
}

/* The end of the stream as emitted: its FIN, its last byte seen, or its last byte acknowledged and not seen,
 * which is the hole at its end. */
static size_t emitted_end(const struct network *network, const struct truth *side,
			  const struct emitted_stream *told)
{
	const struct emitted_span *last = told->spans_len ? &told->spans[told->spans_len - 1] : NULL;
	if (network->plan.finishes || !last || !last->is_hole || last->why != TAP_HOLE_LOST)
		return side->end;
	assert_true((int64_t)(side->end + last->len) <= side->acked);
	return side->end + last->len;
}

static void check_side(const struct network *network, const struct truth *side,
		       const struct emitted_stream *told, bool has_memory)
{
	size_t end = emitted_end(network, side, told), begin = end - told->total;
	assert_true(told->total <= end);
	if (side->has_begun)
		assert_in_range(begin, 0, side->begin);
	if (network->plan.shakes_hands)
		assert_int_equal(begin, 0);
	check_data(side, told, begin);
	if (!has_memory)
		return;
	check_holes(side, told, begin);
	if (network->plan.drop_percent > 0 || !network->plan.shakes_hands)
		return;
	assert_int_equal(side->end, side->len);
	if (network->plan.cut_percent > 0)
		return;
	assert_int_equal(told->data.len, side->len);
	if (!network->plan.conflicts)
		assert_memory_equal(told->data.data, side->clean, side->len);
}

static void check_flow(const struct network *network, const struct emitted_flow *flow, bool has_memory)
{
	for (unsigned who = 0; who < 2; who++)
		check_side(network, &network->sides[who], &flow->streams[who], has_memory);
	assert_true(flow->is_closed);
	if (network->sides[0].saw_fin && network->sides[1].saw_fin && network->plan.drop_percent == 0 &&
	    network->plan.shakes_hands)
		assert_int_equal(flow->end, TAP_END_CLOSED);
}

/* Bytes that came must be emitted as data or counted otherwise. */
static void check_stats(const struct network *network, const struct tap_reassembly_stats *stats)
{
	assert_int_equal(network->sides[0].payload_bytes + network->sides[1].payload_bytes,
			 stats->data_bytes + stats->hole_bytes[TAP_HOLE_CUT] + stats->retransmitted_bytes +
			     stats->ended_bytes + stats->stray_bytes);
}

static void check(const struct network *network, const struct reassembly_fixture *fixture, bool has_memory)
{
	bool has_data = network->sides[0].payload_bytes + network->sides[1].payload_bytes > 0;
	assert_int_equal(fixture->flows_len, has_data);
	check_stats(network, tap_reassembly_stats(fixture->reassembly));
	if (has_data)
		check_flow(network, fixture->flows[0], has_memory);
}

static void run_case(struct reassembly_fixture *fixture, struct network *network, uint64_t seed,
		     uint64_t memory)
{
	fixture->budget.max_bytes = 64 << 20;
	reassembly_fixture_open(fixture);
	if (memory)
		fixture->budget.max_bytes = fixture->budget.used_bytes + memory;
	make_network(network, seed);
	capture(fixture, network);
	check(network, fixture, memory == 0);
	reassembly_fixture_fini(fixture);
}

static const char *current_case; /* for a debugger */
static uint64_t current_seed;

static int tell_case(void **state)
{
	(void)state;
	if (current_case)
		fprintf(stderr, "%s: last case was TAPEDECK_TEST_SEED=%llu\n", current_case,
			(unsigned long long)current_seed);
	return 0;
}

static void run_cases(const char *name, uint64_t memory)
{
	const char *seed = getenv("TAPEDECK_TEST_SEED");
	struct reassembly_fixture fixture;
	struct network *network = calloc(1, sizeof *network);
	network->packets = calloc(PACKETS_MAX, sizeof *network->packets);
	reassembly_fixture_init(&fixture);
	fixture.options.flows_max = 16;
	fixture.options.half_open_max = 16;
	current_case = name;
	for (uint64_t i = 0; i < (seed ? 1 : CASES); i++) {
		current_seed = seed ? strtoull(seed, NULL, 10) : i;
		run_case(&fixture, network, current_seed, memory);
	}
	current_case = NULL;
	reassembly_fixture_fini(&fixture);
	free(network->packets);
	free(network);
}

static void any_network_gives_the_first_version_of_each_byte(void **state)
{
	(void)state;
	run_cases(__func__, 0);
}

/* Holes may be larger without memory; nothing else changes. */
static void without_memory_every_byte_is_still_emitted_once(void **state)
{
	(void)state;
	run_cases(__func__, 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(any_network_gives_the_first_version_of_each_byte, tell_case),
	    cmocka_unit_test_teardown(without_memory_every_byte_is_still_emitted_once, tell_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
