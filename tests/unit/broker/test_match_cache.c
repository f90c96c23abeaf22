/* The match cache, compared with a plain list of the look-ups; the hashes collide on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/client.h"
#include "broker/clients.h"
#include "broker/large.h"
#include "broker/match_cache.h"

enum { SUBJECTS = 700, STEPS = 30000, BYTES_MAX = 32 << 20 };

static struct broker broker;
static struct broker__loop *const loop = &broker.loops[0];
static struct broker_client publisher, other;

static void add_client(struct broker_client *client, uint64_t cid)
{
	*client = (struct broker_client){.loop = loop, .cid = cid, .options.echo = true};
	broker__clients_add(&loop->all, client, BROKER__LINK(all));
}

static int begin(void **state)
{
	(void)state;
	memset(&broker, 0, sizeof broker);
	loop->broker = &broker;
	loop->turn_units = INT64_MAX;
	add_client(&publisher, 1);
	add_client(&other, 2);
	return broker__sublist_init(&broker.sublist, 42);
}

static int end(void **state)
{
	(void)state;
	broker__match_cache_clear(&publisher);
	broker__match_cache_clear(&other);
	assert_int_equal(loop->counters.match_count, 0);
	broker__large_fini(loop);
	broker__sublist_fini(&broker.sublist);
	return 0;
}

/* ---- asking ---- */

static struct wire_slice subject_of(uint32_t number)
{
	static char text[32];
	snprintf(text, sizeof text, "subject.%u", number);
	return wire_slice_str(text);
}

/* A hash with a few adjacent home slots, on both sides of the end of small and large tables; often equal for
 * several subjects. */
static uint64_t crowded_hash(uint32_t number)
{
	return (uint64_t)(number / 4) << 40 | ((number % 9 - 4) & 0xffff);
}

/* Find a match; true when it was in the cache. */
static bool find(struct broker_client *client, uint32_t number, uint64_t hash)
{
	uint64_t hits = loop->counters.match_hits, misses = loop->counters.match_misses;
	struct wire_slice subject = subject_of(number);
	struct broker__match *match;
	assert_int_equal(broker__match_find(client, subject, hash, &match), BROKER__DONE);
	assert_non_null(match);
	assert_true(wire_slice_equal(match->subject, subject));
	assert_int_equal(match->hash, hash);
	assert_true(broker__match_serves(match, &broker.sublist, subject));
	assert_ptr_equal(broker__match_again(&client->matches, &broker.sublist, subject), match);
	assert_int_equal(loop->counters.match_hits + loop->counters.match_misses, hits + misses + 1);
	return loop->counters.match_hits > hits;
}

/* Every match can be reached from its home, and all are counted. Returns the bytes they and the table take. */
static size_t check_table(const struct broker_client *client)
{
	const struct broker__match_cache *cache = &client->matches;
	size_t bytes = cache->slots_len * sizeof *cache->slots;
	uint32_t count = 0;
	for (uint32_t at = 0; at < cache->slots_len; at++) {
		const struct broker__match *match = cache->slots[at].match;
		if (!match)
			continue;
		assert_int_equal(cache->slots[at].hash, match->hash);
		uint32_t slot = (uint32_t)match->hash & (cache->slots_len - 1);
		for (; slot != at; slot = (slot + 1) & (cache->slots_len - 1))
			assert_non_null(cache->slots[slot].match);
		bytes += match->bytes;
		count++;
	}
	assert_int_equal(cache->count, count);
	assert_true(count == 0 || 2 * count <= cache->slots_len);
	return bytes;
}

/* ---- the tests ---- */

static void a_match_is_found_until_its_generation_ends(void **state)
{
	(void)state;
	assert_false(find(&publisher, 1, 5));
	assert_true(find(&publisher, 1, 5));
	assert_false(find(&other, 1, 5)); /* each publisher has its own */
	broker.sublist.literal_generation[5]++;
	assert_null(broker__match_again(&publisher.matches, &broker.sublist, subject_of(1)));
	assert_false(find(&publisher, 1, 5));
	assert_true(find(&publisher, 1, 5));
	broker.sublist.literal_generation[6]++;
	assert_true(find(&publisher, 1, 5));
	broker__sublist_touch(&broker.sublist);
	assert_false(find(&publisher, 1, 5));
	assert_int_equal(publisher.matches.count, 1);
}

