/* cut_off: for a client that was cut off, or that left, the log records exactly the messages that it has
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/read/reader.h"
#include "support/broker.h"
#include "support/fail.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 30000, NUMBER_DIGITS = 10 };

struct story {
	struct support_broker broker;
	struct support_socket reader, publisher;
	int published;
	bool *was_read; /* by number */
};

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

static void say(struct support_socket *sock, const char *text)
{
	assert_int_equal(support_socket_send_text(sock, text, soon()), 0);
}

static void begin(struct story *story, const char *config)
{
	struct support_tempdir dir;
	char path[300];
	memset(story, 0, sizeof *story);
	support_tempdir_open(&dir);
	support_write_file(support_tempdir_path(&dir, "conf", path, sizeof path), config, strlen(config));
	support_broker_open(&story->broker, (const char *[]){"-c", path, NULL}, true);
	support_tempdir_close(&dir);
	assert_int_equal(support_socket_open_small(&story->reader, story->broker.server.port, 4096), 0);
	say(&story->reader,
	    "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB big 1\r\n");
	assert_int_equal(support_socket_sync(&story->reader, soon()), 0);
	assert_int_equal(support_socket_open(&story->publisher, story->broker.server.port), 0);
	say(&story->publisher, "CONNECT {\"verbose\":false}\r\n");
}

/* A payload is a number, padded with dots. */
static void publish(struct story *story, int count, size_t payload)
{
	size_t cap = (size_t)count * (payload + 64), len = 0;
	char *frames = support_grow(NULL, cap);
	memset(frames, '.', cap);
	for (int i = 0; i < count; i++) {
		len += (size_t)sprintf(frames + len, "PUB big %zu\r\n%010d", payload, story->published++);
		frames[len] = '.';
		len += payload - NUMBER_DIGITS;
		memcpy(frames + len, "\r\n", 2);
		len += 2;
	}
	assert_int_equal(support_socket_send(&story->publisher, frames, len, soon()), 0);
	free(frames);
	assert_int_equal(support_socket_sync(&story->publisher, soon()), 0);
}

static void await_slow_consumer(const struct story *story)
{
	struct support_deadline deadline = soon();
	while (support_broker_varz(&story->broker, "slow_consumers") == 0)
		if (!support_deadline_retry(deadline))
			fail_msg("the reader was not cut off");
}

static void await_departure(const struct story *story)
{
	struct support_deadline deadline = soon();
	while (support_broker_varz(&story->broker, "connections") > 1)
		if (!support_deadline_retry(deadline))
			fail_msg("the reader is still connected");
}

/* Note the numbers of the messages that arrived whole. Returns how many. */
static int note_what_was_read(struct story *story, size_t payload)
{
	char head[64];
	size_t head_len = (size_t)sprintf(head, "MSG big 1 %zu\r\n", payload), from = 0;
	int count = 0;
	story->was_read = calloc((size_t)story->published, sizeof *story->was_read);
	while (from < story->reader.len) {
		const char *at = memmem(story->reader.bytes + from, story->reader.len - from, head, head_len);
		if (!at)
			break;
		from = (size_t)(at - story->reader.bytes) + head_len + payload + 2;
		if (from > story->reader.len)
			break;
		story->was_read[atoi(at + head_len)] = true;
		count++;
	}
	return count;
}

static void expect_event(const struct story *story, const struct wire_event *event)
{
	char digits[NUMBER_DIGITS + 1] = "";
	memcpy(digits, event->payload.data, NUMBER_DIGITS);
	int number = atoi(digits);
	if (event->receiver_count != story->was_read[number])
		fail_msg("message %d: %u receivers in the log, %s by the client", number,
			 event->receiver_count, story->was_read[number] ? "read" : "not read");
}

static int64_t deliveries_of_stat(const struct story *story)
{
	char *text;
	const char *const command[] = {support_tapedeck(), "stat", "--json", story->broker.log, NULL};
	assert_int_equal(support_run(command, &text), 0);
	json_t *stat = json_loads(text, 0, NULL);
	int64_t deliveries = json_integer_value(json_object_get(stat, "deliveries"));
	json_decref(stat);
	free(text);
	return deliveries;
}

