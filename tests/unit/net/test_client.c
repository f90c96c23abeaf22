/* Clients through libnats, with a broker of this process as their server. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/client/subscription.h"
#include "support/deadline.h"
#include "tests/unit/broker/broker_fixture.h"

enum { WAIT_MS = 20000, MANY = 2000 };

/* ---- the server, and what it saw ---- */

static struct broker_fixture server;

/* The last message. Written on the broker's thread. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned messages;
static char subject[100], reply[100], headers[200], payload[100], name[100];

static void copy(char *to, size_t size, struct wire_slice from)
{
	snprintf(to, size, "%.*s", (int)from.len, from.data ? from.data : "");
}

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	pthread_mutex_lock(&mutex);
	if (event->kind == WIRE_EVENT_CONNECT)
		copy(name, sizeof name, event->client->name);
	if (event->kind == WIRE_EVENT_MESSAGE) {
		messages++;
		copy(subject, sizeof subject, event->subject);
		copy(reply, sizeof reply, event->reply);
		copy(headers, sizeof headers, event->headers);
		copy(payload, sizeof payload, event->payload);
	}
	pthread_mutex_unlock(&mutex);
}

static struct wire_sink sink = {.event = on_event};

static unsigned messages_seen(void)
{
	pthread_mutex_lock(&mutex);
	unsigned seen = messages;
	pthread_mutex_unlock(&mutex);
	return seen;
}

static void require_password(struct broker_options *options)
{
	options->username = strdup("u");
	options->password = strdup("secret");
}

static void allow_little(struct broker_options *options)
{
	options->max_payload = 100;
	options->no_header_support = true;
}

/* ---- the client ---- */

static struct net_client_target *target;
static struct net_client_loop *loop;
static struct net_client *client;
static struct net_client_errors errors;

static int open_target(const char *user, const char *password)
{
	char url[64];
	struct wire_fault fault;
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", server.port);
	const struct net_client_target_options options = {
	    .servers = url, .user = user, .password = password, .timeout_ms = WAIT_MS};
	assert_int_equal(net_client_target_open(&target, &options, &fault), 0);
	assert_int_equal(net_client_loop_open(&loop, &fault), 0);
	net_client_errors_init(&errors);
	int status = net_client_open(&client, loop, target, "our name", &errors, &fault);
	if (status < 0)
		assert_memory_equal(fault.text, "cannot connect to nats://", 25);
	return status;
}

static void start(void (*change)(struct broker_options *options))
{
	messages = 0;
	signal(SIGPIPE, SIG_IGN);
	broker_fixture_start(&server, change, &sink);
}

static void close_target(void)
{
	errors.is_over = true;
	net_client_loop_stop(loop);
	net_client_close(client);
	net_client_loop_close(loop);
	net_client_target_close(target);
	net_client_errors_fini(&errors);
	client = NULL;
}

static void stop(void)
{
	close_target();
	broker_fixture_stop(&server);
	broker_fixture_fini(&server);
}

static void open_client(void (*change)(struct broker_options *options))
{
	start(change);
	assert_int_equal(open_target(NULL, NULL), 0);
}

static void push(void)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	while (!net_client_push(client)) {
		net_client_wait(client, 10);
		assert_true(support_deadline_left_ms(deadline) > 0);
	}
}

static const struct net_client_message hello = {.subject = "a.b", .payload = {"hello", 5}};

/* ---- claims ---- */

static void messages_are_collected_until_they_are_pushed(void **state)
{
	(void)state;
	open_client(NULL);
	assert_string_equal(name, "our name");
	assert_false(net_client_is_dirty(client));
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(net_client_publish(client, &hello), NET_CLIENT_COLLECTED);
	assert_true(net_client_is_dirty(client));
	assert_int_equal(messages_seen(), 0);
	push();
	assert_false(net_client_is_dirty(client));
	assert_true(net_client_confirm(client, WAIT_MS));
	assert_int_equal(messages_seen(), MANY);
	assert_string_equal(subject, "a.b");
	assert_string_equal(payload, "hello");
	assert_string_equal(reply, "");
	stop();
	assert_int_equal(errors.doubtful, 0);
}

/* Order, case and repetition are kept. */
static void replies_and_headers_are_published_as_they_are(void **state)
{
	static const char block[] = "NATS/1.0\r\nb: 1\r\nA: 2\r\nb: 3\r\n\r\n";
	const struct net_client_message message = {
	    .subject = "s", .reply = "r.1", .headers = WIRE_LITERAL(block), .payload = WIRE_LITERAL("x")};
	(void)state;
	open_client(NULL);
	assert_int_equal(net_client_publish(client, &message), NET_CLIENT_COLLECTED);
	push();
	assert_true(net_client_confirm(client, WAIT_MS));
	assert_string_equal(headers, block);
	assert_string_equal(reply, "r.1");
	stop();
}

