/* The table from hashes to indices, compared with a plain list of its entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/format/table.h"
#include "tests/unit/store/block_fixture.h"

enum { SLOTS_AT_FIRST = 1024, MANY = 200000 };

static struct store_table table;

static int open_table(void **state)
{
	(void)state;
	return store_table_init(&table);
}

static int close_table(void **state)
{
	(void)state;
	store_table_fini(&table);
	return 0;
}

static void add(uint64_t hash, uint32_t index)
{
	assert_int_equal(store_table_reserve(&table, 1), 0);
	store_table_add(&table, hash, index);
}

/* How many candidates there are for this hash; *has: `index` is one of them. */
static uint32_t candidates(uint64_t hash, uint32_t index, bool *has)
{
	uint32_t probe = 0, found, count = 0;
	*has = false;
	for (; store_table_next(&table, hash, &probe, &found); count++)
		*has |= found == index;
	return count;
}

static void assert_found(uint64_t hash, uint32_t index, uint32_t count)
{
	bool has;
	assert_int_equal(candidates(hash, index, &has), count);
	assert_true(has);
}

static void assert_missing(uint64_t hash)
{
	bool has;
	assert_int_equal(candidates(hash, 0, &has), 0);
}

static uint64_t hash_of(uint32_t number)
{
	struct random random = {.state = number};
	return random_next(&random);
}

static void an_empty_table_finds_nothing(void **state)
{
	(void)state;
	assert_missing(0);
	assert_missing(UINT64_MAX);
	store_table_clear(&table);
	assert_missing(0);
}

static void the_largest_possible_index_is_accepted(void **state)
{
	(void)state;
	add(7, 0);
	add(8, UINT32_MAX - 1);
	assert_found(7, 0, 1);
	assert_found(8, UINT32_MAX - 1, 1);
}

/* The table keeps only the low half of a hash: the caller compares the candidates. */
static void hashes_with_the_same_low_half_are_all_candidates(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		add((uint64_t)i << 32 | 42, 100 + i);
	add(43, 7);
	for (uint32_t i = 0; i < 5; i++)
		assert_found((uint64_t)i << 32 | 42, 100 + i, 5);
	assert_found(43, 7, 1);
	assert_found((uint64_t)1 << 63 | 43, 7, 1);
	assert_missing(44);
}

/* Entries of neighbouring slots displace each other, over the end of the table, too. */
static void entries_of_the_same_slot_are_all_found(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		add(SLOTS_AT_FIRST - 3 + (uint64_t)(i % 5) + (uint64_t)(i / 5) * SLOTS_AT_FIRST, i);
	for (uint32_t i = 0; i < 200; i++)
		assert_found(SLOTS_AT_FIRST - 3 + (uint64_t)(i % 5) + (uint64_t)(i / 5) * SLOTS_AT_FIRST, i,
			     1);
	assert_missing(SLOTS_AT_FIRST - 3 + (uint64_t)40 * SLOTS_AT_FIRST);
}

static void a_table_grows_and_is_at_most_half_full(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		add(hash_of(i), i);
		assert_true((uint64_t)table.count * 2 <= (uint64_t)table.mask + 1);
		assert_int_equal(table.mask & (table.mask + 1), 0);
	}
	assert_int_equal(table.count, MANY);
	uint32_t found = 0;
	for (uint32_t i = 0; i < MANY; i++) {
		bool has;
		found += candidates(hash_of(i), i, &has);
		assert_true(has);
	}
	/* A few of so many share the low half of their hashes. */
	assert_in_range(found, MANY, MANY + 100);
}

static void room_for_many_entries_is_reserved_at_once(void **state)
{
	(void)state;
	assert_int_equal(store_table_reserve(&table, SLOTS_AT_FIRST / 2), 0);
	assert_int_equal(table.mask, SLOTS_AT_FIRST - 1);
	assert_int_equal(store_table_reserve(&table, SLOTS_AT_FIRST / 2 + 1), 0);
	assert_int_equal(table.mask, 2 * SLOTS_AT_FIRST - 1);
	const struct store_table_slot *slots = table.slots;
	for (uint32_t i = 0; i < SLOTS_AT_FIRST / 2 + 1; i++)
		store_table_add(&table, hash_of(i), i);
	assert_ptr_equal(table.slots, slots);
	assert_int_equal(store_table_reserve(&table, SLOTS_AT_FIRST * 20), 0);
	for (uint32_t i = 0; i < SLOTS_AT_FIRST / 2 + 1; i++)
		assert_found(hash_of(i), i, 1);
}

/* Hashes of 16 neighbouring slots, the last ones of the table among them, so that entries are pushed on and around the end. */
static void entries_are_found_after_others_are_removed(void **state)
{
	bool is_there[256] = {false};
	uint32_t random = 1;
	(void)state;
	for (int step = 0; step < 20000; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t index = random >> 24;
		uint64_t hash = UINT64_C(0xfffffff8) + index % 16;
		if (is_there[index])
			store_table_remove(&table, hash, index);
		else
			add(hash, index);
		is_there[index] = !is_there[index];
		for (uint32_t i = 0; step % 100 == 0 && i < 256; i++) {
			uint32_t probe = 0, found;
			bool is_found = false;
			while (store_table_next(&table, UINT64_C(0xfffffff8) + i % 16, &probe, &found))
				is_found |= found == i;
			assert_int_equal(is_found, is_there[i]);
		}
	}
}

static void fill(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		add(hash_of(i), i);
}

static void assert_empty(uint32_t once_filled)
{
	assert_int_equal(table.count, 0);
	for (uint32_t i = 0; i < once_filled; i++)
		assert_missing(hash_of(i));
}

static void clearing_forgets_all_entries_and_keeps_the_memory(void **state)
{
	(void)state;
	fill(5000);
	uint32_t mask = table.mask;
	store_table_clear(&table);
	assert_int_equal(table.mask, mask);
	assert_empty(5000);
	fill(5000);
	for (uint32_t i = 0; i < 5000; i++)
		assert_found(hash_of(i), i, 1);
}

/* Otherwise a block of few subjects would always clear as much memory as the largest block needed. */
static void clearing_makes_a_sparse_table_small(void **state)
{
	(void)state;
	fill(5000);
	store_table_clear(&table);
	fill(10);
	store_table_clear(&table);
	assert_int_equal(table.mask, SLOTS_AT_FIRST - 1);
	assert_empty(5000);
	fill(10);
	for (uint32_t i = 0; i < 10; i++)
		assert_found(hash_of(i), i, 1);
}

static void clearing_makes_a_huge_table_small(void **state)
{
	(void)state;
	fill(MANY);
	assert_true(table.mask >= MANY * 2);
	store_table_clear(&table);
	assert_int_equal(table.mask, SLOTS_AT_FIRST - 1);
	assert_empty(1000);
}

int main(void)
{
#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	const struct CMUnitTest tests[] = {
	    TABLE_TEST(an_empty_table_finds_nothing),
	    TABLE_TEST(the_largest_possible_index_is_accepted),
	    TABLE_TEST(hashes_with_the_same_low_half_are_all_candidates),
	    TABLE_TEST(entries_of_the_same_slot_are_all_found),
	    TABLE_TEST(entries_are_found_after_others_are_removed),
	    TABLE_TEST(a_table_grows_and_is_at_most_half_full),
	    TABLE_TEST(room_for_many_entries_is_reserved_at_once),
	    TABLE_TEST(clearing_forgets_all_entries_and_keeps_the_memory),
	    TABLE_TEST(clearing_makes_a_sparse_table_small),
	    TABLE_TEST(clearing_makes_a_huge_table_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
