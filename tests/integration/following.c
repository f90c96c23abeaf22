/* following.c - tapedeck tail, cat --follow and trace --follow, on a log that is being written.
 *
 *   following TAPEDECK */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "cli/output/times.h"
#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/fail.h"
#include "support/tempdir.h"

enum { PATIENCE_MS = 20000 };

static const char *tapedeck_of(void **state)
{
	return *state;
}

static struct store_writer *open_log(const char *dir)
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;

	store_writer_options_init(&options);
	if (store_writer_open(&writer, dir, &options, &fault) != 0)
		support_fail("%s", fault.text);
	return writer;
}

/* Hand over events, as a recorder does; they are on disk shortly afterwards. */
static void log_events(struct store_writer *writer, const struct wire_event *events, int count)
{
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct store_batch *batch = store_producer_batch(producer);

	if (!batch) {
		store_writer_flush(writer);
		batch = store_producer_batch(producer);
	}
	assert_non_null(batch);
	for (int i = 0; i < count; i++)
		assert_int_equal(store_batch_append(batch, &events[i]), 0);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
}

static void log_message(struct store_writer *writer, const char *subject, int number)
{
	char payload[30];
	int len = snprintf(payload, sizeof(payload), "number %d.", number);
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .time_ns = cli_now_ns(),
					 .conn = 1,
					 .subject = wire_slice_str(subject),
					 .payload = wire_slice(payload, (size_t)len),
					 .size = (uint64_t)len};
	log_events(writer, &event, 1);
}

/* Client 1 asks client 2, which replies a microsecond later. */
static void log_request(struct store_writer *writer, const char *subject, const char *inbox)
{
	const struct wire_receiver asker = {.conn = 1}, asked = {.conn = 2};
	const int64_t now_ns = cli_now_ns();
	const struct wire_event events[] = {{.kind = WIRE_EVENT_MESSAGE,
					     .time_ns = now_ns,
					     .conn = 1,
					     .subject = wire_slice_str(subject),
					     .reply = wire_slice_str(inbox),
					     .receivers = &asked,
					     .receivers_len = 1,
					     .receiver_count = 1},
					    {.kind = WIRE_EVENT_MESSAGE,
					     .time_ns = now_ns + 1000,
					     .conn = 2,
					     .subject = wire_slice_str(inbox),
					     .receivers = &asker,
					     .receivers_len = 1,
					     .receiver_count = 1}};
	log_events(writer, events, 2);
}

static void tail_shows_the_last_n_and_then_new_events(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	struct store_writer *writer = open_log(log);
	for (int i = 1; i <= 5; i++)
		log_message(writer, i == 4 ? "b" : "a", i);
	const char *const argv[] = {tapedeck_of(state), "tail", log, "a", "-n", "2", NULL};
	child_open(&tail, argv);
	assert_true(child_await_out(&tail, "number 5.", support_deadline_in(PATIENCE_MS)));
	assert_null(strstr(tail.out, "number 1."));
	assert_null(strstr(tail.out, "number 2."));
	assert_non_null(strstr(tail.out, "number 3."));
	assert_null(strstr(tail.out, "number 4."));
	log_message(writer, "b", 6);
	log_message(writer, "a", 7);
	assert_true(child_await_out(&tail, "number 7.", support_deadline_in(PATIENCE_MS)));
	assert_null(strstr(tail.out, "number 6."));
	store_writer_close(writer);
	child_close(&tail);
	support_tempdir_close(&dir);
}

static void tail_ends_when_until_has_passed(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	struct store_writer *writer = open_log(log);
	log_message(writer, "a", 1);
	/* before the margin for recorders, and within it */
	for (int i = 0; i < 2; i++) {
		const char *const argv[] = {tapedeck_of(state),    "tail", "-f", log, "--until",
					    i == 0 ? "1h" : "now", NULL};
		child_open(&tail, argv);
		assert_true(child_await_end(&tail, support_deadline_in(PATIENCE_MS)));
		assert_int_equal(tail.status, 0);
		assert_int_equal(strstr(tail.out, "number 1.") != NULL, i);
		child_close(&tail);
	}
	store_writer_close(writer);
	support_tempdir_close(&dir);
}