static void messages_that_cannot_be_published_are_told_apart(void **state)
{
	char large[101];
	const struct net_client_message too_large = {.subject = "s", .payload = {large, sizeof large}};
	const struct net_client_message no_headers = {.subject = "s",
						      .headers = WIRE_LITERAL("NATS/1.0\r\na: b\r\n\r\n")};
	const struct net_client_message bad_headers = {.subject = "s", .headers = WIRE_LITERAL("nonsense")};
	(void)state;
	memset(large, 'x', sizeof large);
	open_client(allow_little);
	assert_int_equal(net_client_publish(client, &too_large), NET_CLIENT_TOO_LARGE);
	assert_int_equal(net_client_publish(client, &no_headers), NET_CLIENT_NO_HEADERS);
	assert_int_equal(net_client_publish(client, &bad_headers), NET_CLIENT_BAD_HEADERS);
	assert_false(net_client_is_dirty(client));
	stop();
}

static void the_server_is_known_by_its_id(void **state)
{
	char id[100], none[100];
	(void)state;
	open_client(NULL);
	net_client_server_id(client, id, sizeof id);
	assert_int_equal(strlen(id), 56);
	net_client_server_id(client, none, 4);
	assert_string_equal(none, "");
	stop();
}

static void credentials_are_presented_and_their_refusal_is_told_apart(void **state)
{
	(void)state;
	start(require_password);
	assert_int_equal(open_target("u", "secret"), 0);
	close_target();
	assert_int_equal(open_target("u", "wrong"), -EACCES);
	stop();
}

static void a_server_that_is_not_there_is_refused(void **state)
{
	(void)state;
	start(NULL);
	broker_fixture_stop(&server);
	assert_int_equal(open_target(NULL, NULL), -ECONNREFUSED);
	close_target();
	broker_fixture_fini(&server);
}

static void while_the_server_is_away_nothing_is_collected(void **state)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	(void)state;
	open_client(NULL);
	broker_fixture_stop(&server);
	while (errors.disconnects == 0)
		assert_true(support_deadline_retry(deadline));
	assert_int_equal(net_client_publish(client, &hello), NET_CLIENT_AWAY);
	assert_true(net_client_push(client));
	assert_false(net_client_is_up(client));
	assert_false(net_client_is_closed(client));
	close_target();
	broker_fixture_fini(&server);
}

/* ---- targets ---- */

static void unusable_targets_are_refused(void **state)
{
	static const struct net_client_target_options cases[] = {
	    {.servers = "", .timeout_ms = 1},
	    {.servers = "nats://x", .timeout_ms = 1, .tlsca = "/no/such/file"},
	    {.servers = "nats://x", .timeout_ms = 1, .nkey = "/no/such/file"}};
	struct wire_fault fault;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fault.text[0] = '\0';
		assert_int_equal(net_client_target_open(&target, &cases[i], &fault), -EINVAL);
		assert_true(strlen(fault.text) > 0);
	}
}

static void more_servers_than_can_be_kept_are_refused(void **state)
{
	char servers[65 * 12] = "";
	struct wire_fault fault;
	(void)state;
	for (int i = 0; i < 65; i++)
		strcat(servers, i > 0 ? ",nats://x" : "nats://x");
	const struct net_client_target_options options = {.servers = servers, .timeout_ms = 1};
	assert_int_equal(net_client_target_open(&target, &options, &fault), -EINVAL);
	*strrchr(servers, ',') = '\0';
	assert_int_equal(net_client_target_open(&target, &options, &fault), 0);
	net_client_target_close(target);
	target = NULL;
}

/* ---- subscriptions ---- */

/* The last delivery of a subscription, and their number. Written in a thread of libnats. */
struct heard {
	_Atomic unsigned count;
	char subject[100], reply[100], payload[100], status[20];
};

static bool on_delivery(void *context, const struct net_client_delivery *delivery)
{
	struct heard *heard = context;
	const char *status = net_client_delivery_status(delivery);
	snprintf(heard->subject, sizeof heard->subject, "%s", delivery->subject);
	snprintf(heard->reply, sizeof heard->reply, "%s", delivery->reply ? delivery->reply : "");
	snprintf(heard->status, sizeof heard->status, "%s", status ? status : "");
	copy(heard->payload, sizeof heard->payload, delivery->payload);
	heard->count++;
	return false;
}

static void await_count(struct heard *heard, unsigned count)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	while (heard->count < count)
		assert_true(support_deadline_retry(deadline));
}

static struct net_client_subscription *subscribe(const char *pattern, const char *queue, struct heard *heard)
{
	struct net_client_subscription *subscription;
	struct wire_fault fault;
	assert_int_equal(
	    net_client_subscribe(&subscription, client, pattern, queue, on_delivery, heard, &fault), 0);
	return subscription;
}

static void publish(const struct net_client_message *message)
{
	assert_int_equal(net_client_publish(client, message), NET_CLIENT_COLLECTED);
	push();
}

