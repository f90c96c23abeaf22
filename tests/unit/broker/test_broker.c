/* A whole broker in this process, clients on raw sockets, and a sink that counts: the events agree with what the
 * clients saw. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/inspect.h"

enum { EVENTS_MAX = 4096, DEADLINE_S = 20, PING_MS = 500, HELD_MS = 3 * PING_MS };

/* The parts of an event that tests check. */
struct note {
	enum wire_event_kind kind;
	uint64_t conn, lost_messages;
	char text[128]; /* "subject", or the text */
	uint32_t receiver_count, receivers_len;
	enum wire_outcome last_outcome;
};

static struct {
	struct broker *broker;
	pthread_t thread;
	struct broker_totals totals; /* at the end */
	struct wire_sink sink;
	pthread_mutex_t lock;
	struct note notes[EVENTS_MAX];
	size_t notes_len;
	uint64_t messages, deliveries, outcomes[WIRE_OUTCOMES];
	bool hint_strays; /* a hint was used for two different subjects */
	bool is_full;
	unsigned ticks; /* since the last event */
	int port;
} house;

/* ---- the sink ---- */

static void watch_hint(const struct wire_event *event)
{
	struct wire_intern_hint *hint = event->subject_hint;
	if (!hint)
		return;
	uint32_t sum = 0;
	for (size_t i = 0; i < event->subject.len; i++)
		sum = sum * 31 + (unsigned char)event->subject.data[i];
	if (hint->stamp && hint->id != sum)
		house.hint_strays = true;
	*hint = (struct wire_intern_hint){.stamp = 1, .id = sum};
}

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	pthread_mutex_lock(&house.lock);
	house.ticks = 0;
	if (event->kind == WIRE_EVENT_MESSAGE) {
		house.messages++;
		house.deliveries += event->receiver_count;
		for (uint32_t i = 0; i < event->receivers_len; i++)
			house.outcomes[event->receivers[i].outcome]++;
		watch_hint(event);
	}
	if (house.notes_len < EVENTS_MAX) {
		struct note *note = &house.notes[house.notes_len++];
		struct wire_slice text = event->text.len ? event->text : event->subject;
		*note = (struct note){.kind = event->kind,
				      .conn = event->conn,
				      .lost_messages = event->lost_messages,
				      .receiver_count = event->receiver_count,
				      .receivers_len = event->receivers_len};
		snprintf(note->text, sizeof note->text, "%.*s", (int)text.len, text.data ? text.data : "");
		if (event->receivers_len > 0)
			note->last_outcome = event->receivers[event->receivers_len - 1].outcome;
	}
	pthread_mutex_unlock(&house.lock);
}

static bool on_ready(struct wire_sink *sink)
{
	(void)sink;
	pthread_mutex_lock(&house.lock);
	bool is_ready = !house.is_full;
	pthread_mutex_unlock(&house.lock);
	return is_ready;
}

/* Wants to be called three times. */
static unsigned on_tick(struct wire_sink *sink, int64_t now_ns)
{
	(void)sink;
	(void)now_ns;
	pthread_mutex_lock(&house.lock);
	unsigned ticks = ++house.ticks;
	pthread_mutex_unlock(&house.lock);
	return ticks < 3 ? 1 : 0;
}

/* ---- the broker ---- */

static void *run(void *context)
{
	(void)context;
	broker_run(house.broker);
	return NULL;
}

/* Start with the defaults as changed by `change`. */
static void start(void (*change)(struct broker_options *options))
{
	struct broker_options options;
	struct wire_fault fault;
	memset(&house, 0, sizeof house);
	pthread_mutex_init(&house.lock, NULL);
	house.sink = (struct wire_sink){.event = on_event, .tick = on_tick, .ready = on_ready};
	broker_options_init(&options);
	options.host = strdup("127.0.0.1");
	options.port = -1;
	if (change)
		change(&options);
	if (broker_open(&house.broker, &options, NULL, &house.sink, &fault) < 0)
		fail_msg("%s", fault.text);
	house.port = broker_port(house.broker);
	assert_int_equal(pthread_create(&house.thread, NULL, run, NULL), 0);
}

static void stop(void)
{
	broker_stop(house.broker);
	pthread_join(house.thread, NULL);
	broker_inspect_totals(house.broker, &house.totals);
	broker_close(house.broker);
	pthread_mutex_destroy(&house.lock);
	assert_int_equal(house.totals.in_msgs, house.messages);
	assert_int_equal(house.totals.out_msgs, house.deliveries);
	assert_int_equal(house.totals.out_msgs, house.outcomes[WIRE_SENT]);
	assert_int_equal(house.totals.connections, 0);
	assert_int_equal(house.totals.subscriptions, 0);
	assert_int_equal(house.totals.pending_bytes, 0);
	assert_false(house.hint_strays);
}

