#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/cluster/membership.h"
#include "tests/unit/store/cluster_fixture.h"
#include "wire/conn.h"

#define AT     (5000 * MS) /* after the clocks are known */
#define WINDOW STORE_CLUSTER_WINDOW_NS

static int setup(void **state)
{
	struct cluster_fixture *fixture = malloc(sizeof *fixture);
	cluster_open(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	cluster_close(*state);
	free(*state);
	return 0;
}

/* ---- one message ---- */

static void a_delivery_joins_its_publish_in_another_log(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + MS, 8, "a");
	cluster_expect(fixture, "pub a 0#7 to 1#8+1000\n");
	assert_int_equal(fixture->stats.joined, 1);
}

static void check_clients(struct cluster_fixture *fixture, const struct wire_event *event)
{
	struct wire_source *source = store_merge_source(fixture->merge);
	assert_int_equal(event->receiver_count, 3);
	assert_true(
	    wire_slice_equal(source->client(source, event->conn)->name, WIRE_LITERAL("client of log 0")));
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const uint64_t conn = event->receivers[i].conn;
		char name[32];
		snprintf(name, sizeof name, "client of log %u", wire_conn_input(conn, 0));
		assert_true(wire_slice_equal(source->client(source, conn)->name, wire_slice_str(name)));
	}
}

static void receivers_at_several_servers_are_listed_with_their_clients(void **state)
{
	struct cluster_fixture *fixture = *state;
	const struct wire_receiver own = {.conn = 9, .sid = WIRE_LITERAL("1")};
	struct wire_event *message = cluster_publish(fixture, 0, AT, 7, "a");
	message->receivers = &own;
	message->receivers_len = message->receiver_count = 1;
	cluster_deliver(fixture, 1, AT + MS, 9, "a");
	cluster_deliver(fixture, 2, AT + 2 * MS, 9, "a");
	cluster_read(fixture, check_clients);
	assert_int_equal(fixture->events, 1);
	assert_string_equal(fixture->text, "pub a 0#7 to 0#9+? 1#9+1000 2#9+2000\n");
}

static void logs_of_different_clusters_are_not_joined(void **state)
{
	struct cluster_fixture *fixture = *state;
	fixture->clusters[1] = 2;
	fixture->clusters[2] = 0;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + MS, 8, "a");
	cluster_deliver(fixture, 2, AT + 2 * MS, 8, "a");
	cluster_expect(fixture, "pub a 0#7\ndeliv a 1#8\ndeliv a 2#8\n");
	assert_int_equal(fixture->stats.unpublished, 1);
}

static void other_reply_headers_or_payload_are_another_message(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + MS, 8, "b");
	cluster_deliver(fixture, 1, AT + 2 * MS, 8, "a")->reply = WIRE_LITERAL("r");
	cluster_deliver(fixture, 1, AT + 3 * MS, 8, "a")->headers = WIRE_LITERAL("NATS/1.0\r\n\r\n");
	cluster_deliver(fixture, 1, AT + 4 * MS, 8, "a")->subject = WIRE_LITERAL("t");
	cluster_expect(fixture, "pub a 0#7\ndeliv b 1#8\ndeliv a 1#8\ndeliv a 1#8\ndeliv a 1#8\n");
	assert_int_equal(fixture->stats.unpublished, 4);
}

static void masked_bytes_are_not_compared(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a")->flags |= WIRE_EVENT_MASKED;
	cluster_deliver(fixture, 1, AT + MS, 8, "a")->flags |= WIRE_EVENT_MASKED;
	cluster_expect(fixture, "pub a 0#7\ndeliv a 1#8\n");
	assert_int_equal(fixture->stats.shortened, 1);
}

static void a_delivery_after_the_window_stays_unjoined(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + WINDOW, 8, "a");
	cluster_publish(fixture, 0, AT + 1, 7, "b");
	cluster_deliver(fixture, 1, AT + 1 + WINDOW + 1, 8, "b");
	cluster_expect(fixture, "pub a 0#7 to 1#8+3000000\npub b 0#7\ndeliv b 1#8\n");
}

/* ---- clocks ---- */

static int64_t last_ns;

static void check_order(struct cluster_fixture *fixture, const struct wire_event *event)
{
	(void)fixture;
	assert_true(event->steady_ns >= last_ns);
	last_ns = event->steady_ns;
}

