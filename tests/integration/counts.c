/* counts: messages in the log = in_msgs of /varz = what publishers sent; deliveries in the log = what subscribers
 * received = out_msgs, except messages lost with the output of clients that were cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/broker.h"
#include "support/fail.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 30000 };

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

static void say(struct support_socket *sock, const char *text)
{
	assert_int_equal(support_socket_send_text(sock, text, soon()), 0);
}

/* Connect and send these lines; the broker has executed them when it returns. */
static void join(const struct support_broker *broker, struct support_socket *sock, const char *lines)
{
	assert_int_equal(support_socket_open(sock, broker->server.port), 0);
	say(sock, "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n");
	say(sock, lines);
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

static void publish(struct support_socket *sock, const char *subject, int count)
{
	char text[256];
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "PUB %s 10\r\n%010d\r\n", subject, i);
		say(sock, text);
	}
}

/* How often `text` was received. */
static int64_t received(const struct support_socket *sock, const char *text)
{
	int64_t count = 0;
	for (const char *at = sock->bytes; at && (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* How many messages with this head were received with all their bytes. */
static int64_t whole_messages(const struct support_socket *sock, const char *head, size_t body)
{
	int64_t count = 0;
	const char *at = sock->bytes, *end = sock->bytes + sock->len;
	while (at && (at = memmem(at, (size_t)(end - at), head, strlen(head))) != NULL) {
		at += strlen(head) + body;
		if (at > end)
			break;
		count++;
	}
	return count;
}

static int64_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_integer(value))
		fail_msg("stat --json has no number \"%s\"", key);
	return json_integer_value(value);
}

/* Stop the broker, and compare what its log says with these numbers. */
static void expect_log_alone(struct support_broker *broker, int64_t messages, int64_t deliveries)
{
	char *text;
	assert_int_equal(support_server_close(&broker->server), 0);
	assert_int_equal(
	    support_run((const char *[]){support_tapedeck(), "stat", "--json", broker->log, NULL}, &text), 0);
	json_t *stat = json_loads(text, 0, NULL);
	if (!stat)
		fail_msg("not JSON: %s", text);
	assert_int_equal(number(stat, "messages"), messages);
	assert_int_equal(number(stat, "deliveries"), deliveries);
	assert_int_equal(number(stat, "gaps"), 0);
	json_decref(stat);
	free(text);
	assert_int_equal(support_run((const char *[]){support_tapedeck(), "verify", broker->log, NULL}, NULL),
			 0);
	support_tempdir_close(&broker->dir);
}

static void expect_log(struct support_broker *broker, int64_t messages, int64_t deliveries)
{
	assert_int_equal(support_broker_varz(broker, "in_msgs"), messages);
	assert_int_equal(support_broker_varz(broker, "out_msgs"), deliveries);
	expect_log_alone(broker, messages, deliveries);
}

static void fan_out_counts_one_message_and_each_delivery(void **state)
{
	enum { READERS = 5, COUNT = 2000 };
	struct support_broker broker;
	struct support_socket readers[READERS], publisher;
	(void)state;
	support_broker_open(&broker, NULL, true);
	for (int i = 0; i < READERS; i++)
		join(&broker, &readers[i], "SUB fan.* 1\r\n");
	join(&broker, &publisher, "");
	publish(&publisher, "fan.out", COUNT);
	publish(&publisher, "nobody", COUNT);
	assert_int_equal(support_socket_sync(&publisher, soon()), 0);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(support_socket_sync(&readers[i], soon()), 0);
		assert_int_equal(received(&readers[i], "MSG fan.out 1 10\r\n"), COUNT);
		support_socket_close(&readers[i]);
	}
	support_socket_close(&publisher);
	expect_log(&broker, 2 * COUNT, READERS * COUNT);
}

static void expect_counts_of_queue_groups(const char *const *flags)
{
	enum { MEMBERS = 4, COUNT = 2000 };
	struct support_broker broker;
	struct support_socket members[MEMBERS], publisher;
	int64_t sum = 0;
	support_broker_open(&broker, flags, true);
	for (int i = 0; i < MEMBERS; i++)
		join(&broker, &members[i],
		     i % 2 ? "SUB work odd 1\r\n" : "SUB work even 1\r\nSUB work.> 2\r\n");
	join(&broker, &publisher, "SUB work 3\r\n");
	publish(&publisher, "work", COUNT);
	assert_int_equal(support_socket_sync(&publisher, soon()), 0);
	for (int i = 0; i < MEMBERS; i++) {
		assert_int_equal(support_socket_sync(&members[i], soon()), 0);
		sum += received(&members[i], "MSG work 1 10\r\n");
		support_socket_close(&members[i]);
	}
	assert_int_equal(sum, 2 * COUNT);
	support_socket_close(&publisher);
	expect_log(&broker, COUNT, 3 * COUNT);
}

static void queue_groups_count_one_delivery_each(void **state)
{
	(void)state;
	expect_counts_of_queue_groups(NULL);
}

static void counts_agree_however_much_is_recorded(void **state)
{
	static const char *const FLAGS[] = {"--record-detail=messages", "--record-detail=protocol",
					    "--record-payload=none",    "--record-sync=always",
					    "--record-level=9",         "--record-segment-size=20kb"};
	(void)state;
	for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++)
		expect_counts_of_queue_groups((const char *[]){FLAGS[i], NULL});
}