/* ---- clients ---- */

#define HELLO "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n"

static void say(int fd, const char *text)
{
	size_t len = strlen(text);
	while (len > 0) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		text += sent;
		len -= (size_t)sent;
	}
}

/* Read until `text` has come; false at the end of the stream or past the deadline. */
static bool hear(int fd, const char *text)
{
	size_t len = 0, cap = 1 << 20;
	char *heard = calloc(1, cap);
	bool found = false;
	while (!found && len < cap - 1) {
		ssize_t got = recv(fd, heard + len, cap - 1 - len, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
		found = strstr(heard, text) != NULL;
	}
	free(heard);
	return found;
}

static void settle(int fd)
{
	say(fd, "PING\r\n");
	assert_true(hear(fd, "PONG\r\n"));
}

static int join(const char *hello)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons((uint16_t)house.port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval deadline = {.tv_sec = DEADLINE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	say(fd, hello);
	settle(fd);
	return fd;
}

static void listen_everywhere(struct broker_options *options)
{
	free(options->host);
	options->host = NULL;
}

/* Wait until a note of this kind with this text is there; NULL past the deadline. */
static const struct note *await(enum wire_event_kind kind, const char *text)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	for (int i = 0; i < DEADLINE_S * 500; i++) {
		const struct note *found = NULL;
		pthread_mutex_lock(&house.lock);
		for (size_t at = 0; at < house.notes_len && !found; at++)
			if (house.notes[at].kind == kind && strstr(house.notes[at].text, text))
				found = &house.notes[at];
		pthread_mutex_unlock(&house.lock);
		if (found)
			return found;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* Wait until the sink had this many ticks since the last event; false past the deadline. */
static bool await_tick(unsigned tick)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	unsigned ticks = 0;
	for (int i = 0; i < DEADLINE_S * 500 && ticks < tick; i++) {
		pthread_mutex_lock(&house.lock);
		ticks = house.ticks;
		pthread_mutex_unlock(&house.lock);
		nanosleep(&pause, NULL);
	}
	return ticks >= tick;
}

/* ---- the tests ---- */

static void events_come_in_the_order_of_what_happened(void **state)
{
	static const enum wire_event_kind wanted[] = {
	    WIRE_EVENT_MARK,        WIRE_EVENT_CONNECT, WIRE_EVENT_SUBSCRIBE, WIRE_EVENT_MESSAGE,
	    WIRE_EVENT_UNSUBSCRIBE, WIRE_EVENT_ERROR,   WIRE_EVENT_DISCONNECT};
	(void)state;
	start(NULL);
	int fd = join(HELLO);
	say(fd, "SUB a 1\r\nPUB a 2\r\nhi\r\nUNSUB 1\r\nSUB a. 2\r\n");
	settle(fd);
	close(fd);
	assert_non_null(await(WIRE_EVENT_DISCONNECT, "Client Closed"));
	stop();
	assert_int_equal(house.notes_len, sizeof wanted / sizeof *wanted);
	for (size_t i = 0; i < house.notes_len; i++)
		assert_int_equal(house.notes[i].kind, wanted[i]);
}

static void an_idle_broker_calls_the_sink_as_long_as_it_wants(void **state)
{
	(void)state;
	start(NULL);
	assert_true(await_tick(3)); /* also before any event */
	int fd = join(HELLO);
	say(fd, "PUB a 2\r\nhi\r\n");
	assert_non_null(await(WIRE_EVENT_MESSAGE, "a"));
	assert_true(await_tick(3));
	close(fd);
	stop();
	assert_true(house.ticks <= 3);
}

static void clients_come_over_ipv6_as_well(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)state;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		skip();
	start(listen_everywhere);
	address.sin6_port = htons((uint16_t)house.port);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	say(fd, HELLO "SUB a 1\r\nPUB a 2\r\nhi\r\n");
	assert_true(hear(fd, "MSG a 1 2\r\nhi\r\n"));
	int other = join(HELLO);
	close(other);
	close(fd);
	stop();
}

static void a_client_without_connect_is_announced_by_its_first_operation(void **state)
{
	(void)state;
	start(NULL);
	int fd = join("");
	close(fd);
	assert_non_null(await(WIRE_EVENT_DISCONNECT, ""));
	stop();
	assert_int_equal(house.notes[0].kind, WIRE_EVENT_MARK);
	assert_int_equal(house.notes[1].kind, WIRE_EVENT_CONNECT);
}

static void each_message_goes_to_one_queue_member_and_every_member_is_chosen(void **state)
{
	(void)state;
	start(NULL);
	int fd = join(HELLO);
	say(fd, "SUB j g 1\r\nSUB j g 2\r\nSUB * g 3\r\nSUB j h 4\r\n");
	for (int i = 0; i < 300; i++)
		say(fd, "PUB j 1\r\nx\r\n");
	settle(fd);
	close(fd);
	stop();
	assert_int_equal(house.messages, 300);
	assert_int_equal(house.deliveries, 600);
}

static void an_incomplete_message_makes_no_event(void **state)
{
	(void)state;
	start(NULL);
	int sub = join(HELLO "SUB a 1\r\n"), pub = join(HELLO);
	say(pub, "PUB a 2\r\nok\r\nPUB a 10000\r\nonly so much");
	close(pub);
	assert_non_null(await(WIRE_EVENT_DISCONNECT, ""));
	close(sub);
	stop();
	assert_int_equal(house.messages, 1);
}

static void limit_pending(struct broker_options *options)
{
	options->max_pending = 256 * 1024;
	options->max_payload = 128 * 1024;
}

static void a_slow_consumer_is_cut_and_its_losses_are_reported(void **state)
{
	static char payload[100001];
	(void)state;
	start(limit_pending);
	int slow = join(HELLO "SUB a 1\r\n"), pub = join(HELLO);
	memset(payload, 'x', sizeof payload - 1);
	for (int i = 0; i < 400; i++) {
		say(pub, "PUB a 100000\r\n");
		say(pub, payload);
		say(pub, "\r\n");
	}
	settle(pub);
	const struct note *gone = await(WIRE_EVENT_DISCONNECT, "Slow Consumer");
	assert_non_null(gone);
	assert_true(gone->lost_messages >= 1 && gone->lost_messages <= 3);
	close(pub);
	close(slow);
	stop();
	assert_int_equal(house.messages, 400);
	assert_true(house.outcomes[WIRE_DROPPED_SLOW] >= 1);
	assert_int_equal(house.totals.slow_consumers, 1);
}

static void limit_total(struct broker_options *options)
{
	options->max_pending_total = 4 << 20;
}

static void memory_for_all_clients_together_is_bounded(void **state)
{
	enum { SLOW = 8 };
	static char payload[100001];
	int slow[SLOW];
	(void)state;
	start(limit_total);
	for (int i = 0; i < SLOW; i++)
		slow[i] = join(HELLO "SUB a 1\r\n");
	int pub = join(HELLO);
	memset(payload, 'x', sizeof payload - 1);
	for (int i = 0; i < 120; i++) {
		say(pub, "PUB a 100000\r\n");
		say(pub, payload);
		say(pub, "\r\n");
	}
	settle(pub);
	assert_non_null(await(WIRE_EVENT_DISCONNECT, "Slow Consumer"));
	for (int i = 0; i < SLOW; i++)
		close(slow[i]);
	close(pub);
	stop();
	assert_int_equal(house.messages, 120);
}

static void forbid(struct broker_options *options)
{
	options->users = calloc(1, sizeof *options->users);
	options->users_len = 1;
	options->users->name = strdup("u");
	options->users->password = strdup("p");
	options->users->permissions = calloc(1, sizeof *options->users->permissions);
	options->users->permissions->publish.deny = calloc(1, sizeof(char *));
	options->users->permissions->publish.deny[0] = strdup("no");
	options->users->permissions->publish.deny_len = 1;
	options->users->permissions->subscribe.deny = calloc(1, sizeof(char *));
	options->users->permissions->subscribe.deny[0] = strdup("x.secret");
	options->users->permissions->subscribe.deny_len = 1;
}

#define HELLO_USER "CONNECT {\"verbose\":false,\"pedantic\":false,\"user\":\"u\",\"pass\":\"p\"}\r\n"

static void deliveries_that_permissions_deny_are_reported(void **state)
{
	(void)state;
	start(forbid);
	int fd = join(HELLO_USER);
	say(fd, "SUB x.* 1\r\nSUB no 2\r\nPUB x.secret 1\r\na\r\nPUB x.open 1\r\na\r\nPUB no 1\r\na\r\n");
	settle(fd);
	close(fd);
	assert_non_null(await(WIRE_EVENT_DISCONNECT, ""));
	const struct note *secret = await(WIRE_EVENT_MESSAGE, "x.secret");
	assert_int_equal(secret->receiver_count, 0);
	assert_int_equal(secret->receivers_len, 1);
	assert_int_equal(secret->last_outcome, WIRE_DROPPED_PERMISSION);
	assert_int_equal(await(WIRE_EVENT_MESSAGE, "x.open")->receiver_count, 1);
	assert_int_equal(await(WIRE_EVENT_MESSAGE, "no")->receivers_len, 0);
	assert_non_null(await(WIRE_EVENT_ERROR, "Permissions Violation for Publish to \"no\""));
	stop();
	assert_int_equal(house.messages, 3);
}

static void set_full(bool is_full)
{
	pthread_mutex_lock(&house.lock);
	house.is_full = is_full;
	pthread_mutex_unlock(&house.lock);
}

static void ping_often(struct broker_options *options)
{
	options->ping_interval_ms = PING_MS;
	options->ping_max = 1;
}

/* A PING makes no event, and is answered unless a message waits before it. No client is cut for silence while its
 * reading is paused. */
static void a_full_sink_holds_publishers_and_loses_no_message(void **state)
{
	(void)state;
	start(ping_often);
	int pub = join(HELLO), sub = join(HELLO);
	say(sub, "SUB > 1\r\n");
	settle(sub);
	say(pub, "PUB a 1\r\nx\r\n");
	assert_true(hear(sub, "MSG a 1 1\r\nx\r\n"));
	set_full(true);
	say(pub, "PUB b 1\r\nx\r\nPING\r\n");
	say(sub, "PING\r\n");
	assert_true(hear(sub, "PONG\r\n"));
	struct pollfd silence = {.fd = pub, .events = POLLIN};
	assert_int_equal(poll(&silence, 1, HELD_MS), 0);
	assert_int_equal(house.messages, 1);
	set_full(false);
	broker_wake(house.broker);
	assert_true(hear(pub, "PONG\r\n"));
	close(pub);
	close(sub);
	stop();
	assert_int_equal(house.messages, 2);
}

/* Everything at once, in writes that end anywhere: clients connect, subscribe, publish, leave within a word. */
static void counts_agree_whatever_clients_do(void **state)
{
	static const char script[] = "SUB a.* 1\r\nSUB a.b q 2\r\nUNSUB 1 3\r\nPUB a.b 3\r\nabc\r\nHPUB a.c "
				     "12 14\r\nNATS/1.0\r\n\r\nhi\r\n"
				     "PUB a.b inbox.1 0\r\n\r\nSUB > 9\r\nPUB\ta.b  3 \r\nxyz\r\nUNSUB "
				     "2\r\nPUB none r 1\r\nx\r\nPING\r\n";
	enum { CLIENTS = 6, ROUNDS = 400 };
	int fds[CLIENTS];
	size_t at[CLIENTS] = {0};
	(void)state;
	srand(99);
	start(NULL);
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = join(HELLO);
	for (int round = 0; round < ROUNDS; round++) {
		int i = rand() % CLIENTS;
		char portion[64];
		size_t left = sizeof script - 1 - at[i], len = 1 + (size_t)(rand() % 60);
		snprintf(portion, sizeof portion, "%.*s", (int)(len < left ? len : left), script + at[i]);
		say(fds[i], portion);
		at[i] = len < left ? at[i] + len : 0;
		char trash[4096];
		while (recv(fds[i], trash, sizeof trash, MSG_DONTWAIT) > 0)
			;
		if (rand() % 20 == 0) {
			close(fds[i]);
			fds[i] = join(HELLO);
			at[i] = 0;
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	stop();
	assert_true(house.messages > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_come_in_the_order_of_what_happened),
	    cmocka_unit_test(an_idle_broker_calls_the_sink_as_long_as_it_wants),
	    cmocka_unit_test(clients_come_over_ipv6_as_well),
	    cmocka_unit_test(a_client_without_connect_is_announced_by_its_first_operation),
	    cmocka_unit_test(each_message_goes_to_one_queue_member_and_every_member_is_chosen),
	    cmocka_unit_test(an_incomplete_message_makes_no_event),
	    cmocka_unit_test(a_slow_consumer_is_cut_and_its_losses_are_reported),
	    cmocka_unit_test(memory_for_all_clients_together_is_bounded),
	    cmocka_unit_test(deliveries_that_permissions_deny_are_reported),
	    cmocka_unit_test(a_full_sink_holds_publishers_and_loses_no_message),
	    cmocka_unit_test(counts_agree_whatever_clients_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