/* Conversations between logs 0 and 1, whose clock is ahead by so much. */
static void read_with_clock_ahead(struct cluster_fixture *fixture, int64_t ahead_ns)
{
	int64_t error_ns;
	fixture->logs[1].ahead_ns = ahead_ns;
	for (int64_t at_ns = 0; at_ns < 10000 * MS; at_ns += 100 * MS) {
		char payload[32];
		snprintf(payload, sizeof payload, "%d", (int)(at_ns / MS));
		cluster_publish(fixture, 0, at_ns, 1, payload);
		cluster_deliver(fixture, 1, at_ns + MS / 2, 2, payload);
		snprintf(payload, sizeof payload, "reply %d", (int)(at_ns / MS));
		cluster_publish(fixture, 1, at_ns + MS, 2, payload);
		cluster_deliver(fixture, 0, at_ns + 2 * MS, 1, payload);
	}
	last_ns = INT64_MIN;
	cluster_read(fixture, check_order);
	assert_int_equal(fixture->stats.joined, 200);
	const struct store_cluster *cluster = store_merge_cluster(fixture->merge);
	assert_true(store_cluster_clock_differs(cluster, 1, &error_ns));
	int64_t off_ns = store_cluster_ahead(cluster, 1) - ahead_ns;
	assert_true(off_ns >= -error_ns && off_ns <= error_ns && error_ns <= MS);
	assert_non_null(strstr(fixture->text, "pub 0 0#1 to 1#2+"));
	assert_true(strstr(fixture->text, "pub 0 0#1") < strstr(fixture->text, "pub reply 0"));
}

static void a_clock_that_is_two_seconds_ahead_is_estimated_and_left_out(void **state)
{
	read_with_clock_ahead(*state, 2000 * MS);
}

static void a_clock_that_is_two_seconds_behind_is_estimated_and_left_out(void **state)
{
	read_with_clock_ahead(*state, -2000 * MS);
}

static void a_clock_that_drifts_is_followed(void **state)
{
	struct cluster_fixture *fixture = *state;
	for (int i = 0; i < 600; i++) { /* a minute, in which it gains 60 ms */
		char payload[32];
		int64_t at_ns = i * 100 * MS;
		fixture->logs[1].ahead_ns = i * MS / 10;
		snprintf(payload, sizeof payload, "%d", i);
		cluster_publish(fixture, 0, at_ns, 1, payload);
		cluster_deliver(fixture, 1, at_ns + MS / 5, 2, payload);
		snprintf(payload, sizeof payload, "reply %d", i);
		cluster_publish(fixture, 1, at_ns + MS / 2, 2, payload);
		cluster_deliver(fixture, 0, at_ns + MS, 1, payload);
	}
	cluster_read(fixture, NULL);
	assert_int_equal(fixture->stats.joined, 1200);
	int64_t off_ns = store_cluster_ahead(store_merge_cluster(fixture->merge), 1) - 60 * MS;
	assert_true(off_ns > -12 * MS && off_ns < 2 * MS);
}

static void clocks_that_contradict_nothing_are_left_as_they_are(void **state)
{
	struct cluster_fixture *fixture = *state;
	int64_t error_ns;
	cluster_exchange(fixture, 0, 2000 * MS);
	cluster_read(fixture, NULL);
	for (uint32_t i = 0; i < CLUSTER_LOGS; i++) {
		assert_false(store_cluster_clock_differs(store_merge_cluster(fixture->merge), i, &error_ns));
		assert_int_equal(store_cluster_ahead(store_merge_cluster(fixture->merge), i), 0);
	}
}

/* ---- equal messages ---- */

static void equal_messages_join_in_order(void **state)
{
	struct cluster_fixture *fixture = *state;
	for (int i = 0; i < 3; i++) {
		cluster_publish(fixture, 0, AT + i * MS, 7, "a");
		cluster_deliver(fixture, 1, AT + i * MS + 5 * MS, 8, "a");
	}
	cluster_expect(fixture, "pub a 0#7 to 1#8+5000\npub a 0#7 to 1#8+5000\npub a 0#7 to 1#8+5000\n");
}

static void of_two_publishers_the_receivers_are_known_and_the_times_are_not(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_publish(fixture, 2, AT + MS, 7, "a");
	cluster_deliver(fixture, 1, AT + 2 * MS, 8, "a");
	cluster_deliver(fixture, 1, AT + 3 * MS, 8, "a");
	cluster_expect(fixture, "pub a 0#7 to 1#8+?\npub a 2#7 to 1#8+?\n");
}

