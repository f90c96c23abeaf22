/* replay: a recorded workload, played into our broker and into the real nats-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replaying.h"
#include "support/fail.h"
#include "support/run.h"
#include "support/socket.h"

enum { PUBLISHERS = 3, EACH = 200, MESSAGES = PUBLISHERS * EACH, WAIT_MS = 20000 };

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

/* A log of MESSAGES messages of PUBLISHERS clients, whose payloads name publisher and number. */
struct recording {
	struct support_tempdir dir;
	char log[300];
};

static struct recording recording;

/* Headers whose order, case and repetition count, an empty and a binary payload, and replies. */
static void publish_odd_ones(struct support_socket *socket)
{
	static const char frames[] =
	    "HPUB odd.headers 49 54\r\nNATS/1.0\r\nb: 1\r\nA: 2\r\nb: 3\r\nA:  spaced \r\nB: 4\r\n\r\n"
	    "hello\r\n"
	    "PUB odd.empty 0\r\n\r\n"
	    "PUB odd.reply _INBOX.abc.1 2\r\n\0\xff\r\n"
	    "PUB odd.answer some.reply 1\r\nx\r\n";

	assert_int_equal(
	    support_socket_send(socket, frames, sizeof(frames) - 1, support_deadline_in(WAIT_MS)), 0);
}

static void publish(struct support_socket *sockets, int number)
{
	char frame[100], payload[40];

	for (int i = 0; i < PUBLISHERS; i++) {
		int len = snprintf(payload, sizeof(payload), "%d %d", i, number);
		snprintf(frame, sizeof(frame), "PUB work.%d.%d %d\r\n%s\r\n", i, number % 7, len, payload);
		assert_int_equal(support_socket_send_text(&sockets[i], frame, support_deadline_in(WAIT_MS)),
				 0);
	}
}

static void publish_all(int port)
{
	struct support_socket sockets[PUBLISHERS], odd;
	char hello[100];

	for (int i = 0; i < PUBLISHERS; i++) {
		assert_int_equal(support_socket_open(&sockets[i], port), 0);
		snprintf(hello, sizeof(hello), "CONNECT {\"verbose\":false,\"name\":\"publisher %d\"}\r\n",
			 i);
		support_socket_send_text(&sockets[i], hello, support_deadline_in(WAIT_MS));
	}
	for (int number = 0; number < EACH; number++) {
		publish(sockets, number);
		if (number % 20 == 0)
			assert_int_equal(support_socket_sync(&sockets[0], support_deadline_in(WAIT_MS)), 0);
	}
	assert_int_equal(support_socket_open(&odd, port), 0);
	support_socket_send_text(&odd, "CONNECT {\"verbose\":false,\"headers\":true,\"name\":\"odd\"}\r\n",
				 support_deadline_in(WAIT_MS));
	publish_odd_ones(&odd);
	assert_int_equal(support_socket_sync(&odd, support_deadline_in(WAIT_MS)), 0);
	support_socket_close(&odd);
	for (int i = 0; i < PUBLISHERS; i++) {
		assert_int_equal(support_socket_sync(&sockets[i], support_deadline_in(WAIT_MS)), 0);
		support_socket_close(&sockets[i]);
	}
}

enum { ODD = 4, ALL = MESSAGES + ODD };

static int record_workload(void **state)
{
	struct support_broker broker;

	(void)state;
	support_tempdir_open(&recording.dir);
	support_tempdir_path(&recording.dir, "log", recording.log, sizeof(recording.log));
	support_broker_open(&broker, ARGS("--record", recording.log), false);
	publish_all(broker.server.port);
	support_broker_close(&broker);
	return 0;
}

static int remove_workload(void **state)
{
	(void)state;
	support_tempdir_close(&recording.dir);
	nats_CloseAndWait(WAIT_MS);
	return 0;
}

/* ---- the same messages ---- */

