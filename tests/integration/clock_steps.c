/* Captures and logs whose clock was set while they were recorded, through every command that reads them. */
#include <inttypes.h>
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
#include "support/packets.h"
#include "support/run.h"

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define YEAR   (365 * 24 * HOUR)
#define START  (INT64_C(1700000000) * SECOND) /* 2023-11-14T22:13:20Z */

enum { MESSAGES = 30, WAIT_MS = 20000 };

static const int64_t SIZES[] = {SECOND, HOUR, YEAR};

enum { SIZES_LEN = sizeof SIZES / sizeof *SIZES };

/* A client that publishes 30 messages, 100 ms apart, on a clock that is set twice. */
struct plan {
	char name; /* of the subject, too */
	int64_t set_ns[3];
	const char *server_id;
	int64_t late_ns; /* by how much later it begins */
};

static struct support_tempdir dir;

static const char *path_of(const char *name)
{
	static char paths[8][300];
	static unsigned next;
	return support_tempdir_path(&dir, name, paths[next++ % 8], sizeof paths[0]);
}

/* ---- captures ---- */

static void say(struct support_capture *file, struct support_connection *connection, enum support_who who,
		unsigned flags, int64_t time_ns, const char *text)
{
	struct support_packet packet = support_connection_send(connection, who, flags, wire_slice_str(text));
	support_capture_put_packet(file, time_ns, &packet);
}

static void greet(struct support_capture *file, struct support_connection *connection, int64_t time_ns,
		  const char *server_id)
{
	char info[200];
	snprintf(info, sizeof info, "INFO {\"server_id\":\"%s\",\"max_payload\":1048576} \r\n", server_id);
	say(file, connection, SUPPORT_CLIENT, SUPPORT_SYN, time_ns, "");
	say(file, connection, SUPPORT_SERVER, SUPPORT_SYN | SUPPORT_ACK, time_ns, "");
	say(file, connection, SUPPORT_SERVER, SUPPORT_PSH | SUPPORT_ACK, time_ns, info);
	say(file, connection, SUPPORT_CLIENT, SUPPORT_PSH | SUPPORT_ACK, time_ns,
	    "CONNECT {\"name\":\"shop\",\"verbose\":false}\r\n");
}

static void write_capture(const char *path, const struct plan *plan)
{
	struct support_capture file = {.has_nanoseconds = true};
	struct support_connection connection;
	char text[60];
	support_connection_init(&connection, 50000, 4222);
	support_capture_begin(&file);
	for (int n = 0; n < MESSAGES; n++) {
		int64_t time_ns = START + n * 100 * MS + plan->set_ns[n * 3 / MESSAGES] + plan->late_ns;
		if (n == 0)
			greet(&file, &connection, time_ns, plan->server_id ? plan->server_id : "S");
		snprintf(text, sizeof text, "PUB %c 2\r\n%02d\r\n", plan->name, n);
		say(&file, &connection, SUPPORT_CLIENT, SUPPORT_PSH | SUPPORT_ACK, time_ns, text);
	}
	support_write_file(path, file.bytes.data, file.bytes.len);
	support_capture_fini(&file);
}

/* The log that sniff makes of a capture. */
static void write_log(const char *capture, const char *log)
{
	char *text;
	support_remove_tree(log);
	if (support_run(ARGS(support_tapedeck(), "sniff", "-r", capture, "--record", log), &text) != 0)
		fail_msg("sniff: %s", text);
	free(text);
}

/* ---- running ---- */

static char *run(const char *const *args)
{
	char *text;
	int status = support_run(args, &text);
	if (status != 0)
		fail_msg("%s: exit status %d:\n%s", args[1], status, text);
	return text;
}

static json_t *run_json(const char *const *args)
{
	char *text = run(args);
	json_t *json = json_loads(text, 0, NULL);
	if (!json)
		fail_msg("%s printed %s", args[1], text);
	free(text);
	return json;
}

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;
	for (; (text = strstr(text, what)); text++)
		found++;
	return found;
}

static void assert_between(double value, double low, double high)
{
	if (value < low || value > high)
		fail_msg("%g is not between %g and %g", value, low, high);
}

/* Call check for a capture and its log whose clock was set back, set ahead and corrected, by each size. */
static void for_each(void (*check)(const char *path, const struct plan *plan))
{
	const char *capture = path_of("set.pcap"), *log = path_of("set");
	for (int i = 0; i < 2 * SIZES_LEN; i++) {
		int64_t size_ns = SIZES[i / 2];
		struct plan plan = {.name = 'a', .set_ns = {0, -size_ns, -size_ns}};
		if (i % 2)
			plan = (struct plan){.name = 'a', .set_ns = {0, size_ns, 0}};
		write_capture(capture, &plan);
		write_log(capture, log);
		check(capture, &plan);
		check(log, &plan);
	}
}

