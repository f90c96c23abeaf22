/* sniffing.c - tapedeck sniff beside a server with real clients: it sees every message and delivery on the wire.
 *
 *   sniffing TAPEDECK */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <nats/nats.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "store/read/summary.h"
#include "support/fail.h"
#include "support/server.h"
#include "support/tempdir.h"
#include "tap/capture/capture.h"

enum { PATIENCE_MS = 30000, MESSAGES = 2000, REQUESTS = 50, SUBJECTS = 7, BURST = 20, SKIPPED = 77 };

#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

static const char *tapedeck;

static struct support_deadline soon(void)
{
	return support_deadline_in(PATIENCE_MS);
}

/* ---- clients ---- */

struct clients {
	natsConnection *publisher, *subscriber;
	natsSubscription *all, *queue, *service;
	_Atomic int64_t received;
};

static void count(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure)
{
	struct clients *clients = closure;

	(void)subscription;
	if (natsMsg_GetReply(message))
		natsConnection_PublishString(connection, natsMsg_GetReply(message), "done");
	natsMsg_Destroy(message);
	atomic_fetch_add(&clients->received, 1);
}

static void connect_clients(struct clients *clients, int port)
{
	char url[64];

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	MUST(natsConnection_ConnectTo(&clients->publisher, url));
	MUST(natsConnection_ConnectTo(&clients->subscriber, url));
	MUST(natsConnection_Subscribe(&clients->all, clients->subscriber, "live.>", count, clients));
	MUST(natsConnection_QueueSubscribe(&clients->queue, clients->subscriber, "live.1", "workers", count,
					   clients));
	MUST(natsConnection_Subscribe(&clients->service, clients->subscriber, "service", count, clients));
	MUST(natsConnection_Flush(clients->subscriber));
}

static void close_clients(struct clients *clients)
{
	natsSubscription_Destroy(clients->all);
	natsSubscription_Destroy(clients->queue);
	natsSubscription_Destroy(clients->service);
	natsConnection_Destroy(clients->publisher);
	natsConnection_Destroy(clients->subscriber);
}

static void publish(struct clients *clients, int number)
{
	natsMsg *message;
	char subject[32], payload[64];

	snprintf(subject, sizeof(subject), "live.%d", number % SUBJECTS);
	snprintf(payload, sizeof(payload), "{\"number\":%d}", number / 3); /* some are alike */
	MUST(natsMsg_Create(&message, subject, NULL, payload, (int)strlen(payload)));
	if (number % 5 == 0)
		MUST(natsMsgHeader_Set(message, "Number", payload));
	MUST(natsConnection_PublishMsg(clients->publisher, message));
	natsMsg_Destroy(message);
	if (number % BURST == 0)
		MUST(natsConnection_Flush(clients->publisher));
}

/* How many deliveries there were, replies included. */
static int64_t talk(struct clients *clients)
{
	const int64_t to_queue = (MESSAGES + SUBJECTS - 2) / SUBJECTS;
	const int64_t expected = MESSAGES + to_queue + REQUESTS;
	struct support_deadline deadline = soon();

	for (int i = 0; i < MESSAGES; i++)
		publish(clients, i);
	for (int i = 0; i < REQUESTS; i++) {
		natsMsg *reply;

		MUST(natsConnection_RequestString(&reply, clients->publisher, "service", "please",
						  PATIENCE_MS));
		natsMsg_Destroy(reply);
	}
	while (atomic_load(&clients->received) < expected)
		if (!support_deadline_retry(deadline))
			fail_msg("%lld of %lld were received", (long long)clients->received,
				 (long long)expected);
	return expected + REQUESTS;
}

/* ---- the sniffer ---- */

static struct store_summary sum_up(const char *log)
{
	struct store_summary summary;
	struct wire_fault fault;

	if (store_summary_read(&summary, log, &(struct store_summary_options){0}, &fault) != 0)
		return (struct store_summary){0};
	struct store_summary counts = summary;
	store_summary_fini(&summary);
	return counts;
}

/* It captures once its log is there, with the mark of its start. */
static void start_sniffing(struct child *child, int port, const char *log)
{
	char number[16];
	const char *const argv[] = {tapedeck, "sniff", "-i", "lo", "-p", number, "--record", log, NULL};
	struct support_deadline deadline = soon();

	snprintf(number, sizeof(number), "%d", port);
	child_open(child, argv);
	while (access(log, F_OK) != 0 || sum_up(log).events == 0)
		if (!support_deadline_retry(deadline))
			fail_msg("it does not sniff");
}