static void fewer_deliveries_than_equal_messages_stay_unjoined(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_publish(fixture, 0, AT + MS, 7, "a");
	cluster_deliver(fixture, 1, AT + 2 * MS, 8, "a");
	cluster_expect(fixture, "pub a 0#7\npub a 0#7\ndeliv a 1#8\n");
	assert_int_equal(fixture->stats.undecided, 1);
}

static void more_deliveries_than_equal_messages_stay_unjoined(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + MS, 8, "a");
	cluster_deliver(fixture, 1, AT + 2 * MS, 8, "a");
	cluster_expect(fixture, "pub a 0#7\ndeliv a 1#8\ndeliv a 1#8\n");
	assert_int_equal(fixture->stats.undecided, 2);
}

/* The same message every 100 ms: there is never a time without one. */
static void equal_messages_without_end_join_when_the_clocks_are_known(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_exchange(fixture, 0, 12000 * MS);
	for (int i = 0; i < 100; i++) {
		cluster_publish(fixture, 0, (i + 1) * 100 * MS, 7, "tick");
		cluster_deliver(fixture, 1, (i + 1) * 100 * MS + MS, 8, "tick");
	}
	cluster_read(fixture, NULL);
	assert_null(strstr(fixture->text, "deliv"));
	assert_int_equal(fixture->stats.undecided + fixture->stats.unpublished, 0);
}

static void a_late_subscriber_gets_none_of_the_equal_messages_before(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_exchange(fixture, 0, 12000 * MS);
	for (int i = 0; i < 50; i++) {
		cluster_publish(fixture, 0, AT + i * 100 * MS, 7, "tick");
		if (i >= 30)
			cluster_deliver(fixture, 1, AT + i * 100 * MS + MS, 8, "tick");
	}
	cluster_subscribe(fixture, 1, AT + 2950 * MS, 8);
	cluster_read(fixture, NULL);
	assert_null(strstr(fixture->text, "deliv"));
	assert_int_equal(fixture->stats.undecided, 0);
	size_t received = 0;
	for (const char *at = fixture->text; (at = strstr(at, "to 1#8+1000")) != NULL; at++)
		received++;
	assert_int_equal(received, 20);
}

static void a_new_connection_gets_none_of_the_equal_messages_before(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_exchange(fixture, 0, 12000 * MS);
	for (int i = 0; i < 50; i++) {
		cluster_publish(fixture, 0, AT + i * 100 * MS, 7, "tick");
		if (i >= 30)
			cluster_deliver(fixture, 1, AT + i * 100 * MS + MS, 8, "tick");
	}
	struct wire_event *connect = cluster_subscribe(fixture, 1, AT + 2950 * MS, 8);
	connect->kind = WIRE_EVENT_CONNECT;
	connect->sid = connect->subject = (struct wire_slice){0};
	cluster_read(fixture, NULL);
	assert_null(strstr(fixture->text, "deliv"));
}

/* ---- queue groups ---- */

static void a_member_of_a_queue_group_joins(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + MS, 8, "a")->queue = WIRE_LITERAL("q");
	cluster_publish(fixture, 0, AT + 2 * MS, 7, "b");
	cluster_deliver(fixture, 2, AT + 3 * MS, 8, "b")->queue = WIRE_LITERAL("q");
	cluster_expect(fixture, "pub a 0#7 to 1#8+1000\npub b 0#7 to 2#8+1000\n");
}

static void equal_messages_to_a_queue_group_stay_unjoined(void **state)
{
	struct cluster_fixture *fixture = *state;
	for (int i = 0; i < 2; i++) {
		cluster_publish(fixture, 0, AT + i * MS, 7, "a");
		cluster_deliver(fixture, 1 + (uint32_t)i, AT + (2 + i) * MS, 8, "a")->queue =
		    WIRE_LITERAL("q");
	}
	cluster_expect(fixture, "pub a 0#7\npub a 0#7\ndeliv a 1#8\ndeliv a 2#8\n");
	assert_int_equal(fixture->stats.undecided, 2);
}

/* ---- bounds ---- */