static void an_interrupt_ends_tail_cleanly_with_a_summary(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	struct store_writer *writer = open_log(log);
	log_message(writer, "a", 1);
	const char *const argv[] = {tapedeck_of(state), "tail", log, NULL};
	child_open(&tail, argv);
	assert_true(child_await_out(&tail, "number 1.", support_deadline_in(PATIENCE_MS)));
	kill(tail.pid, SIGINT);
	assert_true(child_await_end(&tail, support_deadline_in(PATIENCE_MS)));
	assert_int_equal(tail.status, 0);
	assert_non_null(strstr(tail.err, "tapedeck tail: 1 event, 1 of them messages (9 B), in "));
	store_writer_close(writer);
	child_close(&tail);
	support_tempdir_close(&dir);
}

static void tail_waits_for_a_log_and_shows_it_from_its_beginning(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	const char *const argv[] = {tapedeck_of(state), "tail", log, "--wait", "-n", "0", NULL};
	child_open(&tail, argv);
	assert_true(child_await_err(&tail, "waiting for", support_deadline_in(PATIENCE_MS)));
	struct store_writer *writer = open_log(log);
	log_message(writer, "a", 1);
	assert_true(child_await_out(&tail, "number 1.", support_deadline_in(PATIENCE_MS)));
	kill(tail.pid, SIGTERM);
	assert_true(child_await_end(&tail, support_deadline_in(PATIENCE_MS)));
	assert_int_equal(tail.status, 0);
	store_writer_close(writer);
	child_close(&tail);
	support_tempdir_close(&dir);
}

static void cat_follow_prints_old_and_new_events(void **state)
{
	struct support_tempdir dir;
	struct child cat;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	struct store_writer *writer = open_log(log);
	for (int i = 1; i <= 20; i++)
		log_message(writer, "a", i);
	const char *const argv[] = {tapedeck_of(state), "cat", log, "--follow", "-n", "21", NULL};
	child_open(&cat, argv);
	assert_true(child_await_out(&cat, "number 20.", support_deadline_in(PATIENCE_MS)));
	assert_non_null(strstr(cat.out, "number 1."));
	log_message(writer, "a", 21);
	assert_true(child_await_end(&cat, support_deadline_in(PATIENCE_MS)));
	assert_non_null(strstr(cat.out, "number 21."));
	assert_int_equal(cat.status, 0);
	store_writer_close(writer);
	child_close(&cat);
	support_tempdir_close(&dir);
}

static void tail_shows_new_events_around_a_match(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	struct store_writer *writer = open_log(log);
	for (int i = 1; i <= 5; i++)
		log_message(writer, i == 2 || i == 4 ? "b" : "a", i);
	const char *const argv[] = {tapedeck_of(state), "tail", log, "b", "-n", "1", "-A", "2", NULL};
	child_open(&tail, argv);
	assert_true(child_await_out(&tail, "number 5.", support_deadline_in(PATIENCE_MS)));
	assert_null(strstr(tail.out, "number 3.")); /* -n counts matches */
	for (int i = 6; i <= 8; i++)
		log_message(writer, i == 8 ? "b" : "a", i);
	assert_true(child_await_out(&tail, "number 8.", support_deadline_in(PATIENCE_MS)));
	assert_non_null(strstr(tail.out, "number 6."));
	assert_null(strstr(tail.out, "number 7."));
	assert_non_null(strstr(tail.out, "--\n"));
	store_writer_close(writer);
	child_close(&tail);
	support_tempdir_close(&dir);
}

static void tail_shows_a_request_once_its_reply_has_come(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char log[300];

	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", log, sizeof(log));
	struct store_writer *writer = open_log(log);
	log_message(writer, "a", 1);
	const char *const argv[] = {tapedeck_of(state), "tail", log, "ask.>", "--with-replies", NULL};
	child_open(&tail, argv);
	log_request(writer, "ask.this", "_INBOX.x.1");
	assert_true(child_await_out(&tail, "latency  1.0 us", support_deadline_in(PATIENCE_MS)));
	assert_non_null(strstr(tail.out, "ask.this"));
	assert_null(strstr(tail.out, "number 1."));
	store_writer_close(writer);
	child_close(&tail);
	support_tempdir_close(&dir);
}

static void tail_merges_several_logs_as_they_grow(void **state)
{
	struct support_tempdir dir;
	struct child tail;
	char one[300], two[300];

	support_tempdir_open(&dir);
	struct store_writer *first = open_log(support_tempdir_path(&dir, "one", one, sizeof(one)));
	struct store_writer *second = open_log(support_tempdir_path(&dir, "two", two, sizeof(two)));
	log_message(first, "a", 1);
	const char *const argv[] = {tapedeck_of(state), "tail", one, two, NULL};
	child_open(&tail, argv);
	assert_true(child_await_out(&tail, "number 1.", support_deadline_in(PATIENCE_MS)));
	log_message(second, "a", 2);
	assert_true(child_await_out(&tail, "number 2.", support_deadline_in(PATIENCE_MS)));
	log_message(first, "a", 3);
	assert_true(child_await_out(&tail, "number 3.", support_deadline_in(PATIENCE_MS)));
	store_writer_close(first);
	store_writer_close(second);
	child_close(&tail);
	support_tempdir_close(&dir);
}

