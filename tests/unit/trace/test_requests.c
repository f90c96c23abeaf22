/* Requests paired with their replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/requests.h"

enum { MAX = 4096 };

/* A test's state: requests, and those that were forgotten, by key. */
struct fixture {
	struct trace_requests requests;
	uint64_t forgotten[3 * MAX];
	enum trace_forgotten why[3 * MAX];
	size_t count;
};

static void note(void *context, const struct trace_request *request, enum trace_forgotten why)
{
	struct fixture *fixture = context;
	assert_true(fixture->count < 3 * MAX);
	fixture->why[fixture->count] = why;
	fixture->forgotten[fixture->count++] = request->key;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	if (!fixture)
		return -1;
	trace_requests_init(&fixture->requests, MAX, note, fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	trace_requests_fini(&fixture->requests);
	free(fixture);
	return 0;
}

static void ask(struct fixture *fixture, const char *inbox, uint64_t key)
{
	const struct wire_event request = {.kind = WIRE_EVENT_MESSAGE,
					   .subject = WIRE_LITERAL("ask"),
					   .reply = wire_slice_str(inbox),
					   .steady_ns = 1000};
	assert_int_equal(trace_requests_add(&fixture->requests, &request, key, NULL), 0);
}

/* A request with the number as its inbox and key. */
static void ask_number(struct fixture *fixture, uint64_t number)
{
	char inbox[32];
	snprintf(inbox, sizeof inbox, "_INBOX.c.%lu", (unsigned long)number);
	ask(fixture, inbox, number);
}

static struct wire_event message(const char *subject)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .subject = wire_slice_str(subject),
				   .payload = WIRE_LITERAL("x"),
				   .size = 1,
				   .steady_ns = 1700};
}

static const struct trace_request *reply(struct fixture *fixture, const char *subject)
{
	struct wire_event event = message(subject);
	return trace_requests_reply(&fixture->requests, &event);
}

static bool knows_number(struct fixture *fixture, uint64_t number)
{
	char inbox[32];
	snprintf(inbox, sizeof inbox, "_INBOX.c.%lu", (unsigned long)number);
	const struct trace_request *request = reply(fixture, inbox);
	assert_true(!request || request->key == number);
	return request != NULL;
}

/* ---- pairing ---- */

static void a_reply_finds_its_request(void **state)
{
	struct fixture *fixture = *state;
	ask(fixture, "_INBOX.c.1", 7);
	ask(fixture, "_INBOX.c.2", 8);
	struct wire_event event = message("_INBOX.c.1");
	const struct trace_request *request = trace_requests_reply(&fixture->requests, &event);
	assert_non_null(request);
	assert_int_equal(request->key, 7);
	assert_int_equal(request->replies, 1);
	assert_false(request->is_shared);
	assert_int_equal(trace_reply_after_ns(request, &event), 700);
}

static void other_messages_find_none(void **state)
{
	struct fixture *fixture = *state;
	assert_null(reply(fixture, "_INBOX.c.1"));
	ask(fixture, "_INBOX.c.1", 7);
	assert_null(reply(fixture, "_INBOX.c.10"));
	assert_null(reply(fixture, "_INBOX.c"));
	assert_null(reply(fixture, "ask"));
	assert_null(reply(fixture, ""));
}

static void a_request_may_have_several_replies(void **state)
{
	struct fixture *fixture = *state;
	ask(fixture, "any.subject", 7);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(reply(fixture, "any.subject")->replies, i);
}

static void no_responders_is_not_a_reply(void **state)
{
	struct fixture *fixture = *state;
	struct wire_event event = message("_INBOX.c.1");
	event.headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n");
	event.payload = wire_slice(NULL, 0);
	event.size = 0;
	ask(fixture, "_INBOX.c.1", 7);
	const struct trace_request *request = trace_requests_reply(&fixture->requests, &event);
	assert_non_null(request);
	assert_int_equal(request->replies, 0);
	assert_true(request->no_responders);
}

static void no_responders_has_no_payload_and_status_503(void **state)
{
	struct wire_event event = message("_INBOX.c.1");
	(void)state;
	assert_false(trace_is_no_responders(&event));
	event.headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n");
	assert_false(trace_is_no_responders(&event));
	event.payload = wire_slice(NULL, 0);
	event.size = 0;
	assert_true(trace_is_no_responders(&event));
	event.headers = WIRE_LITERAL("NATS/1.0 404 Not Found\r\n\r\n");
	assert_false(trace_is_no_responders(&event));
	event.headers = WIRE_LITERAL("NATS/1.0\r\nStatus: 5\r\n\r\n");
	assert_false(trace_is_no_responders(&event));
}