/* ---- the commands ---- */

/* One mark, for the step back; each message has the time of its packet. */
static void check_events(const char *path, const struct plan *plan)
{
	char *text = run(ARGS(support_tapedeck(), "cat", path, "--json"));
	char *line = strtok(text, "\n");
	int messages = 0, marks = 0;
	for (; line; line = strtok(NULL, "\n")) {
		char wanted[40];
		marks += strstr(line, "clock step") != NULL;
		if (!strstr(line, "\"kind\":\"message\""))
			continue;
		snprintf(wanted, sizeof wanted, ".%d00000000Z", messages % 10);
		if (!strstr(line, wanted))
			fail_msg("message %d: %s", messages, line);
		messages++;
	}
	(void)plan;
	assert_int_equal(messages, MESSAGES);
	assert_int_equal(marks, 1);
	free(text);
}

static void messages_keep_their_times_and_a_step_has_one_mark(void **state)
{
	(void)state;
	for_each(check_events);
}

/* The last one was published after every step. */
static void check_trace(const char *path, const struct plan *plan)
{
	char *text = run(ARGS(support_tapedeck(), "trace", path, "--id", "29"));
	(void)plan;
	assert_int_equal(count(text, "── #"), 1);
	free(text);
	text = run(ARGS(support_tapedeck(), "trace", path));
	assert_int_equal(count(text, "── #"), MESSAGES);
	free(text);
}

static void trace_finds_messages_after_a_step(void **state)
{
	(void)state;
	for_each(check_trace);
}

static void check_plan(const char *path, const struct plan *plan)
{
	json_t *report = run_json(ARGS(support_tapedeck(), "replay", path, "--dry-run", "--json"));
	assert_between(replaying_number(report, "seconds"), 2.6, 3.0);
	assert_int_equal(replaying_number(report, "clock_steps"), plan->set_ns[2] == 0 ? 2 : 1);
	json_decref(report);
}

static void a_dry_run_estimates_the_duration_of_the_recording(void **state)
{
	(void)state;
	for_each(check_plan);
}

static void check_stat(const char *path, const struct plan *plan)
{
	json_t *report = run_json(ARGS(support_tapedeck(), "stat", path, "--json"));
	assert_between(replaying_number(report, "seconds"), 2.6, 3.0);
	assert_between(replaying_number(report, "rate"), 9, 12);
	assert_int_equal(replaying_number(report, "clock_steps"), plan->set_ns[2] == 0 ? 2 : 1);
	json_decref(report);
}

static void rates_leave_steps_out(void **state)
{
	(void)state;
	for_each(check_stat);
}

static void check_played(const char *path, const struct plan *plan)
{
	struct support_broker broker;
	json_t *report;
	char *text, wanted[8];
	support_broker_open(&broker, NULL, true);
	int status = replaying_run(path, broker.server.port,
				   ARGS("--json", "--speed", "20x", "--tolerance", "20s"), &report, NULL);
	assert_int_equal(status, 0);
	assert_int_equal(replaying_number(report, "clock_steps"), plan->set_ns[2] == 0 ? 2 : 1);
	assert_between(replaying_number(report, "asked_seconds"), 0.13, 0.15);
	assert_int_equal(support_server_close(&broker.server), 0);
	text = run(ARGS(support_tapedeck(), "cat", broker.log, "a", "--raw"));
	assert_int_equal(strlen(text), 2 * MESSAGES);
	for (int n = 0; n < MESSAGES; n++) {
		snprintf(wanted, sizeof wanted, "%02d", n);
		assert_memory_equal(text + 2 * n, wanted, 2);
	}
	free(text);
	json_decref(report);
	support_broker_close(&broker);
}

static void a_replay_keeps_the_recorded_order_and_pace(void **state)
{
	(void)state;
	for_each(check_played);
}

/* ---- parts of a recording ---- */

static void an_offset_counts_without_the_steps(void **state)
{
	const struct plan plan = {.name = 'a', .set_ns = {0, -HOUR, -HOUR}};
	const char *capture = path_of("part.pcap"), *log = path_of("part");
	const char *paths[] = {capture, log};
	(void)state;
	write_capture(capture, &plan);
	write_log(capture, log);
	for (int i = 0; i < 2; i++) {
		json_t *report = run_json(ARGS(support_tapedeck(), "replay", paths[i], "--dry-run", "--json",
					       "--from", "+500ms", "--to", "+2s"));
		assert_between(replaying_number(report, "messages"), 15, 16); /* no time passed at the step */
		assert_between(replaying_number(report, "seconds"), 1.3, 1.5);
		json_decref(report);
	}
}