static void expect_equal_logs(const char *a, const char *b)
{
	char *text;
	int status = support_run(
	    ARGS(support_tapedeck(), "diff", a, b, "--replies", "exact", "--order", "publisher"), &text);

	if (status != 0)
		fail_msg("diff: exit status %d:\n%s", status, text);
	free(text);
}

static void a_replay_publishes_the_recorded_messages(void **state)
{
	static const char *const speeds[] = {"1x", "10x", "max"};
	static const char *const connections[] = {"recorded", "one", "recorded"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct support_broker broker;
		json_t *report;
		support_broker_open(&broker, NULL, true);
		int status = replaying_run(recording.log, broker.server.port,
					   ARGS("--json", "--speed", speeds[i], "--connections",
						connections[i], "--tolerance", "10s"),
					   &report, NULL);
		assert_int_equal(status, 0);
		assert_int_equal(replaying_number(report, "sent"), ALL);
		assert_int_equal(support_broker_varz(&broker, "in_msgs"), ALL);
		assert_int_equal(support_server_close(&broker.server), 0);
		expect_equal_logs(recording.log, broker.log);
		json_decref(report);
		support_broker_close(&broker);
	}
}

/* The numbers of each publisher rise by one; *others counts what is not of the workload's. */
static void expect_order(const struct replaying_receiver *receiver, size_t *others)
{
	int next[PUBLISHERS] = {0};

	*others = 0;
	for (size_t i = 0; i < receiver->len; i++) {
		int publisher, number;
		if (sscanf(receiver->list[i].payload, "%d %d", &publisher, &number) != 2) {
			++*others;
			continue;
		}
		assert_in_range(publisher, 0, PUBLISHERS - 1);
		if (next[publisher] != number)
			fail_msg("publisher %d: number %d came when %d was next", publisher, number,
				 next[publisher]);
		next[publisher]++;
	}
	for (int i = 0; i < PUBLISHERS; i++)
		assert_int_equal(next[i], EACH);
}

static void the_real_server_gets_the_same_in_order(void **state)
{
	static const char *const speeds[] = {"1x", "10x", "max"};
	struct support_server server;
	struct support_tempdir dir;

	(void)state;
	support_tempdir_open(&dir);
	if (replaying_open_nats_server(&server, &dir, NULL)) {
		for (size_t i = 0; i < 3; i++) {
			struct replaying_receiver receiver;
			size_t others;
			replaying_receiver_open(&receiver, server.port, ">");
			assert_int_equal(replaying_run(recording.log, server.port,
						       ARGS("--speed", speeds[i], "--connections", "recorded",
							    "--tolerance", "10s"),
						       NULL, NULL),
					 0);
			replaying_receiver_await(&receiver, ALL);
			expect_order(&receiver, &others);
			assert_int_equal(others, ODD);
			replaying_receiver_close(&receiver);
		}
		support_server_close(&server);
	}
	support_tempdir_close(&dir);
}

static void recorded_connections_keep_their_names(void **state)
{
	struct support_broker broker;
	char *text;

	(void)state;
	support_broker_open(&broker, NULL, true);
	assert_int_equal(
	    replaying_run(recording.log, broker.server.port,
			  ARGS("--speed", "max", "--connections", "recorded", "--connection-name", "again"),
			  NULL, NULL),
	    0);
	assert_int_equal(support_server_close(&broker.server), 0);
	support_run(ARGS(support_tapedeck(), "cat", broker.log, "--kind", "connect"), &text);
	assert_non_null(strstr(text, "publisher 0 (again)"));
	assert_non_null(strstr(text, "publisher 2 (again)"));
	assert_non_null(strstr(text, "odd (again)"));
	free(text);
	support_broker_close(&broker);
}

/* ---- selection ---- */

/* Play into a broker. Returns the report, to be released. */
static json_t *play(const char *const *args, int wanted_status)
{
	struct support_broker broker;
	json_t *report;
	char *text;

	support_broker_open(&broker, NULL, false);
	int status = replaying_run(recording.log, broker.server.port, args, &report, &text);
	if (status != wanted_status)
		fail_msg("exit status %d, not %d:\n%s", status, wanted_status, text);
	assert_non_null(report);
	assert_int_equal(support_broker_varz(&broker, "in_msgs"), replaying_number(report, "sent"));
	free(text);
	support_broker_close(&broker);
	return report;
}

