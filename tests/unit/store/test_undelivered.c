/* Deliveries that were logged as sent and never reached their receiver, as the reader and the summary show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/read/summary.h"
#include "tests/unit/store/builder_fixture.h"

enum { CLIENTS = 12, RECEIVERS_MAX = 6, DELIVERIES_MAX = 100000 };

/* The numbers of the messages that were sent to a client, in order. */
struct client {
	uint64_t seqs[DELIVERIES_MAX / CLIENTS];
	size_t count, lost;
	bool is_slow;
};

static struct client clients[CLIENTS];

static struct wire_receiver receiver_of(uint64_t client, const char *sid)
{
	return (struct wire_receiver){.conn = client + 1, .sid = wire_slice_str(sid)};
}

static void publish(struct log_builder *builder, const struct wire_receiver *receivers, uint32_t count)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .time_ns = ++builder->time_ns,
					 .conn = 1000,
					 .subject = WIRE_LITERAL("a"),
					 .receivers = receivers,
					 .receivers_len = count,
					 .receiver_count = count};
	for (uint32_t i = 0; i < count; i++) {
		struct client *client = &clients[receivers[i].conn - 1];
		client->seqs[client->count++] = builder->next_seq;
	}
	builder_add(builder, &event);
}

static void leave(struct log_builder *builder, uint64_t client, uint64_t lost, const char *reason,
		  uint32_t flags)
{
	const struct wire_event event = {.kind = WIRE_EVENT_DISCONNECT,
					 .flags = flags,
					 .time_ns = ++builder->time_ns,
					 .conn = client + 1,
					 .lost_messages = lost,
					 .text = wire_slice_str(reason)};
	builder_add(builder, &event);
}

static void come(struct log_builder *builder, uint64_t client)
{
	static const struct wire_client nobody;
	const struct wire_event event = {
	    .kind = WIRE_EVENT_CONNECT, .time_ns = ++builder->time_ns, .conn = client + 1, .client = &nobody};
	builder_add(builder, &event);
}

/* How often the message was lost on the way to this client: its last deliveries are. */
static uint32_t lost_of(const struct client *client, uint64_t seq)
{
	uint32_t lost = 0;
	for (size_t i = client->count - client->lost; i < client->count; i++)
		lost += client->seqs[i] == seq;
	return lost;
}

static void assert_fate(const struct wire_event *event)
{
	uint32_t sent = 0, lost[CLIENTS] = {0};
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const struct wire_receiver *receiver = &event->receivers[i];
		const struct client *client = &clients[receiver->conn - 1];
		sent += receiver->outcome == WIRE_SENT;
		lost[receiver->conn - 1] += receiver->outcome != WIRE_SENT;
		if (receiver->outcome != WIRE_SENT)
			assert_int_equal(receiver->outcome,
					 client->is_slow ? WIRE_DROPPED_SLOW : WIRE_DROPPED_CLOSED);
	}
	assert_int_equal(event->receiver_count, sent);
	for (size_t i = 0; i < CLIENTS; i++)
		if (lost[i] != lost_of(&clients[i], event->seq))
			fail_msg("message %llu, client %zu: lost %u times, should be %u",
				 (unsigned long long)event->seq, i, lost[i],
				 lost_of(&clients[i], event->seq));
}

static void assert_read_as_it_turned_out(const char *log, bool reverse)
{
	const struct store_reader_options options = {.reverse = reverse};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	int status;
	assert_int_equal(store_reader_open(&reader, log, &options, &fault), 0);
	while ((status = store_reader_next(reader, &event, &fault)) > 0)
		if (event.kind == WIRE_EVENT_MESSAGE)
			assert_fate(&event);
	assert_int_equal(status, 0);
	store_reader_close(reader);
}

static void assert_summed_up_as_it_turned_out(const char *log)
{
	uint64_t got[CLIENTS], all = 0;
	for (size_t i = 0; i < CLIENTS; i++)
		all += got[i] = clients[i].count - clients[i].lost;
	for (int with_clients = 0; with_clients < 2; with_clients++) {
		struct store_summary summary;
		struct wire_fault fault;
		assert_int_equal(store_summary_read(&summary, log,
						    &(struct store_summary_options){.clients = with_clients},
						    &fault),
				 0);
		assert_int_equal(summary.deliveries, all);
		for (size_t i = 0; i < summary.clients_len; i++)
			if (summary.clients[i].conn <= CLIENTS)
				assert_int_equal(summary.clients[i].deliveries,
						 got[summary.clients[i].conn - 1]);
		store_summary_fini(&summary);
	}
}

static void assert_all_as_it_turned_out(const struct builder_fixture *fixture)
{
	assert_read_as_it_turned_out(fixture->log, false);
	assert_read_as_it_turned_out(fixture->log, true);
	assert_summed_up_as_it_turned_out(fixture->log);
}