static void stop_sniffing(struct child *child, const char *log, uint64_t messages, uint64_t deliveries)
{
	struct support_deadline deadline = soon();
	struct store_summary seen = sum_up(log);

	while (seen.messages < messages || seen.deliveries < deliveries) {
		if (!support_deadline_retry(deadline))
			fail_msg("%llu messages and %llu deliveries were seen, of %llu and %llu",
				 (unsigned long long)seen.messages, (unsigned long long)seen.deliveries,
				 (unsigned long long)messages, (unsigned long long)deliveries);
		seen = sum_up(log);
	}
	kill(child->pid, SIGINT);
	assert_true(child_await_end(child, soon()));
	if (child->status != 0)
		fail_msg("exit status %d: %s", child->status, child->err);
	assert_non_null(
	    strstr(child->err, " 0 gaps (0 B), 0 partial, dropped 0 by the kernel and 0 by the interface"));
	child_close(child);
}

/* ---- a server, watched ---- */

struct fixture {
	struct support_tempdir dir;
	char sniffed[300], recorded[300];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	support_tempdir_open(&fixture->dir);
	chmod(fixture->dir.path, 0711); /* the sniffer drops its privileges, and must still find its log */
	support_tempdir_path(&fixture->dir, "sniffed", fixture->sniffed, sizeof(fixture->sniffed));
	support_tempdir_path(&fixture->dir, "recorded", fixture->recorded, sizeof(fixture->recorded));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

/* Serve, sniff, talk, stop. */
static void watch(struct fixture *fixture, const struct support_server_plan *plan)
{
	const uint64_t messages = MESSAGES + 2 * REQUESTS;
	struct support_server server;
	struct clients clients = {0};
	struct child sniffer;

	assert_int_equal(support_server_open(&server, plan), 0);
	start_sniffing(&sniffer, server.port, fixture->sniffed);
	connect_clients(&clients, server.port);
	uint64_t deliveries = (uint64_t)talk(&clients);
	close_clients(&clients);
	stop_sniffing(&sniffer, fixture->sniffed, messages, deliveries);
	support_server_close(&server);
	struct store_summary seen = sum_up(fixture->sniffed);
	assert_int_equal(seen.messages, messages);
	assert_int_equal(seen.deliveries, deliveries);
	assert_int_equal(seen.gaps, 0);
	assert_int_equal(seen.connections, 2);
}

static void traffic_of_nats_server_is_seen_on_the_wire(void **state)
{
	struct fixture *fixture = *state;
	const struct support_server_plan plan = {.program = "nats-server", .dir = fixture->dir.path};

	watch(fixture, &plan);
}

static void messages_that_our_broker_records_are_seen_on_the_wire(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"--record", fixture->recorded, NULL};
	const struct support_server_plan plan = {
	    .program = tapedeck, .command = "broker", .args = args, .dir = fixture->dir.path};
	const char *const argv[] = {tapedeck,          "diff",         fixture->sniffed,
				    fixture->recorded, "--deliveries", NULL};
	struct child diff;

	watch(fixture, &plan);
	child_open(&diff, argv);
	assert_true(child_await_end(&diff, soon()));
	if (diff.status != 0)
		fail_msg("exit status %d: %s%s", diff.status, diff.out, diff.err);
	child_close(&diff);
}

/* ---- permission to capture ---- */

static bool may_capture(void)
{
	const struct tap_capture_options options = {.interface = "lo"};
	struct tap_capture *capture;
	struct wire_fault fault;

	if (tap_capture_open(&capture, &options, &fault) == 0)
		return tap_capture_close(capture, &fault) == 0;
	fprintf(stderr, "skipped: %s\n", fault.text);
	return false;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(traffic_of_nats_server_is_seen_on_the_wire, setup, teardown),
	    cmocka_unit_test_setup_teardown(messages_that_our_broker_records_are_seen_on_the_wire, setup,
					    teardown),
	};

	if (argc != 2)
		support_fail("usage: sniffing TAPEDECK");
	tapedeck = argv[1];
	if (!may_capture())
		return SKIPPED;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	nats_Close();
	return failed;
}
