/* The queue between libnats' threads and the one that takes messages, with a broker of this process as the server. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/client/queue.h"
#include "support/deadline.h"
#include "tests/unit/broker/broker_fixture.h"

enum { WAIT_MS = 20000, RING = 32768 };

static struct broker_fixture server;
static struct net_client_target *target;
static struct net_client *client;
static struct net_client_errors errors;
static struct net_client_queue *queue;
static struct wire_fault fault;

static void ignore(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	(void)event;
}

static struct wire_sink nowhere = {.event = ignore};

static void start(void)
{
	char url[64];
	signal(SIGPIPE, SIG_IGN);
	broker_fixture_start(&server, NULL, &nowhere);
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", server.port);
	const struct net_client_target_options options = {.servers = url, .timeout_ms = WAIT_MS};
	assert_int_equal(net_client_target_open(&target, &options, &fault), 0);
	net_client_errors_init(&errors);
	const struct net_client_watch watch = {0};
	assert_int_equal(net_client_open_watched(&client, target, "queue", &errors, &watch, &fault), 0);
	queue = net_client_queue_open(client);
	assert_non_null(queue);
}

static void stop_client(void)
{
	errors.is_over = true;
	net_client_queue_close(queue);
	net_client_close(client);
	net_client_target_close(target);
	net_client_errors_fini(&errors);
}

static void stop(void)
{
	stop_client();
	broker_fixture_stop(&server);
	broker_fixture_fini(&server);
}

static void subscribe(const char *subject, const char *group, uint64_t limit_bytes)
{
	assert_int_equal(net_client_queue_subscribe(queue, subject, group, limit_bytes, &fault), 0);
	assert_int_equal(net_client_confirm_subscriptions(client, WAIT_MS, &fault), 0);
}

/* Publish so many messages, numbered from 1 on, and wait until the server has read them. */
static void publish(const char *subject, unsigned count)
{
	char number[16];
	for (unsigned i = 1; i <= count; i++) {
		const struct net_client_message message = {
		    .subject = subject,
		    .payload = wire_slice(number, (size_t)snprintf(number, sizeof number, "%u", i))};
		assert_int_equal(net_client_publish(client, &message), NET_CLIENT_COLLECTED);
		while (i % 1000 == 0 && !net_client_push(client))
			net_client_wait(client, 10);
	}
	while (!net_client_push(client))
		net_client_wait(client, 10);
	assert_true(net_client_confirm(client, WAIT_MS));
}

static unsigned take_number(void)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	const struct net_client_arrival *arrival;
	while (!(arrival = net_client_queue_next(queue)))
		assert_true(support_deadline_retry(deadline));
	assert_true(arrival->read_ns > 0 && arrival->read_ns <= support_now_ns());
	unsigned number = (unsigned)strtoul(arrival->delivery.payload.data, NULL, 10);
	net_client_queue_release(queue);
	return number;
}

static void await_drained(void)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	while (!net_client_queue_is_drained(queue))
		assert_true(support_deadline_retry(deadline));
}

/* ---- claims ---- */

static void messages_come_once_and_in_order(void **state)
{
	(void)state;
	start();
	subscribe("a.>", NULL, UINT64_MAX);
	assert_null(net_client_queue_next(queue));
	publish("a.b", 1000);
	for (unsigned i = 1; i <= 1000; i++)
		assert_int_equal(take_number(), i);
	assert_null(net_client_queue_next(queue));
	assert_true(net_client_queue_is_empty(queue));
	stop();
}

static void a_message_stays_the_next_one_until_it_is_released(void **state)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	(void)state;
	start();
	subscribe("a", NULL, UINT64_MAX);
	publish("a", 2);
	while (!net_client_queue_next(queue))
		assert_true(support_deadline_retry(deadline));
	assert_ptr_equal(net_client_queue_next(queue), net_client_queue_next(queue));
	assert_int_equal(take_number(), 1);
	assert_int_equal(take_number(), 2);
	stop();
}

/* The ring is full, and libnats holds the rest: nothing is lost when no more is asked for, or the server is gone. */
static void what_has_come_is_given_out_after_the_end(void **state)
{
	const unsigned count = RING + 5000;
	(void)state;
	for (int is_gone = 0; is_gone < 2; is_gone++) {
		start();
		subscribe("a", NULL, UINT64_MAX);
		publish("a", count);
		assert_false(net_client_queue_is_empty(queue));
		if (is_gone) {
			struct support_deadline deadline = support_deadline_in(WAIT_MS);
			broker_fixture_stop(&server);
			while (net_client_is_up(client))
				assert_true(support_deadline_retry(deadline));
		}
		net_client_queue_drain(queue);
		for (unsigned i = 1; i <= count; i++) {
			assert_int_equal(take_number(), i);
			assert_true(i == count || !net_client_queue_is_empty(queue));
		}
		assert_true(net_client_queue_is_empty(queue));
		assert_int_equal(net_client_queue_dropped(queue), 0);
		if (!is_gone)
			await_drained();
		stop_client();
		if (!is_gone)
			broker_fixture_stop(&server);
		broker_fixture_fini(&server);
	}
}

static void what_libnats_has_no_room_for_is_counted(void **state)
{
	const unsigned count = RING + 5000;
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	uint64_t taken = 0, dropped = 0;
	(void)state;
	start();
	subscribe("a", NULL, 1000);
	publish("a", count);
	while ((dropped = net_client_queue_dropped(queue)) == 0)
		assert_true(support_deadline_retry(deadline));
	for (; taken + dropped < count; dropped = net_client_queue_dropped(queue)) {
		take_number();
		taken++;
	}
	assert_true(dropped > 0);
	assert_int_equal(taken + dropped, count);
	net_client_queue_drain(queue);
	await_drained();
	assert_int_equal(net_client_queue_dropped(queue), dropped); /* also when libnats has forgotten it */
	stop();
}

/* The server sends a message once for each subscription that matches, but once to a group. */
static void a_message_of_two_subjects_comes_once(void **state)
{
	static const char *const groups[] = {NULL, "group"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start();
		subscribe("*.b", groups[i], UINT64_MAX);
		subscribe("a.*", groups[i], UINT64_MAX);
		publish("a.b", 3);
		publish("a.c", 1);
		unsigned sum = 0;
		for (int taken = 0; taken < 4; taken++)
			sum += take_number();
		assert_int_equal(sum, 1 + 2 + 3 + 1);
		net_client_queue_drain(queue);
		await_drained();
		stop();
	}
}

static int end_threads(void **state)
{
	(void)state;
	net_client_end_threads();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_come_once_and_in_order),
	    cmocka_unit_test(a_message_stays_the_next_one_until_it_is_released),
	    cmocka_unit_test(what_has_come_is_given_out_after_the_end),
	    cmocka_unit_test(what_libnats_has_no_room_for_is_counted),
	    cmocka_unit_test(a_message_of_two_subjects_comes_once),
	};
	return cmocka_run_group_tests_name("queue", tests, NULL, end_threads);
}