/* Of each conversation that the subject chooses, once it is complete: the reply is in it. */
static void trace_follow_prints_old_and_new_conversations(void **state)
{
	struct support_tempdir dir;
	struct child trace;
	char log[300];

	support_tempdir_open(&dir);
	struct store_writer *writer = open_log(support_tempdir_path(&dir, "log", log, sizeof(log)));
	log_request(writer, "orders.new", "_INBOX.1");
	const char *const argv[] = {tapedeck_of(state), "trace",    log,     "--follow", "orders.*",
				    "--no-inferred",    "--window", "300ms", NULL};
	child_open(&trace, argv);
	assert_true(
	    child_await_out(&trace, "#1 orders.new, 2 messages in ", support_deadline_in(PATIENCE_MS)));
	log_request(writer, "stock.get", "_INBOX.2");
	log_request(writer, "orders.cancel", "_INBOX.3");
	assert_true(
	    child_await_out(&trace, "#5 orders.cancel, 2 messages in ", support_deadline_in(PATIENCE_MS)));
	log_request(writer, "orders.find", "_INBOX.4");
	assert_true(
	    child_await_out(&trace, "#7 orders.find, 2 messages in ", support_deadline_in(PATIENCE_MS)));
	kill(trace.pid, SIGINT);
	assert_true(child_await_end(&trace, support_deadline_in(PATIENCE_MS)));
	assert_int_equal(trace.status, 0);
	assert_null(strstr(trace.out, "stock.get"));
	assert_non_null(strstr(trace.out, "└─ #2 → #1"));
	assert_string_equal(trace.err, "");
	store_writer_close(writer);
	child_close(&trace);
	support_tempdir_close(&dir);
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The median, because a busy machine delays single messages. */
static void tail_shows_a_message_within_50_ms(void **state)
{
	enum { ROUNDS = 21 };
	struct support_tempdir dir;
	struct child tail;
	char log[300];
	int64_t delays_ns[ROUNDS];

	support_tempdir_open(&dir);
	struct store_writer *writer = open_log(support_tempdir_path(&dir, "log", log, sizeof(log)));
	log_message(writer, "a", 1000);
	const char *const argv[] = {tapedeck_of(state), "tail", log, NULL};
	child_open(&tail, argv);
	assert_true(child_await_out(&tail, "number 1000.", support_deadline_in(PATIENCE_MS)));
	for (int i = 0; i < ROUNDS; i++) {
		char text[30];
		int64_t start_ns = support_now_ns();

		snprintf(text, sizeof(text), "number %d.", i);
		log_message(writer, "a", i);
		assert_true(child_await_out(&tail, text, support_deadline_in(PATIENCE_MS)));
		delays_ns[i] = support_now_ns() - start_ns;
	}
	qsort(delays_ns, ROUNDS, sizeof(delays_ns[0]), compare_times);
	if (delays_ns[ROUNDS / 2] > 50000000)
		fail_msg("median delay %lld us", (long long)delays_ns[ROUNDS / 2] / 1000);
	store_writer_close(writer);
	child_close(&tail);
	support_tempdir_close(&dir);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		support_fail("usage: following TAPEDECK");
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(tail_shows_the_last_n_and_then_new_events, argv[1]),
	    cmocka_unit_test_prestate(tail_ends_when_until_has_passed, argv[1]),
	    cmocka_unit_test_prestate(an_interrupt_ends_tail_cleanly_with_a_summary, argv[1]),
	    cmocka_unit_test_prestate(tail_waits_for_a_log_and_shows_it_from_its_beginning, argv[1]),
	    cmocka_unit_test_prestate(cat_follow_prints_old_and_new_events, argv[1]),
	    cmocka_unit_test_prestate(tail_shows_new_events_around_a_match, argv[1]),
	    cmocka_unit_test_prestate(tail_shows_a_request_once_its_reply_has_come, argv[1]),
	    cmocka_unit_test_prestate(tail_merges_several_logs_as_they_grow, argv[1]),
	    cmocka_unit_test_prestate(trace_follow_prints_old_and_new_conversations, argv[1]),
	    cmocka_unit_test_prestate(tail_shows_a_message_within_50_ms, argv[1]),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
