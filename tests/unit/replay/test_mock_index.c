#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/mock/index_read.h"
#include "tests/unit/replay/traffic.h"

/* Connections: 1 sends requests, 5 and 6 are the service "stock", 7 is another service. */
enum { SHOP = 1, STOCK = 5, STOCK_TOO = 6, BILLING = 7 };

static const struct wire_client stock = {.name = {"stock", 5}}, billing = {.name = {"billing", 7}};

static const struct wire_client *find_client(struct wire_source *source, uint64_t conn)
{
	(void)source;
	if (conn == STOCK || conn == STOCK_TOO)
		return &stock;
	return conn == BILLING ? &billing : NULL;
}

struct fixture {
	struct traffic traffic;
	struct replay_mock_choice choice;
	struct replay_mock_index *index;
	struct wire_fault fault;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	traffic_fini(&fixture->traffic);
	replay_mock_index_close(fixture->index);
	free(fixture);
	return 0;
}

static int read_index(struct fixture *fixture)
{
	struct wire_source *source = traffic_source(&fixture->traffic);
	source->client = find_client;
	return replay_mock_index_read(&fixture->index, source, &fixture->choice, &fixture->fault);
}

static void must_read(struct fixture *fixture)
{
	if (read_index(fixture) != 0)
		fail_msg("%s", fixture->fault.text);
}

static struct traffic_event *request(struct fixture *fixture, const char *subject, const char *inbox,
				     const char *payload)
{
	return traffic_message(&fixture->traffic, SHOP, subject, inbox, payload);
}

static struct traffic_event *reply(struct fixture *fixture, uint64_t conn, const char *inbox,
				   const char *payload)
{
	return traffic_message(&fixture->traffic, conn, inbox, "", payload);
}

/* A request and its reply, a millisecond later. */
static void converse(struct fixture *fixture, const char *subject, const char *question, const char *answer)
{
	char inbox[48];
	snprintf(inbox, sizeof inbox, "_INBOX.%zu", fixture->traffic.count);
	request(fixture, subject, inbox, question);
	reply(fixture, STOCK, inbox, answer);
}

static enum replay_mock_match ask(struct fixture *fixture, const char *subject, const char *question,
				  int64_t *conversation)
{
	return replay_mock_index_match(fixture->index, wire_slice_str(subject), 0, wire_slice_str(question),
				       conversation);
}

/* Match a request and expect these replies, joined by commas. */
static void expect(struct fixture *fixture, enum replay_mock_match match, const char *subject,
		   const char *question, const char *answers)
{
	struct replay_mock_reply reply;
	char text[200] = "";
	size_t len = 0;
	int64_t conversation, at = REPLAY_MOCK_NONE;
	assert_int_equal(ask(fixture, subject, question, &conversation), match);
	while (conversation != REPLAY_MOCK_NONE &&
	       replay_mock_index_reply(fixture->index, conversation, &at, &reply))
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", len > 0 ? "," : "",
					(int)reply.payload.len, reply.payload.data);
	assert_string_equal(text, answers);
}

/* ---- matching ---- */

static void equal_requests_get_their_replies_in_order_and_then_the_last_again(void **state)
{
	struct fixture *fixture = *state;
	converse(fixture, "get", "a", "1");
	converse(fixture, "get", "b", "2");
	converse(fixture, "get", "a", "3");
	must_read(fixture);
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "1");
	expect(fixture, REPLAY_MOCK_EXACT, "get", "b", "2");
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "3");
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "3");
}

static void only_equal_requests_match_an_exact_index(void **state)
{
	struct fixture *fixture = *state;
	fixture->choice.exact = true;
	converse(fixture, "get", "a", "1");
	must_read(fixture);
	expect(fixture, REPLAY_MOCK_MISS, "get", "b", "");
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "1");
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "1");
}

static enum replay_mock_match ask_with(struct fixture *fixture, uint64_t headers)
{
	int64_t conversation;
	return replay_mock_index_match(fixture->index, WIRE_LITERAL("get"), headers, WIRE_LITERAL("a"),
				       &conversation);
}

