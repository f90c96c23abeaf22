/* IP fragments in any order, with any overlap and any false length, within limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/packet/fragments.h"

static struct tap_budget budget;
static struct tap_fragments *fragments;
static struct tap_fragment whole;
static int64_t time_ns;
static char bytes[TAP_DATAGRAM_BYTES_MAX + 8];

static struct tap_fragment fragment_of(uint32_t id, uint32_t offset, uint32_t len, bool is_last)
{
	return (struct tap_fragment){.from.address = {10, 0, 0, 1},
				     .to.address = {10, 0, 0, 2},
				     .id = id,
				     .offset_bytes = offset,
				     .protocol = 6,
				     .is_last = is_last,
				     .payload = wire_slice(bytes + offset, len)};
}

static bool take(struct tap_fragment fragment)
{
	return tap_fragments_take(fragments, &fragment, time_ns, &whole);
}

static const struct tap_fragments_stats *stats(void)
{
	return tap_fragments_stats(fragments);
}

static void check_whole(uint32_t len)
{
	assert_int_equal(whole.payload.len, len);
	assert_memory_equal(whole.payload.data, bytes, len);
	assert_int_equal(whole.protocol, 6);
	assert_int_equal(whole.missing_bytes, 0);
}

static int open_fragments(void **state)
{
	(void)state;
	budget = (struct tap_budget){.max_bytes = 64 << 20};
	fragments = tap_fragments_open(&budget);
	assert_non_null(fragments);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	return 0;
}

static int close_fragments(void **state)
{
	(void)state;
	tap_fragments_close(fragments);
	assert_int_equal(budget.used_bytes, 0);
	return 0;
}

static void fragments_in_any_order_make_a_datagram(void **state)
{
	(void)state;
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	for (uint32_t order = 0; order < 6; order++) {
		const struct tap_fragment parts[3] = {fragment_of(order, 0, 1480, false),
						      fragment_of(order, 1480, 1480, false),
						      fragment_of(order, 2960, 45, true)};
		assert_false(take(parts[orders[order][0]]));
		assert_false(take(parts[orders[order][1]]));
		assert_true(take(parts[orders[order][2]]));
		check_whole(3005);
	}
	assert_int_equal(stats()->datagrams, 6);
}

static void the_largest_datagram_fits_and_no_larger_one(void **state)
{
	(void)state;
	assert_false(take(fragment_of(1, 65528, 8, true)));
	assert_int_equal(stats()->bad, 1);
	for (uint32_t at = 0; at < 65528; at += 8)
		assert_false(take(fragment_of(2, at, 8, false)));
	assert_true(take(fragment_of(2, 65528, 7, true)));
	check_whole(TAP_DATAGRAM_BYTES_MAX);
}

static void datagrams_are_not_mixed_up(void **state)
{
	(void)state;
	struct tap_fragment first = fragment_of(1, 0, 16, false), others[5];
	for (int i = 0; i < 5; i++)
		others[i] = fragment_of(1, 16, 16, true);
	others[0].id = 2;
	others[1].from.address[3] = 9;
	others[2].to.address[3] = 9;
	others[3].protocol = 17;
	others[4].from.is_v6 = others[4].to.is_v6 = true;
	assert_false(take(first));
	for (int i = 0; i < 5; i++)
		assert_false(take(others[i]));
	assert_true(take(fragment_of(1, 16, 16, true)));
	check_whole(32);
}

/* In IPv6 only the first fragment has to name the protocol. */
static void the_first_fragment_names_the_protocol(void **state)
{
	(void)state;
	struct tap_fragment first = fragment_of(1, 0, 16, false), last = fragment_of(1, 16, 16, true);
	first.from.is_v6 = first.to.is_v6 = last.from.is_v6 = last.to.is_v6 = true;
	last.protocol = 99;
	assert_false(take(last));
	assert_true(take(first));
	check_whole(32);
}