/* ---- forgetting ---- */

static void a_subject_that_is_used_again_belongs_to_the_newer_request(void **state)
{
	struct fixture *fixture = *state;
	ask(fixture, "_INBOX.c.1", 7);
	assert_int_equal(reply(fixture, "_INBOX.c.1")->replies, 1);
	ask(fixture, "_INBOX.c.1", 8);
	assert_int_equal(fixture->count, 1);
	assert_int_equal(fixture->forgotten[0], 7);
	assert_int_equal(fixture->why[0], TRACE_SUPERSEDED);
	const struct trace_request *request = reply(fixture, "_INBOX.c.1");
	assert_int_equal(request->key, 8);
	assert_int_equal(request->replies, 1);
	assert_true(request->is_shared);
	assert_int_equal(fixture->requests.superseded, 1);
	assert_int_equal(fixture->requests.evicted, 0);
}

static void the_newest_requests_are_remembered_and_the_oldest_evicted(void **state)
{
	struct fixture *fixture = *state;
	for (uint64_t number = 1; number <= MAX; number++)
		ask_number(fixture, number);
	assert_int_equal(fixture->count, 0);
	for (uint64_t number = 1; number <= MAX; number++)
		assert_true(knows_number(fixture, number));
	for (uint64_t number = MAX + 1; number <= 2 * MAX + 10; number++)
		ask_number(fixture, number);
	for (uint64_t number = 1; number <= 2 * MAX + 10; number++)
		assert_int_equal(knows_number(fixture, number), number > MAX + 10);
	assert_int_equal(fixture->count, MAX + 10);
	for (size_t i = 0; i < fixture->count; i++) {
		assert_int_equal(fixture->forgotten[i], i + 1);
		assert_int_equal(fixture->why[i], TRACE_EVICTED);
	}
}

static void evictions_are_counted_and_those_without_a_reply_apart(void **state)
{
	struct fixture *fixture = *state;
	for (uint64_t number = 1; number <= MAX; number++)
		ask_number(fixture, number);
	assert_true(knows_number(fixture, 1));
	assert_true(knows_number(fixture, 3));
	for (uint64_t number = MAX + 1; number <= MAX + 5; number++)
		ask_number(fixture, number);
	assert_int_equal(fixture->requests.evicted, 5);
}

/* The request that uses a subject again is as new as any other: the age of the first one does not evict it. */
static void a_request_on_an_old_subject_is_remembered_as_long_as_others(void **state)
{
	struct fixture *fixture = *state;
	ask(fixture, "fixed", 1);
	for (uint64_t number = 2; number <= MAX; number++)
		ask_number(fixture, number);
	ask(fixture, "fixed", MAX + 1);
	for (uint64_t number = MAX + 2; number <= 2 * MAX; number++)
		ask_number(fixture, number);
	const struct trace_request *request = reply(fixture, "fixed");
	assert_non_null(request);
	assert_int_equal(request->key, MAX + 1);
	ask_number(fixture, 2 * MAX + 1);
	assert_null(reply(fixture, "fixed"));
}

static void one_subject_for_all_requests_evicts_none(void **state)
{
	struct fixture *fixture = *state;
	for (uint64_t number = 1; number <= 3 * MAX; number++)
		ask(fixture, "fixed", number);
	assert_int_equal(fixture->requests.superseded, 3 * MAX - 1);
	assert_int_equal(fixture->requests.evicted, 0);
	assert_int_equal(reply(fixture, "fixed")->key, 3 * MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_reply_finds_its_request),
	    TEST(other_messages_find_none),
	    TEST(a_request_may_have_several_replies),
	    TEST(no_responders_is_not_a_reply),
	    TEST(no_responders_has_no_payload_and_status_503),
	    TEST(a_subject_that_is_used_again_belongs_to_the_newer_request),
	    TEST(the_newest_requests_are_remembered_and_the_oldest_evicted),
	    TEST(evictions_are_counted_and_those_without_a_reply_apart),
	    TEST(a_request_on_an_old_subject_is_remembered_as_long_as_others),
	    TEST(one_subject_for_all_requests_evicts_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