/* Matches are added, replaced when they are stale, and cleared. */
static void matches_with_the_same_home_slot_are_distinguished(void **state)
{
	static bool is_there[SUBJECTS];
	static uint64_t generation[SUBJECTS];
	(void)state;
	srand(5);
	memset(is_there, 0, sizeof is_there);
	for (int step = 0; step < STEPS; step++) {
		uint32_t number = (uint32_t)rand() % SUBJECTS, dice = (uint32_t)rand() % 2000;
		uint64_t hash = crowded_hash(number);
		uint64_t now = broker__sublist_generation(&broker.sublist, hash);
		assert_int_equal(find(&publisher, number, hash),
				 is_there[number] && generation[number] == now);
		is_there[number] = true;
		generation[number] = now;
		if (dice < 200)
			broker.sublist.literal_generation[hash % BROKER__GENERATIONS]++;
		if (dice == 200)
			broker__sublist_touch(&broker.sublist);
		if (dice == 201) {
			broker__match_cache_clear(&publisher);
			memset(is_there, 0, sizeof is_there);
		}
		if (step % 16 == 0)
			assert_int_equal(check_table(&publisher), loop->match_bytes);
	}
}

static void a_guess_is_a_match_of_that_hash_or_none(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SUBJECTS; i++)
		find(&publisher, i, crowded_hash(i));
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		broker__match_fetch_slot(&publisher.matches, crowded_hash(i));
		const struct broker__match *guess = broker__match_guess(&publisher.matches, crowded_hash(i));
		assert_non_null(guess);
		assert_int_equal(guess->hash, crowded_hash(i));
		broker__match_fetch_receiver(guess);
	}
	assert_null(broker__match_guess(&publisher.matches, UINT64_C(1) << 39));
	broker__match_fetch_receiver(NULL);
}

/* The holder of a guess notices. */
static void every_freed_match_counts_as_forgotten(void **state)
{
	(void)state;
	uint32_t before = publisher.matches.forgotten;
	find(&publisher, 1, 1);
	find(&publisher, 2, 2);
	assert_int_equal(publisher.matches.forgotten, before);
	broker__sublist_touch(&broker.sublist);
	find(&publisher, 1, 1);
	assert_int_equal(publisher.matches.forgotten, before + 1);
	broker__match_cache_clear(&publisher);
	assert_int_equal(publisher.matches.forgotten, before + 3);
	assert_null(publisher.matches.last);
}

static void beyond_the_limit_matches_are_forgotten_one_by_one(void **state)
{
	enum { MORE = 3000 };
	uint32_t found = 0;
	(void)state;
	for (uint32_t i = 0; i < BROKER__MATCHES_MAX + MORE; i++) {
		assert_false(find(&publisher, i, broker__sublist_hash(&broker.sublist, subject_of(i))));
		uint32_t most = i < BROKER__MATCHES_MAX ? i + 1 : BROKER__MATCHES_MAX;
		assert_int_equal(publisher.matches.count, most);
	}
	assert_int_equal(publisher.matches.forgotten, MORE);
	assert_int_equal(check_table(&publisher), loop->match_bytes);
	/* Nearly all are still there; finding the others again forgets some more. */
	for (uint32_t i = 0; i < BROKER__MATCHES_MAX + MORE; i++)
		found += find(&publisher, i, broker__sublist_hash(&broker.sublist, subject_of(i)));
	assert_in_range(found, BROKER__MATCHES_MAX - 3 * MORE, BROKER__MATCHES_MAX);
	assert_int_equal(check_table(&publisher), loop->match_bytes);
}