static double sent(const char *const *args)
{
	json_t *report = play(args, 0);
	double number = replaying_number(report, "sent");

	json_decref(report);
	return number;
}

static void filters_loops_and_clones_multiply_and_divide(void **state)
{
	(void)state;
	assert_int_equal(sent(ARGS("work.1.>", "--speed", "max", "--json")), EACH);
	assert_int_equal(sent(ARGS("-x", "work.1.>", "--speed", "max", "--json")), ALL - EACH);
	assert_int_equal(sent(ARGS("--client", "publisher 2", "--speed", "max", "--json")), EACH);
	assert_int_equal(sent(ARGS("--loop", "3", "--speed", "max", "--json")), 3 * ALL);
	assert_int_equal(sent(ARGS("--clones", "2", "--map", ">=c.$clone.>", "--speed", "max", "--json")),
			 2 * ALL);
}

/* Play from 150 ms into the recording: the 150th of messages a millisecond apart is due at once, not 150 ms later. */
static void a_range_is_played_as_if_there_were_nothing_else(void **state)
{
	struct support_broker broker;
	json_t *report;
	char log[300];

	(void)state;
	support_tempdir_path(&recording.dir, "even", log, sizeof(log));
	replaying_write_log(log, 300);
	support_broker_open(&broker, NULL, false);
	assert_int_equal(
	    replaying_run(log, broker.server.port,
			  ARGS("--from", "+150ms", "--to", "+200ms", "--tolerance", "10s", "--json"), &report,
			  NULL),
	    0);
	assert_int_equal(replaying_number(report, "sent"), 50);
	assert_true(replaying_number(report, "asked_seconds") < 0.050);
	json_decref(report);
	assert_int_equal(replaying_run(log, broker.server.port,
				       ARGS("--from", "2001-01-01", "--tolerance", "10s", "--json"), &report,
				       NULL),
			 0);
	assert_int_equal(replaying_number(report, "sent"), 300);
	json_decref(report);
	support_broker_close(&broker);
}

static void a_replay_begins_at_the_given_time(void **state)
{
	int64_t before_ns = support_now_ns();

	(void)state;
	assert_int_equal(sent(ARGS("--start-at", "+700ms", "--speed", "max", "--json")), ALL);
	assert_true(support_now_ns() - before_ns >= 700 * 1000000);
}

static void shards_together_play_everything_once(void **state)
{
	double sum = 0;

	(void)state;
	for (int i = 1; i <= 3; i++) {
		char shard[8];
		snprintf(shard, sizeof(shard), "%d/3", i);
		json_t *report = play(ARGS("--shard", shard, "--speed", "max", "--json"), 0);
		sum += replaying_number(report, "sent");
		assert_int_equal(replaying_number(report, "sent") +
				     replaying_number(report, "skipped_by.other_shards"),
				 ALL);
		json_decref(report);
	}
	assert_int_equal(sum, ALL);
}

static void a_dry_run_prints_what_would_be_played_and_sends_nothing(void **state)
{
	char *text;
	int status = support_run(ARGS(support_tapedeck(), "replay", recording.log, "--dry-run", "--json",
				      "-s", "nats://127.0.0.1:1", "--map", "work.*.*=w.$1"),
				 &text);
	json_t *plan = json_loads(text, 0, NULL);

	(void)state;
	assert_int_equal(status, 0);
	assert_int_equal(replaying_number(plan, "messages"), ALL);
	assert_int_equal(replaying_number(plan, "connections"), PUBLISHERS + 1);
	assert_int_equal(replaying_number(plan, "subject_count"), PUBLISHERS + ODD);
	assert_int_equal(replaying_number(plan, "requests"), 1);
	json_decref(plan);
	free(text);
}

/* ---- on time ---- */

