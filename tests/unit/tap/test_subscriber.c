/* A subscriber as a source of events, with a broker of this process as the server. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/client/client.h"
#include "support/deadline.h"
#include "tap/subscriber/subscriber.h"
#include "tests/unit/broker/broker_fixture.h"

enum { WAIT_MS = 20000, PROMPT_MS = 8000, MANY = 50000 };

static struct broker_fixture server;
static struct net_client_target *target, *publishers_target;
static struct net_client_loop *loop;
static struct net_client *publisher;
static struct net_client_errors errors;
static struct tap_subscriber *subscriber;
static struct tap_pump_source source;

/* What the source gave out. */
static unsigned messages, gaps, marks;
static const char *const everything[] = {">", NULL};
static char gap_text[300], mark_text[2000];

static void ignore(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	(void)event;
}

static struct wire_sink nowhere = {.event = ignore};

static _Atomic unsigned lines; /* for the operator */

static void count_line(void *context, const char *line)
{
	(void)context;
	(void)line;
	lines++;
}

static void start(const char *const *subjects, uint64_t limit)
{
	char url[64];
	struct wire_fault fault;
	signal(SIGPIPE, SIG_IGN);
	messages = gaps = marks = lines = 0;
	broker_fixture_start(&server, NULL, &nowhere);
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", server.port);
	const struct net_client_target_options options = {.servers = url, .timeout_ms = WAIT_MS};
	assert_int_equal(net_client_target_open(&target, &options, &fault), 0);
	assert_int_equal(net_client_target_open(&publishers_target, &options, &fault), 0);
	assert_int_equal(net_client_loop_open(&loop, &fault), 0);
	net_client_errors_init(&errors);
	assert_int_equal(net_client_open(&publisher, loop, publishers_target, "publisher", &errors, &fault),
			 0);
	const struct tap_subscriber_options recorder = {.target = target,
							.name = "subscriber",
							.subjects = subjects,
							.memory_bytes = UINT64_MAX,
							.control = "ctl",
							.limit = limit,
							.report = count_line,
							.confirm_ms = WAIT_MS};
	assert_int_equal(tap_subscriber_open(&subscriber, &recorder, &fault), 0);
	source = tap_subscriber_pump_source(subscriber);
}

static void stop(void)
{
	errors.is_over = true;
	tap_subscriber_close(subscriber);
	net_client_loop_stop(loop);
	net_client_close(publisher);
	net_client_loop_close(loop);
	net_client_target_close(publishers_target);
	net_client_target_close(target);
	net_client_errors_fini(&errors);
	if (server.broker)
		broker_fixture_stop(&server);
	broker_fixture_fini(&server);
}

static void publish(const char *subject, struct wire_slice payload, unsigned count)
{
	const struct net_client_message message = {.subject = subject, .payload = payload};
	for (unsigned i = 1; i <= count; i++) {
		assert_int_equal(net_client_publish(publisher, &message), NET_CLIENT_COLLECTED);
		while (i % 1000 == 0 && !net_client_push(publisher))
			net_client_wait(publisher, 10);
	}
	while (!net_client_push(publisher))
		net_client_wait(publisher, 10);
	assert_true(net_client_confirm(publisher, WAIT_MS));
}

static void note(const struct wire_event *event)
{
	messages += event->kind == WIRE_EVENT_MESSAGE;
	gaps += event->kind == WIRE_EVENT_GAP;
	marks += event->kind == WIRE_EVENT_MARK;
	if (event->kind == WIRE_EVENT_GAP)
		snprintf(gap_text, sizeof gap_text, "%.*s", (int)event->text.len, event->text.data);
	if (event->kind == WIRE_EVENT_MARK)
		snprintf(mark_text, sizeof mark_text, "%.*s", (int)event->text.len, event->text.data);
}

/* Take what there is now. */
static void take(void)
{
	struct wire_event event;
	struct wire_fault fault;
	int status;
	while ((status = source.source->next(source.source, &event, &fault)) > 0)
		note(&event);
	assert_int_equal(status, 0);
}

static void take_until(const unsigned *counter, unsigned wanted)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	for (take(); *counter < wanted; take())
		assert_true(support_deadline_retry(deadline));
}

/* Take until the source is over. Returns the milliseconds that this took. */
static int64_t take_all(void)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	int64_t from_ns = support_now_ns();
	for (take(); !source.is_over(source.source); take())
		assert_true(support_deadline_retry(deadline));
	return (support_now_ns() - from_ns) / 1000000;
}

static void stop_server(void)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	broker_fixture_stop(&server);
	server.broker = NULL;
	while (lines == 0) /* "disconnected" */
		assert_true(support_deadline_retry(deadline));
}

/* ---- claims ---- */

static void what_has_come_is_given_out_before_the_end(void **state)
{
	(void)state;
	start(everything, 0);
	publish("a", wire_slice_str("x"), MANY);
	source.stop(source.source);
	take_all();
	assert_int_equal(messages, MANY);
	assert_int_equal(gaps, 0);
	stop();
}

/* How much has come, the server does not say; tests/unit/net/test_queue.c counts it. */
static void an_end_while_the_server_is_away_gives_out_what_has_come_and_a_gap(void **state)
{
	(void)state;
	start(everything, 0);
	publish("a", wire_slice_str("x"), MANY);
	stop_server();
	source.stop(source.source);
	int64_t ms = take_all();
	assert_in_range(messages, 1, MANY);
	assert_int_equal(gaps, 1);
	assert_non_null(strstr(gap_text, "not reconnected until the recording ended"));
	assert_true(ms < PROMPT_MS);
	stop();
}

static void a_limit_that_is_reached_while_the_server_is_away_ends_with_a_gap(void **state)
{
	(void)state;
	start(everything, 100);
	publish("a", wire_slice_str("x"), 1000);
	stop_server();
	assert_true(take_all() < PROMPT_MS);
	assert_int_equal(messages, 100);
	assert_int_equal(gaps, 1);
	stop();
}

static void a_long_request_is_cut_to_what_a_mark_holds(void **state)
{
	char *request = malloc(1 << 19);
	(void)state;
	memset(request, 'x', 1 << 19);
	memcpy(request, "mark ", 5);
	start((const char *const[]){"a", NULL}, 0);
	take_until(&marks, 1); /* which server it is */
	publish("ctl", wire_slice(request, 1 << 19), 1);
	take_until(&marks, 2);
	assert_memory_equal(mark_text, "remark xxxx", 11);
	assert_true(strlen(mark_text) > 1000 && strlen(mark_text) < 1024);
	source.stop(source.source);
	take_all();
	free(request);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_has_come_is_given_out_before_the_end),
	    cmocka_unit_test(an_end_while_the_server_is_away_gives_out_what_has_come_and_a_gap),
	    cmocka_unit_test(a_limit_that_is_reached_while_the_server_is_away_ends_with_a_gap),
	    cmocka_unit_test(a_long_request_is_cut_to_what_a_mark_holds),
	};
	int failed = cmocka_run_group_tests_name("subscriber", tests, NULL, NULL);
	net_client_end_threads();
	return failed;
}