static void an_hour_that_occurs_twice_is_found_twice(void **state)
{
	const struct plan plan = {.name = 'a', .set_ns = {0, -SECOND, -SECOND}};
	const char *capture = path_of("twice.pcap"), *log = path_of("twice");
	const char *paths[] = {capture, log};
	(void)state;
	write_capture(capture, &plan);
	write_log(capture, log);
	for (int i = 0; i < 2; i++) {
		char *text = run(ARGS(support_tapedeck(), "cat", paths[i], "a", "--raw", "--since",
				      "2023-11-14T22:13:20Z", "--until", "2023-11-14T22:13:21Z"));
		assert_string_equal(text, "0001020304050607080910111213141516171819");
		free(text);
	}
}

/* ---- several recordings ---- */

static void expect_turns(const char *a, const char *b)
{
	char *text = run(ARGS(support_tapedeck(), "cat", a, b, "--kind", "message", "--json"));
	char *line = strtok(text, "\n");
	for (int n = 0; n < 2 * MESSAGES; n++, line = strtok(NULL, "\n")) {
		if (!line || !strstr(line, n % 2 ? "\"subject\":\"b\"" : "\"subject\":\"a\""))
			fail_msg("message %d: %s", n, line ? line : "none");
	}
	free(text);
}

static void recordings_of_the_same_time_stay_aligned(void **state)
{
	const struct plan other = {.name = 'b', .late_ns = 50 * MS};
	const char *capture_a = path_of("a.pcap"), *capture_b = path_of("b.pcap");
	const char *log_a = path_of("a"), *log_b = path_of("b");
	(void)state;
	write_capture(capture_b, &other);
	write_log(capture_b, log_b);
	for (int i = -1; i < SIZES_LEN; i++) {
		int64_t size_ns = i < 0 ? 0 : SIZES[i];
		const struct plan plan = {.name = 'a', .set_ns = {0, size_ns, 0}};
		write_capture(capture_a, &plan);
		write_log(capture_a, log_a);
		expect_turns(capture_a, capture_b);
		expect_turns(log_a, log_b);
	}
}

/* ---- which server ---- */

/* The id of a running server. */
static void find_id(int port, char id[64])
{
	natsConnection *nats = replaying_connect(port, NULL);
	MUST(natsConnection_GetConnectedServerId(nats, id, 64));
	natsConnection_Destroy(nats);
}

static void expect_refused(const char *path, int port, bool is_refused)
{
	char *text;
	int status = replaying_run(path, port, ARGS("--speed", "max"), NULL, &text);
	if (status != (is_refused ? 2 : 0) ||
	    count(text, "this is the server that the log was recorded from") != is_refused)
		fail_msg("%s: exit status %d: %s", path, status, text);
	free(text);
}

static void a_sniffed_log_is_not_played_into_its_server(void **state)
{
	struct support_broker broker, other;
	char ids[2][64];
	const char *captures[] = {path_of("one.pcap"), path_of("two.pcap")}, *log = path_of("servers");
	(void)state;
	support_broker_open(&broker, NULL, false);
	support_broker_open(&other, NULL, false);
	find_id(broker.server.port, ids[0]);
	find_id(other.server.port, ids[1]);
	for (int i = 0; i < 2; i++) {
		write_capture(captures[i], &(struct plan){.name = 'a', .server_id = ids[i]});
		expect_refused(captures[i], broker.server.port, i == 0);
	}
	write_log(captures[1], log);
	expect_refused(log, broker.server.port, false);
	free(run(ARGS(support_tapedeck(), "sniff", "-r", captures[0], "--record", log, "nothing.here")));
	expect_refused(log, broker.server.port, true);
	expect_refused(log, other.server.port, true);
	support_broker_close(&broker);
	support_broker_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_keep_their_times_and_a_step_has_one_mark),
	    cmocka_unit_test(trace_finds_messages_after_a_step),
	    cmocka_unit_test(a_dry_run_estimates_the_duration_of_the_recording),
	    cmocka_unit_test(rates_leave_steps_out),
	    cmocka_unit_test(a_replay_keeps_the_recorded_order_and_pace),
	    cmocka_unit_test(an_offset_counts_without_the_steps),
	    cmocka_unit_test(an_hour_that_occurs_twice_is_found_twice),
	    cmocka_unit_test(recordings_of_the_same_time_stay_aligned),
	    cmocka_unit_test(a_sniffed_log_is_not_played_into_its_server),
	};
	support_tempdir_open(&dir);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	support_tempdir_close(&dir);
	nats_CloseAndWait(WAIT_MS);
	return failed;
}