/* No message arrives before it is due, and the report counts those that arrived. */
static void nothing_is_early_and_the_report_agrees_with_the_receiver(void **state)
{
	enum { RATE = 1000, COUNT = 400 };
	struct support_broker broker;
	struct replaying_receiver receiver;
	json_t *report;

	(void)state;
	support_broker_open(&broker, NULL, false);
	replaying_receiver_open(&receiver, broker.server.port, "work.>");
	assert_int_equal(replaying_run(recording.log, broker.server.port,
				       ARGS("work.>", "--rate", "1000", "--duration", "399500us",
					    "--tolerance", "10s", "--json"),
				       &report, NULL),
			 0);
	assert_int_equal(replaying_number(report, "sent"), COUNT);
	replaying_receiver_await(&receiver, COUNT);
	double max_lag_ns = replaying_number(report, "lag_us.max") * 1e3;
	for (size_t i = 0; i < COUNT; i++) {
		double after_ns = (double)(receiver.list[i].at_ns - receiver.list[0].at_ns);
		/* The first one may have taken its time to arrive; no test can know how long. */
		assert_true(after_ns >= (double)i * 1e9 / RATE - max_lag_ns - 2e9);
	}
	double asked = replaying_number(report, "asked_seconds"), took = replaying_number(report, "seconds");
	assert_true(asked > 0.3989 && asked < 0.3991);
	assert_true(took >= asked - max_lag_ns / 1e9);
	assert_true(took <= asked + max_lag_ns / 1e9 + 2); /* sending may be interrupted, too */
	json_decref(report);
	replaying_receiver_close(&receiver);
	support_broker_close(&broker);
}

static void a_schedule_that_cannot_be_held_is_reported(void **state)
{
	json_t *report = play(ARGS("--rate", "100M", "--tolerance", "0s", "--json", "--loop", "20"), 1);

	(void)state;
	assert_null(json_object_get(report, "held"));
	assert_true(replaying_number(report, "late") > 0);
	assert_int_equal(replaying_number(report, "sent"), 20 * ALL);
	json_decref(report);
}

static void late_messages_can_be_dropped_and_are_counted(void **state)
{
	json_t *report = play(
	    ARGS("--rate", "100M", "--tolerance", "1us", "--on-lag", "drop", "--json", "--loop", "20"), 1);

	(void)state;
	assert_true(replaying_number(report, "skipped_by.late") > 0);
	assert_int_equal(replaying_number(report, "sent") + replaying_number(report, "skipped_by.late"),
			 20 * ALL);
	json_decref(report);
	report = play(
	    ARGS("--rate", "100M", "--tolerance", "0s", "--on-lag", "abort", "--json", "--loop", "20"), 1);
	assert_string_equal(json_string_value(json_object_get(report, "end")), "late");
	assert_true(replaying_number(report, "sent") < 20 * ALL);
	json_decref(report);
	report = play(ARGS("--rate", "100M", "--tolerance", "0s", "--on-lag", "stretch", "--json"), 1);
	assert_int_equal(replaying_number(report, "sent"), ALL);
	assert_true(replaying_number(report, "stretched_seconds") > 0);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_replay_publishes_the_recorded_messages),
	    cmocka_unit_test(the_real_server_gets_the_same_in_order),
	    cmocka_unit_test(recorded_connections_keep_their_names),
	    cmocka_unit_test(filters_loops_and_clones_multiply_and_divide),
	    cmocka_unit_test(a_range_is_played_as_if_there_were_nothing_else),
	    cmocka_unit_test(a_replay_begins_at_the_given_time),
	    cmocka_unit_test(shards_together_play_everything_once),
	    cmocka_unit_test(a_dry_run_prints_what_would_be_played_and_sends_nothing),
	    cmocka_unit_test(nothing_is_early_and_the_report_agrees_with_the_receiver),
	    cmocka_unit_test(a_schedule_that_cannot_be_held_is_reported),
	    cmocka_unit_test(late_messages_can_be_dropped_and_are_counted),
	};
	return cmocka_run_group_tests(tests, record_workload, remove_workload);
}