static struct log_builder *begin(void **state)
{
	struct builder_fixture *fixture = *state;
	memset(clients, 0, sizeof clients);
	for (uint64_t i = 0; i < CLIENTS; i++)
		come(&fixture->builder, i);
	return &fixture->builder;
}

static void end(void **state)
{
	struct builder_fixture *fixture = *state;
	builder_end_segment(&fixture->builder, true);
	assert_all_as_it_turned_out(fixture);
}

/* ---- claims ---- */

static void the_last_deliveries_before_a_disconnect_are_those_that_were_lost(void **state)
{
	struct log_builder *builder = begin(state);
	const struct wire_receiver both[] = {receiver_of(0, "1"), receiver_of(1, "1")};
	for (int i = 0; i < 5; i++)
		publish(builder, both, 2);
	leave(builder, 0, clients[0].lost = 3, "Client Closed", 0);
	publish(builder, both + 1, 1);
	end(state);
}

static void a_slow_consumer_is_named_as_one(void **state)
{
	struct log_builder *builder = begin(state);
	const struct wire_receiver one = receiver_of(0, "1");
	publish(builder, &one, 1);
	clients[0].is_slow = true;
	leave(builder, 0, clients[0].lost = 1, "Slow Consumer (Pending Bytes)", 0);
	end(state);
}

static void of_two_deliveries_of_one_message_the_second_may_be_lost_alone(void **state)
{
	struct log_builder *builder = begin(state);
	const struct wire_receiver twice[] = {receiver_of(0, "1"), receiver_of(1, "1"), receiver_of(0, "2")};
	publish(builder, twice, 3);
	publish(builder, twice, 3);
	leave(builder, 0, clients[0].lost = 3, "Client Closed", 0);
	end(state);
}

static void more_lost_than_logged_is_all_that_was_logged(void **state)
{
	struct log_builder *builder = begin(state);
	const struct wire_receiver one = receiver_of(0, "1");
	publish(builder, &one, 1);
	publish(builder, &one, 1);
	leave(builder, 0, 50, "Client Closed", 0);
	clients[0].lost = 2;
	end(state);
}

static void a_count_that_includes_unrecorded_messages_is_ignored(void **state)
{
	struct log_builder *builder = begin(state);
	const struct wire_receiver one = receiver_of(0, "1");
	publish(builder, &one, 1);
	leave(builder, 0, 1, "Client Closed", WIRE_EVENT_CUT);
	end(state);
}

static void deliveries_before_a_gap_count_as_received(void **state)
{
	struct log_builder *builder = begin(state);
	const struct wire_receiver one = receiver_of(0, "1");
	publish(builder, &one, 1);
	const struct wire_event gap = {
	    .kind = WIRE_EVENT_GAP, .time_ns = ++builder->time_ns, .lost_messages = 4};
	builder_add(builder, &gap);
	publish(builder, &one, 1);
	leave(builder, 0, 3, "Client Closed", 0);
	clients[0].lost = 1;
	end(state);
}

static void publish_at_random(struct log_builder *builder, bool *is_gone)
{
	static const char *const sids[] = {"1", "2", "3"};
	struct wire_receiver receivers[RECEIVERS_MAX];
	uint32_t count = 0, wanted = random_below(&builder->random, RECEIVERS_MAX + 1);
	while (count < wanted) {
		uint64_t client = random_below(&builder->random, CLIENTS);
		if (is_gone[client])
			wanted--;
		else
			receivers[count++] = receiver_of(client, sids[random_below(&builder->random, 3)]);
	}
	publish(builder, receivers, count);
}

static void lost_deliveries_are_found_across_blocks_and_segments(void **state)
{
	struct log_builder *builder = begin(state);
	bool is_gone[CLIENTS] = {false};
	for (int i = 0; i < 4000; i++) {
		publish_at_random(builder, is_gone);
		if (random_below(&builder->random, 100) == 0)
			builder_end_block(builder);
		if (random_below(&builder->random, 700) == 0)
			builder_end_segment(builder, true);
		uint64_t client = random_below(&builder->random, CLIENTS);
		if (random_below(&builder->random, 250) > 0 || is_gone[client])
			continue;
		is_gone[client] = true;
		clients[client].is_slow = random_below(&builder->random, 2);
		clients[client].lost = random_below(&builder->random, (uint32_t)clients[client].count + 1);
		leave(builder, client, clients[client].lost,
		      clients[client].is_slow ? "Slow Consumer (Write Deadline)" : "Read Error", 0);
	}
	end(state);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, builder_fixture_setup, builder_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CLAIM(the_last_deliveries_before_a_disconnect_are_those_that_were_lost),
	    CLAIM(a_slow_consumer_is_named_as_one),
	    CLAIM(of_two_deliveries_of_one_message_the_second_may_be_lost_alone),
	    CLAIM(more_lost_than_logged_is_all_that_was_logged),
	    CLAIM(a_count_that_includes_unrecorded_messages_is_ignored),
	    CLAIM(deliveries_before_a_gap_count_as_received),
	    CLAIM(lost_deliveries_are_found_across_blocks_and_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