static void matches_that_take_too_much_memory_are_forgotten(void **state)
{
	enum { ELSEWHERE = BYTES_MAX - 100000 };
	(void)state;
	find(&other, 1, 1);
	loop->match_bytes += ELSEWHERE;
	for (uint32_t i = 0; i < 5000; i++) {
		find(&publisher, i, crowded_hash(i));
		assert_in_range(loop->match_bytes, 0, BYTES_MAX + 16 * 1024);
	}
	assert_in_range(publisher.matches.count, 100, 1000);
	assert_int_equal(other.matches.count, 1);
	loop->match_bytes -= ELSEWHERE;
	assert_int_equal(check_table(&publisher) + check_table(&other), loop->match_bytes);
}

static void all_caches_are_cleared_when_other_clients_take_too_much(void **state)
{
	(void)state;
	find(&other, 1, 1);
	for (uint32_t i = 0; i < 100; i++)
		find(&publisher, i, crowded_hash(i));
	loop->match_bytes += BYTES_MAX;
	find(&publisher, 1000, 1000);
	loop->match_bytes -= BYTES_MAX;
	assert_int_equal(other.matches.count, 0);
	assert_int_equal(publisher.matches.count, 1);
	assert_int_equal(check_table(&publisher), loop->match_bytes);
	assert_true(find(&publisher, 1000, 1000));
}

static struct broker__sub *subscribe(struct broker_client *client, const char *pattern, const char *queue)
{
	struct broker__sub *sub =
	    broker__sub_open(client, wire_slice_str(pattern), wire_slice_str(queue), WIRE_LITERAL("7"));
	assert_non_null(sub);
	assert_int_equal(broker__sublist_insert(&broker.sublist, sub), 0);
	return sub;
}

static const struct broker__match *match_of(const char *subject)
{
	struct wire_slice slice = wire_slice_str(subject);
	struct broker__match *match;
	assert_int_equal(
	    broker__match_find(&publisher, slice, broker__sublist_hash(&broker.sublist, slice), &match),
	    BROKER__DONE);
	return match;
}

static void a_match_is_plain_when_each_receiver_occurs_once(void **state)
{
	static struct {
		const char *subject, *queue;
		bool is_own;
	} const wanted[] = {{"once", "", true},     {"*.twice", "", false}, {"a.twice", "", true},
			    {"b.twice", "", false}, {"queue", "q", false},  {"c.>", "", true},
			    {"*.d", "", false}};
	enum { SUBS = sizeof wanted / sizeof *wanted };
	struct broker__sub *subs[SUBS];
	(void)state;
	for (size_t i = 0; i < SUBS; i++)
		subs[i] =
		    subscribe(wanted[i].is_own ? &publisher : &other, wanted[i].subject, wanted[i].queue);
	assert_true(match_of("nobody")->is_plain);
	assert_true(match_of("once")->is_plain);
	assert_true(match_of("a.twice")->is_plain); /* two clients */
	assert_int_equal(match_of("a.twice")->receivers_len, 2);
	assert_false(match_of("b.twice")->is_plain); /* one client, twice */
	assert_int_equal(match_of("b.twice")->receivers_len, 2);
	assert_false(match_of("queue")->is_plain);
	assert_true(match_of("c.d")->is_plain);
	for (size_t i = 0; i < SUBS; i++) {
		broker__sublist_remove(&broker.sublist, subs[i]);
		broker__sub_close(subs[i]);
	}
}

int main(void)
{
#define MATCH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	    MATCH_TEST(a_match_is_found_until_its_generation_ends),
	    MATCH_TEST(matches_with_the_same_home_slot_are_distinguished),
	    MATCH_TEST(a_guess_is_a_match_of_that_hash_or_none),
	    MATCH_TEST(every_freed_match_counts_as_forgotten),
	    MATCH_TEST(beyond_the_limit_matches_are_forgotten_one_by_one),
	    MATCH_TEST(matches_that_take_too_much_memory_are_forgotten),
	    MATCH_TEST(all_caches_are_cleared_when_other_clients_take_too_much),
	    MATCH_TEST(a_match_is_plain_when_each_receiver_occurs_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