static void of_two_versions_the_first_counts(void **state)
{
	(void)state;
	static const char other[64] = "something else";
	struct tap_fragment overlap = fragment_of(1, 8, 24, false);
	assert_false(take(fragment_of(1, 0, 24, false)));
	overlap.payload.data = other;
	assert_false(take(overlap));
	assert_int_equal(stats()->conflicts, 1);
	assert_true(take(fragment_of(1, 32, 8, true)));
	assert_int_equal(whole.payload.len, 40);
	assert_memory_equal(whole.payload.data, bytes, 24);
	assert_memory_equal(whole.payload.data + 24, other + 16, 8);
}

static void a_fragment_seen_twice_changes_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_false(take(fragment_of(1, 0, 16, false)));
	assert_true(take(fragment_of(1, 16, 3, true)));
	check_whole(19);
	assert_int_equal(stats()->conflicts, 0);
}

static void lengths_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	assert_false(take(fragment_of(1, 0, 13, false))); /* not the last, and no multiple of 8 */
	assert_false(take(fragment_of(1, 8, 0, false)));
	assert_int_equal(stats()->bad, 2);
	assert_false(take(fragment_of(1, 16, 5, true)));
	assert_false(take(fragment_of(1, 16, 6, true)));  /* another end */
	assert_false(take(fragment_of(1, 16, 8, false))); /* after the end */
	assert_int_equal(stats()->bad, 4);
	assert_false(take(fragment_of(2, 32, 8, false)));
	assert_false(take(fragment_of(2, 16, 8, true))); /* an end before bytes that were seen */
	assert_int_equal(stats()->bad, 5);
	assert_true(take(fragment_of(1, 0, 16, false)));
	check_whole(21);
}

static void a_fragment_that_was_cut_is_counted(void **state)
{
	(void)state;
	struct tap_fragment cut = fragment_of(1, 0, 16, false);
	cut.missing_bytes = 8;
	assert_false(take(cut));
	assert_false(take(fragment_of(1, 24, 8, true)));
	assert_int_equal(stats()->cut, 1);
}

static void a_datagram_waits_for_half_a_minute(void **state)
{
	(void)state;
	assert_false(take(fragment_of(1, 0, 16, false)));
	time_ns += TAP_DATAGRAM_AGE_NS;
	assert_true(take(fragment_of(1, 16, 16, true)));
	assert_false(take(fragment_of(2, 0, 16, false)));
	time_ns += TAP_DATAGRAM_AGE_NS + 1;
	assert_false(take(fragment_of(2, 16, 16, true)));
	assert_int_equal(stats()->given_up, 1);
}

static void the_oldest_datagram_is_replaced(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < TAP_DATAGRAMS_MAX + 1; id++, time_ns++)
		assert_false(take(fragment_of(id, 0, 16, false)));
	assert_int_equal(stats()->given_up, 1);
	assert_true(take(fragment_of(1, 16, 16, true)));
	assert_false(take(fragment_of(0, 16, 16, true)));
}

static void without_memory_a_datagram_is_given_up(void **state)
{
	(void)state;
	budget.max_bytes = budget.used_bytes + 8192;
	assert_false(take(fragment_of(1, 0, 16, false)));
	assert_false(take(fragment_of(2, 32000, 16, false)));
	assert_int_equal(stats()->given_up, 1);
	assert_true(budget.used_bytes <= budget.max_bytes);
	assert_true(take(fragment_of(1, 16, 16, true)));
}

#define FRAGMENTS_TEST(name) cmocka_unit_test_setup_teardown(name, open_fragments, close_fragments)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FRAGMENTS_TEST(fragments_in_any_order_make_a_datagram),
	    FRAGMENTS_TEST(the_largest_datagram_fits_and_no_larger_one),
	    FRAGMENTS_TEST(datagrams_are_not_mixed_up),
	    FRAGMENTS_TEST(the_first_fragment_names_the_protocol),
	    FRAGMENTS_TEST(of_two_versions_the_first_counts),
	    FRAGMENTS_TEST(a_fragment_seen_twice_changes_nothing),
	    FRAGMENTS_TEST(lengths_that_make_no_sense_are_refused),
	    FRAGMENTS_TEST(a_fragment_that_was_cut_is_counted),
	    FRAGMENTS_TEST(a_datagram_waits_for_half_a_minute),
	    FRAGMENTS_TEST(the_oldest_datagram_is_replaced),
	    FRAGMENTS_TEST(without_memory_a_datagram_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