static void memory_is_bounded_and_what_left_early_is_counted(void **state)
{
	struct cluster_fixture *fixture = *state;
	fixture->max_bytes = 64 << 10;
	for (int i = 0; i < 2000; i++) {
		char payload[32];
		snprintf(payload, sizeof payload, "%d", i);
		cluster_publish(fixture, 0, i * MS / 2, 7, payload);
		cluster_deliver(fixture, 1, i * MS / 2 + MS, 8, payload);
	}
	cluster_read(fixture, NULL);
	assert_int_equal(fixture->stats.joined, 2000); /* they fit into it */
	assert_true(fixture->stats.early > 1000);
}

static void nothing_is_lost_without_memory(void **state)
{
	struct cluster_fixture *fixture = *state;
	fixture->max_bytes = 1;
	for (int i = 0; i < 100; i++) {
		cluster_publish(fixture, 0, i * MS, 7, "a");
		cluster_deliver(fixture, 1, i * MS + MS / 2, 8, "a");
	}
	cluster_read(fixture, NULL);
	assert_int_equal(fixture->events + fixture->stats.joined, 200);
}

static void reading_backwards_joins_the_same(void **state)
{
	struct cluster_fixture *fixture = *state;
	cluster_exchange(fixture, 0, 12000 * MS);
	fixture->reverse = true;
	cluster_publish(fixture, 0, AT, 7, "a");
	cluster_deliver(fixture, 1, AT + MS, 8, "a");
	for (int i = 0; i < 2; i++) {
		cluster_publish(fixture, 0, AT + (i + 10) * MS, 7, "b");
		cluster_deliver(fixture, 1, AT + (i + 10) * MS + 5 * MS, 8, "b");
	}
	cluster_expect(fixture, "pub b 0#7 to 1#8+5000\npub b 0#7 to 1#8+5000\npub a 0#7 to 1#8+1000\n");
}

/* ---- the truth ---- */

enum { SUBSCRIBERS = 6, ROUNDS = 12 };

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* By time of delivery, which is different for each: when it was published. */
static struct {
	int64_t delivered_ns, published_ns;
} truth[CLUSTER_EVENTS];
static size_t truth_len;
static uint64_t wrong;

static void check_truth(struct cluster_fixture *fixture, const struct wire_event *event)
{
	const uint32_t origin = wire_source_origin(store_merge_source(fixture->merge));
	int64_t published_ns = event->time_ns - fixture->logs[origin].ahead_ns;
	if (event->kind != WIRE_EVENT_MESSAGE || event->conn == CLUSTER_EXCHANGE_CONN)
		return;
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const uint32_t input = wire_conn_input(event->receivers[i].conn, origin);
		int64_t off_ns = store_cluster_ahead(store_merge_cluster(fixture->merge), input) -
				 store_cluster_ahead(store_merge_cluster(fixture->merge), origin) -
				 fixture->logs[input].ahead_ns + fixture->logs[origin].ahead_ns;
		bool is_found = event->delays_ns[i] == WIRE_DELAY_UNKNOWN;
		for (size_t at = 0; at < truth_len && !is_found; at++)
			is_found = truth[at].published_ns == published_ns &&
				   truth[at].delivered_ns == published_ns + event->delays_ns[i] + off_ns;
		wrong += !is_found;
	}
}

/* Random traffic of subscribers that get everything from their subscription on. Of `contents` payloads, 0: all are different. */
static void read_random(struct cluster_fixture *fixture, uint32_t contents)
{
	int64_t since_ns[SUBSCRIBERS];
	for (uint32_t i = 1; i < CLUSTER_LOGS; i++)
		fixture->logs[i].ahead_ns = ((int64_t)draw(3000) - 1500) * MS;
	for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
		since_ns[i] = draw(2) ? 0 : 1 + draw(2000) * MS;
		if (since_ns[i] > 0)
			cluster_subscribe(fixture, i % CLUSTER_LOGS, since_ns[i], 10 + i);
	}
	cluster_exchange(fixture, 0, 2000 * MS);
	truth_len = wrong = 0;
	int64_t last_ns_of[SUBSCRIBERS][CLUSTER_LOGS] = {0}; /* each publisher has its order */
	for (int64_t at_ns = 1; truth_len < 600; at_ns += draw(20) * MS + 1) {
		char payload[32];
		uint32_t log = draw(CLUSTER_LOGS);
		snprintf(payload, sizeof payload, "%u", contents ? draw(contents) : (unsigned)truth_len);
		cluster_publish(fixture, log, at_ns, 1, payload);
		for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
			if (i % CLUSTER_LOGS == log || since_ns[i] > at_ns)
				continue;
			int64_t to_ns = at_ns + MS / 4 + draw(40) * MS / 10 + i;
			if (to_ns <= last_ns_of[i][log])
				to_ns = last_ns_of[i][log] + 7;
			last_ns_of[i][log] = to_ns;
			cluster_deliver(fixture, i % CLUSTER_LOGS, to_ns, 10 + i, payload);
			truth[truth_len].published_ns = at_ns;
			truth[truth_len++].delivered_ns = to_ns;
		}
	}
	cluster_read(fixture, check_truth);
}