static void an_exact_index_compares_headers_in_any_order(void **state)
{
	struct fixture *fixture = *state;
	fixture->choice.exact = true;
	strcpy(request(fixture, "get", "_INBOX.1", "a")->headers, "NATS/1.0\r\nA: 1\r\nB:  2 \r\n\r\n");
	reply(fixture, STOCK, "_INBOX.1", "1");
	must_read(fixture);
	uint64_t a = replay_mock_add_header(0, WIRE_LITERAL("A"), WIRE_LITERAL("1"));
	uint64_t b = replay_mock_add_header(0, WIRE_LITERAL("B"), WIRE_LITERAL("2"));
	assert_int_equal(ask_with(fixture, replay_mock_add_header(b, WIRE_LITERAL("A"), WIRE_LITERAL("1"))),
			 REPLAY_MOCK_EXACT);
	assert_int_equal(ask_with(fixture, a), REPLAY_MOCK_MISS);
	assert_int_equal(ask_with(fixture, 0), REPLAY_MOCK_MISS);
	assert_int_equal(ask_with(fixture, replay_mock_add_header(a, WIRE_LITERAL("b"), WIRE_LITERAL("2"))),
			 REPLAY_MOCK_MISS);
}

/* It may have had another payload, and is still played in order. */
static void a_masked_request_equals_no_other(void **state)
{
	struct fixture *fixture = *state;
	request(fixture, "get", "_INBOX.1", "a")->event.flags = WIRE_EVENT_MASKED;
	reply(fixture, STOCK, "_INBOX.1", "1");
	must_read(fixture);
	expect(fixture, REPLAY_MOCK_IN_ORDER, "get", "a", "1");
}

static void other_requests_get_replies_that_were_not_played_on_the_subject(void **state)
{
	struct fixture *fixture = *state;
	converse(fixture, "get", "a", "1");
	converse(fixture, "put", "a", "2");
	converse(fixture, "get", "b", "3");
	must_read(fixture);
	expect(fixture, REPLAY_MOCK_EXACT, "get", "b", "3");
	expect(fixture, REPLAY_MOCK_IN_ORDER, "get", "c", "1");
	expect(fixture, REPLAY_MOCK_MISS, "get", "d", "1");
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "1");
	expect(fixture, REPLAY_MOCK_MISS, "list", "a", "");
}

static void several_replies_keep_their_order_and_their_delays(void **state)
{
	struct fixture *fixture = *state;
	struct replay_mock_reply got;
	int64_t conversation, at = REPLAY_MOCK_NONE;
	int64_t asked_ns = request(fixture, "list", "in.1", "all")->event.time_ns;
	reply(fixture, STOCK, "in.1", "x")->event.time_ns = asked_ns + 500;
	converse(fixture, "get", "a", "1");
	reply(fixture, STOCK, "in.1", "y")->event.time_ns = asked_ns + 7000;
	struct traffic_event *last = reply(fixture, STOCK_TOO, "in.1", "z");
	last->event.time_ns =
	    asked_ns + 6000; /* earlier than the reply before: keeps the order all the same */
	last->event.flags = WIRE_EVENT_CUT;
	snprintf(last->headers, sizeof last->headers, "NATS/1.0 404 Gone\r\n\r\n");
	must_read(fixture);
	assert_int_equal(ask(fixture, "list", "all", &conversation), REPLAY_MOCK_EXACT);
	assert_int_equal(replay_mock_index_incomplete(fixture->index), 1);
	static const int64_t after_ns[] = {500, 7000, 7000};
	for (int i = 0; i < 3; i++) {
		assert_true(replay_mock_index_reply(fixture->index, conversation, &at, &got));
		assert_int_equal(got.after_ns, after_ns[i]);
	}
	assert_int_equal(got.headers.len, strlen("NATS/1.0 404 Gone\r\n\r\n"));
	assert_false(replay_mock_index_reply(fixture->index, conversation, &at, &got));
}