static void expect_log(const struct story *story, bool reverse)
{
	const struct store_reader_options options = {.payloads = true, .reverse = reverse};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	int status;
	assert_int_equal(store_reader_open(&reader, story->broker.log, &options, &fault), 0);
	while ((status = store_reader_next(reader, &event, &fault)) > 0)
		if (event.kind == WIRE_EVENT_MESSAGE)
			expect_event(story, &event);
	assert_int_equal(status, 0);
	store_reader_close(reader);
}

/* The bytes that the kernels of both sides hold arrive faster in a buffer of the usual size. */
static void read_to_the_end(struct support_socket *reader)
{
	const int bytes = 1 << 20;
	assert_int_equal(setsockopt(reader->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
	assert_int_equal(support_socket_await_close(reader, soon()), 0);
}

static void end(struct story *story, size_t payload)
{
	read_to_the_end(&story->reader);
	int read = note_what_was_read(story, payload);
	assert_true(read > 0 && read <= story->published);
	support_socket_close(&story->publisher);
	assert_int_equal(support_server_close(&story->broker.server), 0);
	expect_log(story, false);
	expect_log(story, true);
	assert_int_equal(deliveries_of_stat(story), read);
	support_socket_close(&story->reader);
	support_tempdir_close(&story->broker.dir);
	free(story->was_read);
}

static void expect_pending_limit(const char *config, int count, size_t payload)
{
	struct story story;
	begin(&story, config);
	publish(&story, count, payload);
	await_slow_consumer(&story);
	await_departure(&story);
	end(&story, payload);
}

static void the_log_matches_what_a_client_over_its_limit_read(void **state)
{
	(void)state;
	expect_pending_limit("max_pending: 2mb\n", 40, 500000);
	expect_pending_limit("max_pending: 1mb\n", 10000, 1000);
	expect_pending_limit("max_pending: 1mb\n", 60000, 100);
}

static void the_log_matches_what_a_client_past_the_write_deadline_read(void **state)
{
	(void)state;
	expect_pending_limit("write_deadline: \"1s\"\n", 30, 500000);
	expect_pending_limit("write_deadline: \"1s\"\n", 10000, 1000);
}

/* The reader takes a little now and then, so that the kernel takes chunks in parts. */
static void the_log_matches_what_a_client_that_reads_slowly_read(void **state)
{
	struct story story;
	(void)state;
	begin(&story, "max_pending: 1mb\nwrite_deadline: \"10s\"\n");
	publish(&story, 5000, 1000);
	for (int i = 0; i < 100; i++) {
		assert_true(support_socket_read(&story.reader, soon()) > 0);
		publish(&story, 5, 1000);
	}
	publish(&story, 5000, 1000);
	await_slow_consumer(&story);
	await_departure(&story);
	end(&story, 1000);
}

static void the_log_matches_what_a_client_that_ends_its_side_read(void **state)
{
	struct story story;
	(void)state;
	begin(&story, "");
	publish(&story, 10000, 1000);
	assert_int_equal(shutdown(story.reader.fd, SHUT_WR), 0);
	await_departure(&story);
	end(&story, 1000);
}

static void the_log_matches_what_a_client_that_got_an_error_read(void **state)
{
	struct story story;
	(void)state;
	begin(&story, "");
	publish(&story, 10000, 1000);
	say(&story.reader, "NONSENSE\r\n");
	await_departure(&story);
	end(&story, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_log_matches_what_a_client_over_its_limit_read),
	    cmocka_unit_test(the_log_matches_what_a_client_past_the_write_deadline_read),
	    cmocka_unit_test(the_log_matches_what_a_client_that_reads_slowly_read),
	    cmocka_unit_test(the_log_matches_what_a_client_that_ends_its_side_read),
	    cmocka_unit_test(the_log_matches_what_a_client_that_got_an_error_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