static void requests_headers_and_refusals_are_counted_as_the_broker_counts_them(void **state)
{
	struct support_broker broker;
	struct support_socket service, requester;
	(void)state;
	support_broker_open(&broker, NULL, true);
	join(&broker, &service, "SUB service group 1\r\n");
	join(&broker, &requester, "SUB inbox.* 1\r\n");
	for (int i = 0; i < 100; i++) {
		say(&requester, "HPUB service inbox.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n");
		say(&requester, "PUB nobody inbox.2 2\r\nhi\r\n");
	}
	assert_int_equal(support_socket_sync(&requester, soon()), 0);
	assert_int_equal(support_socket_sync(&service, soon()), 0);
	assert_int_equal(received(&service, "HMSG service 1 inbox.1 12 14\r\n"), 100);
	assert_int_equal(received(&requester, "NATS/1.0 503"), 100);
	publish(&service, "inbox.1", 100);
	assert_int_equal(support_socket_sync(&service, soon()), 0);
	assert_int_equal(support_socket_sync(&requester, soon()), 0);
	support_socket_close(&service);
	support_socket_close(&requester);
	int64_t out_msgs = support_broker_varz(&broker, "out_msgs");
	expect_log(&broker, 300, out_msgs);
}

static void a_client_killed_within_a_payload_published_nothing(void **state)
{
	enum { COUNT = 50 };
	struct support_broker broker;
	struct support_socket reader, publisher;
	(void)state;
	support_broker_open(&broker, NULL, true);
	join(&broker, &reader, "SUB > 1\r\n");
	for (int i = 0; i < COUNT; i++) {
		join(&broker, &publisher, "");
		publish(&publisher, "whole", 1);
		say(&publisher, i % 2 ? "PUB part 100000\r\nonly the beginning" : "PUB part 5\r\nhello");
		assert_int_equal(support_socket_await(&reader, 0, "whole", NULL, soon()), 0);
		support_socket_close(&publisher);
	}
	struct support_deadline deadline = soon();
	while (support_broker_varz(&broker, "connections") > 1 && support_deadline_retry(deadline))
		continue;
	assert_int_equal(support_socket_sync(&reader, soon()), 0);
	assert_int_equal(received(&reader, "MSG whole 1 10\r\n"), COUNT);
	assert_int_equal(received(&reader, "MSG part"), 0);
	support_socket_close(&reader);
	expect_log(&broker, COUNT, COUNT);
}

static void slow_consumers_that_are_cut_leave_the_counts_right(void **state)
{
	enum { COUNT = 60, PAYLOAD = 500000 };
	static const char CONFIG[] = "max_pending: 2mb\nwrite_deadline: \"1s\"\n";
	struct support_broker broker;
	struct support_socket slow[3], good, publisher;
	struct support_tempdir dir;
	char path[300], *frame = support_grow(NULL, PAYLOAD + 64);
	int64_t read = 0;
	(void)state;
	support_tempdir_open(&dir);
	support_write_file(support_tempdir_path(&dir, "conf", path, sizeof(path)), CONFIG, strlen(CONFIG));
	support_broker_open(&broker, (const char *[]){"-c", path, NULL}, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(support_socket_open_small(&slow[i], broker.server.port, 4096), 0);
		say(&slow[i], "CONNECT {\"verbose\":false}\r\nSUB big 1\r\n");
		assert_int_equal(support_socket_sync(&slow[i], soon()), 0);
	}
	join(&broker, &good, "SUB small 1\r\n");
	join(&broker, &publisher, "");
	size_t head = (size_t)sprintf(frame, "PUB big %d\r\n", PAYLOAD);
	memset(frame + head, 'x', PAYLOAD);
	memcpy(frame + head + PAYLOAD, "\r\n", 2);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(support_socket_send(&publisher, frame, head + PAYLOAD + 2, soon()), 0);
		publish(&publisher, "small", 1);
	}
	assert_int_equal(support_socket_sync(&publisher, soon()), 0);
	assert_int_equal(support_socket_sync(&good, soon()), 0);
	assert_int_equal(received(&good, "MSG small 1 10\r\n"), COUNT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(support_socket_await_close(&slow[i], soon()), 0);
		read += whole_messages(&slow[i], "MSG big 1 500000\r\n", PAYLOAD + 2);
		support_socket_close(&slow[i]);
	}
	assert_int_equal(support_broker_varz(&broker, "slow_consumers"), 3);
	support_socket_close(&publisher);
	support_socket_close(&good);
	int64_t out_msgs = support_broker_varz(&broker, "out_msgs");
	assert_true(COUNT + read < out_msgs && out_msgs < 4 * COUNT);
	assert_int_equal(support_broker_varz(&broker, "in_msgs"), 2 * COUNT);
	expect_log_alone(&broker, 2 * COUNT, COUNT + read);
	support_tempdir_close(&dir);
	free(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fan_out_counts_one_message_and_each_delivery),
	    cmocka_unit_test(queue_groups_count_one_delivery_each),
	    cmocka_unit_test(counts_agree_however_much_is_recorded),
	    cmocka_unit_test(requests_headers_and_refusals_are_counted_as_the_broker_counts_them),
	    cmocka_unit_test(a_client_killed_within_a_payload_published_nothing),
	    cmocka_unit_test(slow_consumers_that_are_cut_leave_the_counts_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