static void of_different_messages_every_delivery_is_joined_and_none_wrongly(void **state)
{
	(void)state;
	for (seed = 1; seed <= ROUNDS; seed = seed * 7 + 1) {
		struct cluster_fixture fixture;
		cluster_open(&fixture);
		read_random(&fixture, 0);
		assert_int_equal(wrong, 0);
		assert_null(strstr(fixture.text, "deliv"));
		cluster_close(&fixture);
	}
}

static void of_equal_messages_no_delivery_is_joined_wrongly(void **state)
{
	uint64_t joined = 0, undecided = 0;
	(void)state;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		struct cluster_fixture fixture;
		seed = round * 977;
		cluster_open(&fixture);
		read_random(&fixture, 2 + round * 2);
		assert_int_equal(wrong, 0);
		joined += fixture.stats.joined;
		undecided += fixture.stats.undecided;
		cluster_close(&fixture);
	}
	assert_true(joined > undecided);
}

/* ---- which logs ---- */

static void logs_that_share_a_name_are_of_one_cluster(void **state)
{
	const struct store_membership logs[] = {{.names = {"east"}, .count = 1},
						{.names = {"west"}, .count = 1},
						{.count = 0},
						{.names = {"old", "east"}, .count = 2},
						{.names = {"old"}, .count = 1},
						{.names = {"north"}, .count = 1},
						{.names = {"west"}, .count = 1}};
	uint32_t numbers[7];
	(void)state;
	assert_int_equal(store_membership_number(logs, 7, numbers), 2);
	assert_int_not_equal(numbers[0], 0);
	assert_int_equal(numbers[0], numbers[3]);
	assert_int_equal(numbers[0], numbers[4]);
	assert_int_not_equal(numbers[1], numbers[0]);
	assert_int_equal(numbers[1], numbers[6]);
	assert_int_equal(numbers[2], 0);
	assert_int_equal(numbers[5], 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(a_delivery_joins_its_publish_in_another_log),
	    CLAIM(receivers_at_several_servers_are_listed_with_their_clients),
	    CLAIM(logs_of_different_clusters_are_not_joined),
	    CLAIM(other_reply_headers_or_payload_are_another_message),
	    CLAIM(masked_bytes_are_not_compared),
	    CLAIM(a_delivery_after_the_window_stays_unjoined),
	    CLAIM(a_clock_that_is_two_seconds_ahead_is_estimated_and_left_out),
	    CLAIM(a_clock_that_is_two_seconds_behind_is_estimated_and_left_out),
	    CLAIM(a_clock_that_drifts_is_followed),
	    CLAIM(clocks_that_contradict_nothing_are_left_as_they_are),
	    CLAIM(equal_messages_join_in_order),
	    CLAIM(of_two_publishers_the_receivers_are_known_and_the_times_are_not),
	    CLAIM(fewer_deliveries_than_equal_messages_stay_unjoined),
	    CLAIM(more_deliveries_than_equal_messages_stay_unjoined),
	    CLAIM(equal_messages_without_end_join_when_the_clocks_are_known),
	    CLAIM(a_late_subscriber_gets_none_of_the_equal_messages_before),
	    CLAIM(a_new_connection_gets_none_of_the_equal_messages_before),
	    CLAIM(a_member_of_a_queue_group_joins),
	    CLAIM(equal_messages_to_a_queue_group_stay_unjoined),
	    CLAIM(memory_is_bounded_and_what_left_early_is_counted),
	    CLAIM(nothing_is_lost_without_memory),
	    CLAIM(reading_backwards_joins_the_same),
	    cmocka_unit_test(of_different_messages_every_delivery_is_joined_and_none_wrongly),
	    cmocka_unit_test(of_equal_messages_no_delivery_is_joined_wrongly),
	    cmocka_unit_test(logs_that_share_a_name_are_of_one_cluster),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