static void a_clock_that_was_set_does_not_delay_replies(void **state)
{
	static const int64_t hour_ns = INT64_C(3600000000000);
	struct fixture *fixture = *state;
	struct replay_mock_reply got;
	int64_t conversation, at = REPLAY_MOCK_NONE;
	int64_t asked_ns = request(fixture, "list", "in.1", "all")->event.time_ns;
	for (int i = 0; i < 2; i++) {
		struct traffic_event *answer = reply(fixture, STOCK, "in.1", "x");
		answer->set_ns = i ? -hour_ns : hour_ns;
		answer->event.time_ns = asked_ns + 500 * (i + 1) + answer->set_ns;
	}
	must_read(fixture);
	assert_int_equal(ask(fixture, "list", "all", &conversation), REPLAY_MOCK_EXACT);
	for (int i = 0; i < 2; i++) {
		assert_true(replay_mock_index_reply(fixture->index, conversation, &at, &got));
		assert_int_equal(got.after_ns, 500 * (i + 1));
	}
}

static void a_request_without_recorded_replies_gets_none(void **state)
{
	static const char *const subjects[] = {"get", NULL};
	struct fixture *fixture = *state;
	fixture->choice.subjects = subjects;
	request(fixture, "get", "in.1", "a");
	must_read(fixture);
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "");
}

/* ---- whose replies ---- */

static void only_the_replies_of_the_service_count(void **state)
{
	struct fixture *fixture = *state;
	fixture->choice.service = "stock";
	request(fixture, "get", "in.1", "a");
	reply(fixture, STOCK, "in.1", "1");
	reply(fixture, BILLING, "in.1", "2");
	request(fixture, "pay", "in.2", "a");
	reply(fixture, BILLING, "in.2", "3");
	must_read(fixture);
	assert_int_equal(replay_mock_index_conversations(fixture->index), 1);
	expect(fixture, REPLAY_MOCK_EXACT, "get", "a", "1");
	expect(fixture, REPLAY_MOCK_MISS, "pay", "a", "");
}

static void the_error_for_an_unknown_service_names_the_known_ones(void **state)
{
	struct fixture *fixture = *state;
	fixture->choice.service = "stocks";
	converse(fixture, "get", "a", "1");
	converse(fixture, "get", "a", "1");
	request(fixture, "pay", "in.2", "a");
	reply(fixture, BILLING, "in.2", "3");
	assert_int_equal(read_index(fixture), -ENOENT);
	assert_non_null(strstr(fixture->fault.text, "\"stocks\""));
	assert_non_null(strstr(fixture->fault.text, "these did: stock, billing"));
}

/* ---- subscriptions ---- */

static void expect_subscriptions(struct fixture *fixture, const char *expected)
{
	size_t count, len = 0;
	char text[200] = "";
	const struct replay_mock_subscription *list = replay_mock_index_subscriptions(fixture->index, &count);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s/%s", i > 0 ? " " : "",
					list[i].subject, list[i].queue);
	assert_string_equal(text, expected);
}

static const struct wire_receiver in_group = {
    .conn = STOCK, .sid = {"1", 1}, .queue = {"keepers", 7}, .outcome = WIRE_SENT};

static void receive(struct traffic_event *event, const struct wire_receiver *receiver)
{
	event->event.receivers = receiver;
	event->event.receivers_len = 1;
}

static void the_queue_group_is_that_of_the_receiver(void **state)
{
	struct fixture *fixture = *state;
	fixture->choice.service = "stock";
	receive(request(fixture, "get", "in.1", "a"), &in_group);
	reply(fixture, STOCK, "in.1", "1");
	converse(fixture, "put", "a", "1");
	must_read(fixture);
	expect_subscriptions(fixture, "get/keepers put/");
}

static void recorded_subscriptions_replace_the_subjects_that_they_match(void **state)
{
	static const char *const subscribed[] = {"stock.*", "events.>"};
	struct fixture *fixture = *state;
	fixture->choice.service = "stock";
	for (int i = 0; i < 4; i++) {
		struct traffic_event *event =
		    traffic_message(&fixture->traffic, i == 3 ? BILLING : STOCK, subscribed[i / 2], "", "");
		event->event.kind = WIRE_EVENT_SUBSCRIBE;
		event->event.queue = WIRE_LITERAL("keepers");
	}
	converse(fixture, "stock.get", "a", "1");
	converse(fixture, "stock.put", "a", "1");
	converse(fixture, "other", "a", "1");
	must_read(fixture);
	expect_subscriptions(fixture, "stock.*/keepers other/");
}