static void subscriptions_deliver_until_they_are_ended(void **state)
{
	const struct net_client_message request = {
	    .subject = "a.1", .reply = "r", .payload = WIRE_LITERAL("hello")};
	struct heard heard[2] = {0};
	struct net_client_subscription *subscriptions[2];
	struct wire_fault fault;
	(void)state;
	open_client(NULL);
	subscriptions[0] = subscribe("a.*", NULL, &heard[0]);
	subscriptions[1] = subscribe("a.>", "", &heard[1]);
	assert_int_equal(net_client_confirm_subscriptions(client, WAIT_MS, &fault), 0);
	publish(&request);
	await_count(&heard[0], 1);
	await_count(&heard[1], 1);
	assert_string_equal(heard[0].subject, "a.1");
	assert_string_equal(heard[0].reply, "r");
	assert_string_equal(heard[0].payload, "hello");
	assert_string_equal(heard[0].status, "");
	for (int i = 0; i < MANY; i++)
		publish(&request);
	net_client_unsubscribe(subscriptions, 2);
	unsigned count = heard[0].count;
	publish(&request);
	assert_true(net_client_confirm(client, WAIT_MS));
	assert_int_equal(heard[0].count, count);
	stop();
}

/* A delivery that takes a while. */
static _Atomic bool is_delivering, is_over;

static bool deliver_slowly(void *context, const struct net_client_delivery *delivery)
{
	struct support_deadline deadline = support_deadline_in(100);
	(void)context;
	(void)delivery;
	is_delivering = true;
	while (support_deadline_retry(deadline))
		;
	is_over = true;
	return false;
}

static void ending_a_subscription_waits_for_its_last_delivery(void **state)
{
	struct net_client_subscription *subscription;
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	struct wire_fault fault;
	(void)state;
	open_client(NULL);
	assert_int_equal(
	    net_client_subscribe(&subscription, client, "a.b", NULL, deliver_slowly, NULL, &fault), 0);
	assert_int_equal(net_client_confirm_subscriptions(client, WAIT_MS, &fault), 0);
	publish(&hello);
	while (!is_delivering)
		assert_true(support_deadline_retry(deadline));
	net_client_unsubscribe(&subscription, 1);
	assert_true(is_over);
	stop();
}

static void a_queue_group_shares_its_messages(void **state)
{
	struct heard heard[2] = {0};
	struct net_client_subscription *subscriptions[2];
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	struct wire_fault fault;
	(void)state;
	open_client(NULL);
	for (int i = 0; i < 2; i++)
		subscriptions[i] = subscribe("a.b", "group", &heard[i]);
	assert_int_equal(net_client_confirm_subscriptions(client, WAIT_MS, &fault), 0);
	for (unsigned i = 0; i < MANY; i++)
		publish(&hello);
	while (heard[0].count + heard[1].count < MANY)
		assert_true(support_deadline_retry(deadline));
	net_client_unsubscribe(subscriptions, 2);
	assert_int_equal(heard[0].count + heard[1].count, MANY);
	stop();
}

static void no_responders_are_a_status(void **state)
{
	const struct net_client_message request = {
	    .subject = "nobody", .reply = "inbox.1", .payload = WIRE_LITERAL("?")};
	struct heard heard = {0};
	struct net_client_subscription *subscription;
	struct wire_fault fault;
	(void)state;
	open_client(NULL);
	subscription = subscribe("inbox.*", NULL, &heard);
	assert_int_equal(net_client_confirm_subscriptions(client, WAIT_MS, &fault), 0);
	publish(&request);
	await_count(&heard, 1);
	assert_string_equal(heard.status, "503");
	assert_string_equal(heard.payload, "");
	net_client_unsubscribe(&subscription, 1);
	stop();
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
	    cmocka_unit_test(messages_are_collected_until_they_are_pushed),
	    cmocka_unit_test(replies_and_headers_are_published_as_they_are),
	    cmocka_unit_test(messages_that_cannot_be_published_are_told_apart),
	    cmocka_unit_test(the_server_is_known_by_its_id),
	    cmocka_unit_test(credentials_are_presented_and_their_refusal_is_told_apart),
	    cmocka_unit_test(a_server_that_is_not_there_is_refused),
	    cmocka_unit_test(while_the_server_is_away_nothing_is_collected),
	    cmocka_unit_test(unusable_targets_are_refused),
	    cmocka_unit_test(more_servers_than_can_be_kept_are_refused),
	    cmocka_unit_test(subscriptions_deliver_until_they_are_ended),
	    cmocka_unit_test(ending_a_subscription_waits_for_its_last_delivery),
	    cmocka_unit_test(a_queue_group_shares_its_messages),
	    cmocka_unit_test(no_responders_are_a_status),
	};
	return cmocka_run_group_tests_name("client", tests, NULL, end_threads);
}