static void chosen_patterns_are_subscribed_to(void **state)
{
	static const char *const subjects[] = {"stock.>", "none", NULL};
	struct fixture *fixture = *state;
	fixture->choice.subjects = subjects;
	receive(request(fixture, "stock.get", "in.1", "a"), &in_group);
	reply(fixture, STOCK, "in.1", "1");
	converse(fixture, "other", "a", "1");
	must_read(fixture);
	expect_subscriptions(fixture, "stock.>/keepers none/");
	assert_int_equal(replay_mock_index_conversations(fixture->index), 1);
}

static void another_queue_group_may_be_chosen(void **state)
{
	struct fixture *fixture = *state;
	fixture->choice.queue = "others";
	receive(request(fixture, "stock.get", "in.1", "a"), &in_group);
	reply(fixture, STOCK, "in.1", "1");
	must_read(fixture);
	expect_subscriptions(fixture, "stock.get/others");
}

static void too_many_subjects_are_refused_with_advice(void **state)
{
	struct fixture *fixture = *state;
	char subject[48];
	for (int i = 0; i <= REPLAY_MOCK_SUBSCRIPTIONS_MAX; i++) {
		snprintf(subject, sizeof subject, "orders.%d.get", i);
		converse(fixture, subject, "a", "1");
	}
	assert_int_equal(read_index(fixture), -E2BIG);
	assert_non_null(strstr(fixture->fault.text, "--subjects"));
}

/* ---- bounds ---- */

static void equal_replies_are_kept_once_and_memory_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	char text[96];
	fixture->choice.memory_bytes = 512 << 10;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "question %d", i);
		converse(fixture, "get", text,
			 "the answer is always this one, and it is rather long, to be seen");
	}
	must_read(fixture);
	replay_mock_index_close(fixture->index);
	fixture->index = NULL;
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof text,
			 "%d: the answer is never this one, and it is rather long, to be seen", i);
		converse(fixture, "get", "a", text);
	}
	assert_int_equal(read_index(fixture), -E2BIG);
	assert_non_null(strstr(fixture->fault.text, "--memory"));
}

/* A source of requests to another service. */
struct requests {
	struct wire_source source;
	int left;
	char inbox[32];
};

static int next_request(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct requests *requests = (struct requests *)source;
	(void)fault;
	if (requests->left == 0)
		return 0;
	snprintf(requests->inbox, sizeof requests->inbox, "in.%d", requests->left--);
	*event = (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				     .conn = SHOP,
				     .subject = WIRE_LITERAL("bills.pay"),
				     .reply = wire_slice_str(requests->inbox)};
	return 1;
}

static void requests_to_other_services_take_no_lasting_memory(void **state)
{
	struct fixture *fixture = *state;
	struct requests requests = {.source = {.next = next_request, .client = find_client}, .left = 1100000};
	fixture->choice.service = "stock";
	fixture->choice.memory_bytes = 48 << 20;
	assert_int_equal(
	    replay_mock_index_read(&fixture->index, &requests.source, &fixture->choice, &fixture->fault),
	    -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(equal_requests_get_their_replies_in_order_and_then_the_last_again),
	    TEST(only_equal_requests_match_an_exact_index),
	    TEST(an_exact_index_compares_headers_in_any_order),
	    TEST(a_masked_request_equals_no_other),
	    TEST(other_requests_get_replies_that_were_not_played_on_the_subject),
	    TEST(several_replies_keep_their_order_and_their_delays),
	    TEST(a_clock_that_was_set_does_not_delay_replies),
	    TEST(a_request_without_recorded_replies_gets_none),
	    TEST(only_the_replies_of_the_service_count),
	    TEST(the_error_for_an_unknown_service_names_the_known_ones),
	    TEST(the_queue_group_is_that_of_the_receiver),
	    TEST(recorded_subscriptions_replace_the_subjects_that_they_match),
	    TEST(chosen_patterns_are_subscribed_to),
	    TEST(another_queue_group_may_be_chosen),
	    TEST(too_many_subjects_are_refused_with_advice),
	    TEST(equal_replies_are_kept_once_and_memory_is_bounded),
	    TEST(requests_to_other_services_take_no_lasting_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
