#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/deadline.h"
#include "tap/recorder/recorder.h"
#include "tests/unit/store/log_fixture.h"
#include "wire/batch.h"
#include "wire/mark.h"

/* ---- a disk that stops when asked to ---- */

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	bool is_still;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void set_still(bool is_still)
{
	pthread_mutex_lock(&disk.mutex);
	disk.is_still = is_still;
	pthread_cond_broadcast(&disk.moved);
	pthread_mutex_unlock(&disk.mutex);
}

static int64_t disk_write(int fd, const void *bytes, size_t len)
{
	pthread_mutex_lock(&disk.mutex);
	while (disk.is_still)
		pthread_cond_wait(&disk.moved, &disk.mutex);
	pthread_mutex_unlock(&disk.mutex);
	return write(fd, bytes, len);
}

static int disk_open(const char *path, int flags, unsigned mode)
{
	return open(path, flags, mode);
}

static const struct store_io still_io = {.write = disk_write, .sync = fdatasync, .open = disk_open};

/* ---- what was recorded ---- */

struct seen {
	uint64_t events, messages, others, gaps, gap_messages, deliveries, connects, cut, receivers;
	uint64_t payload_bytes, size;
	bool gap_before_message; /* the last gap came before the last message */
	char subjects[400];      /* of all messages, each followed by a space */
	char first_mark[100], last_mark[100];
	char marks[100]; /* the remarks */
	char gap_text[300];
};

static void see(void *context, const struct wire_event *event)
{
	struct seen *seen = context;
	size_t used = strlen(seen->subjects);
	seen->events++;
	seen->cut += (event->flags & WIRE_EVENT_CUT) != 0;
	seen->deliveries += event->kind == WIRE_EVENT_DELIVERY;
	seen->connects += event->kind == WIRE_EVENT_CONNECT;
	seen->others += event->kind == WIRE_EVENT_SUBSCRIBE || event->kind == WIRE_EVENT_UNSUBSCRIBE;
	if (event->kind == WIRE_EVENT_MESSAGE) {
		seen->messages++;
		seen->receivers += event->receivers_len;
		seen->payload_bytes += event->payload.len;
		seen->size += event->size;
		seen->gap_before_message = seen->gaps > 0;
		snprintf(seen->subjects + used, sizeof seen->subjects - used, "%.*s ",
			 (int)event->subject.len, event->subject.data);
	}
	if (event->kind == WIRE_EVENT_GAP) {
		seen->gaps++;
		seen->gap_messages += event->lost_messages;
		snprintf(seen->gap_text, sizeof seen->gap_text, "%.*s", (int)event->text.len,
			 event->text.data);
	}
	if (event->kind == WIRE_EVENT_MARK) {
		char *mark = *seen->first_mark ? seen->last_mark : seen->first_mark;
		snprintf(mark, sizeof seen->last_mark, "%.*s", (int)event->text.len, event->text.data);
		size_t marked = strlen(seen->marks);
		if (memcmp(mark, "remark", sizeof "remark" - 1) == 0)
			snprintf(seen->marks + marked, sizeof seen->marks - marked, "%s", mark);
	}
}

struct fixture {
	struct log_fixture *log;
	struct tap_recording_options options;
	struct tap_recording *recording;
	struct tap_recorder *recorder;
	struct wire_sink *sink;
	_Atomic int wakes;
};

static void count_wake(void *context)
{
	atomic_fetch_add(&((struct fixture *)context)->wakes, 1);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	void *log;
	if (!fixture || log_fixture_setup(&log) != 0)
		return -1;
	fixture->log = log;
	tap_recording_options_init(&fixture->options);
	fixture->options.writer.io = &still_io;
	fixture->options.writer.batches = 2;
	set_still(false);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	void *log = fixture->log;
	set_still(false);
	tap_recorder_close(fixture->recorder);
	tap_recording_close(fixture->recording);
	free(fixture);
	return log_fixture_teardown(&log);
}

static struct tap_recorder *open_recorder(struct fixture *fixture)
{
	struct tap_recorder *recorder;
	assert_int_equal(tap_recorder_open(&recorder, fixture->recording, count_wake, fixture), 0);
	return recorder;
}

/* The mark at the start is written when it returns: all batches are free. */
static void start(struct fixture *fixture)
{
	struct wire_sink_status status;
	struct support_deadline deadline = support_deadline_in(10000);
	struct wire_fault fault;
	if (tap_recording_open(&fixture->recording, fixture->log->log, &fixture->options, &fault) != 0)
		fail_msg("%s", fault.text);
	fixture->recorder = open_recorder(fixture);
	fixture->sink = tap_recorder_sink(fixture->recorder);
	do
		fixture->sink->status(fixture->sink, &status);
	while (status.queued_bytes > 0 && support_deadline_retry(deadline));
}

static struct seen stop(struct fixture *fixture)
{
	struct seen seen = {0};
	tap_recorder_close(fixture->recorder);
	tap_recording_close(fixture->recording);
	fixture->recorder = NULL;
	fixture->recording = NULL;
	log_visit(fixture->log->log, see, &seen);
	return seen;
}

static void publish(struct fixture *fixture, const char *subject, size_t payload_bytes)
{
	static const char payload[2 << 20];
	const struct wire_receiver receivers[] = {{.conn = 2, .sid = WIRE_LITERAL("1")}};
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .time_ns = LOG_TIME_NS,
					 .conn = 1,
					 .subject = wire_slice_str(subject),
					 .payload = wire_slice(payload, payload_bytes),
					 .size = payload_bytes,
					 .receiver_count = 1,
					 .receivers_len = 1,
					 .receivers = receivers};
	fixture->sink->event(fixture->sink, &event);
}

static void emit(struct fixture *fixture, enum wire_event_kind kind)
{
	const struct wire_client client = {.name = WIRE_LITERAL("orders")};
	const struct wire_event event = {.kind = kind,
					 .time_ns = LOG_TIME_NS,
					 .conn = 3,
					 .client = kind == WIRE_EVENT_CONNECT ? &client : NULL,
					 .subject = kind == WIRE_EVENT_CONNECT ? wire_slice("", 0)
									       : WIRE_LITERAL("a.b"),
					 .sid = WIRE_LITERAL("1")};
	fixture->sink->event(fixture->sink, &event);
}

enum { FULL = STORE_BLOCK_PAYLOAD_BYTES };

/* Publish messages that fill a batch each until the sink asks the source to pause. Returns how many. */
static uint64_t publish_until_not_ready(struct fixture *fixture)
{
	uint64_t count = 0;
	set_still(true);
	while (fixture->sink->ready(fixture->sink) && count < 100) {
		publish(fixture, "a", FULL);
		count++;
	}
	assert_true(count < 100);
	return count;
}

static void await_wake(struct fixture *fixture)
{
	struct support_deadline deadline = support_deadline_in(10000);
	while (atomic_load(&fixture->wakes) == 0)
		if (!support_deadline_retry(deadline))
			fail_msg("no wake call came");
}

/* ---- what is recorded ---- */

static void a_recording_begins_and_ends_with_a_mark(void **state)
{
	struct fixture *fixture = *state;
	start(fixture);
	for (int i = 0; i < 1000; i++)
		publish(fixture, "a", 10);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.messages, 1000);
	assert_int_equal(seen.events, 1002);
	assert_memory_equal(seen.first_mark, "start tapedeck ", 15);
	assert_memory_equal(seen.last_mark, "stop tapedeck ", 14);
}

static void only_included_subjects_are_recorded(void **state)
{
	struct fixture *fixture = *state;
	const char *include[] = {"orders.*", "audit.>", NULL}, *exclude[] = {"orders.secret", NULL};
	fixture->options.include = include;
	fixture->options.exclude = exclude;
	start(fixture);
	publish(fixture, "orders.new", 1);
	publish(fixture, "orders.new.deep", 1);
	publish(fixture, "orders.secret", 1);
	publish(fixture, "audit.a.b", 1);
	publish(fixture, "other", 1);
	emit(fixture, WIRE_EVENT_CONNECT);
	struct seen seen = stop(fixture);
	assert_string_equal(seen.subjects, "orders.new audit.a.b ");
	assert_int_equal(seen.connects, 1);
}

static void publish_remark(struct fixture *fixture, const char *text)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .time_ns = LOG_TIME_NS,
					 .conn = 1,
					 .subject = WIRE_LITERAL(WIRE_MARK_SUBJECT),
					 .payload = wire_slice_str(text),
					 .size = strlen(text)};
	fixture->sink->event(fixture->sink, &event);
}

static void a_remark_becomes_a_mark_after_its_message(void **state)
{
	struct fixture *fixture = *state;
	start(fixture);
	publish_remark(fixture, "deploy");
	struct seen seen = stop(fixture);
	assert_string_equal(seen.subjects, WIRE_MARK_SUBJECT " ");
	assert_int_equal(seen.events, 4);
	assert_string_equal(seen.marks, "remark deploy");
}

static void a_remark_becomes_a_mark_though_its_message_is_excluded(void **state)
{
	struct fixture *fixture = *state;
	const char *exclude[] = {"$TAPEDECK.>", NULL};
	fixture->options.exclude = exclude;
	start(fixture);
	publish_remark(fixture, "deploy");
	struct seen seen = stop(fixture);
	assert_int_equal(seen.messages, 0);
	assert_string_equal(seen.marks, "remark deploy");
}

static void each_remark_of_a_batch_becomes_a_mark(void **state)
{
	struct fixture *fixture = *state;
	const char data[] = "1\r\na\r\n1\r\nb\r\n";
	const struct wire_batch_entry entries[] = {{0, 3, 1}, {6, 9, 1}};
	const struct wire_batch batch = {.data = data, .entries = entries, .count = 2, .payload_bytes = 2};
	const struct wire_event template = {.kind = WIRE_EVENT_MESSAGE,
					    .time_ns = LOG_TIME_NS,
					    .conn = 1,
					    .subject = WIRE_LITERAL(WIRE_MARK_SUBJECT)};
	start(fixture);
	publish(fixture, "a", 1);
	fixture->sink->batch(fixture->sink, &template, &batch);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.messages, 3);
	assert_string_equal(seen.marks, "remark aremark b");
}

static struct seen record_with_detail(struct fixture *fixture, enum tap_detail detail)
{
	fixture->options.detail = detail;
	start(fixture);
	publish(fixture, "a", 10);
	emit(fixture, WIRE_EVENT_DELIVERY);
	emit(fixture, WIRE_EVENT_SUBSCRIBE);
	emit(fixture, WIRE_EVENT_UNSUBSCRIBE);
	return stop(fixture);
}

static void detail_messages_keeps_no_receivers(void **state)
{
	struct seen seen = record_with_detail(*state, TAP_DETAIL_MESSAGES);
	assert_int_equal(seen.messages, 1);
	assert_int_equal(seen.receivers + seen.deliveries + seen.others, 0);
}

static void detail_deliveries_keeps_receivers_but_no_subscriptions(void **state)
{
	struct seen seen = record_with_detail(*state, TAP_DETAIL_DELIVERIES);
	assert_int_equal(seen.receivers, 1);
	assert_int_equal(seen.deliveries, 1);
	assert_int_equal(seen.others, 0);
}

static void detail_protocol_keeps_everything(void **state)
{
	struct seen seen = record_with_detail(*state, TAP_DETAIL_PROTOCOL);
	assert_int_equal(seen.receivers, 1);
	assert_int_equal(seen.others, 2);
}

/* A client leaves that never got 3 messages. True when the log's disconnect event is marked. */
static bool is_count_marked(struct fixture *fixture)
{
	const struct wire_event event = {
	    .kind = WIRE_EVENT_DISCONNECT, .time_ns = LOG_TIME_NS, .conn = 1, .lost_messages = 3};
	start(fixture);
	fixture->sink->event(fixture->sink, &event);
	return stop(fixture).cut > 0;
}

static void a_count_of_lost_messages_is_marked_where_some_messages_are_not_recorded(void **state)
{
	struct fixture *fixture = *state;
	const char *patterns[] = {"a", NULL};
	assert_false(is_count_marked(fixture));
	fixture->options.include = patterns;
	assert_true(is_count_marked(fixture));
	fixture->options.include = NULL;
	fixture->options.exclude = patterns;
	assert_true(is_count_marked(fixture));
	fixture->options.exclude = NULL;
	fixture->options.detail = TAP_DETAIL_MESSAGES;
	assert_true(is_count_marked(fixture));
}

static void a_payload_over_the_limit_is_cut_and_keeps_its_size(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.max_payload = 100;
	start(fixture);
	publish(fixture, "a", 100);
	publish(fixture, "a", 101);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.cut, 1);
	assert_int_equal(seen.payload_bytes, 200);
	assert_int_equal(seen.size, 201);
}

static void max_payload_none_keeps_no_payload(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.max_payload = 0;
	start(fixture);
	publish(fixture, "a", 7);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.cut, 1);
	assert_int_equal(seen.payload_bytes, 0);
	assert_int_equal(seen.size, 7);
}

static uint64_t queued_or_written(struct fixture *fixture)
{
	struct wire_sink_status status;
	fixture->sink->status(fixture->sink, &status);
	return status.queued_bytes;
}

static void a_half_filled_batch_is_handed_over_after_20_ms(void **state)
{
	struct fixture *fixture = *state;
	start(fixture);
	publish(fixture, "a", 10);
	set_still(true);
	assert_int_equal(fixture->sink->tick(fixture->sink, LOG_TIME_NS + 5 * 1000000), 15);
	assert_int_equal(fixture->sink->tick(fixture->sink, LOG_TIME_NS + 20 * 1000000 - 1), 1);
	assert_int_equal(queued_or_written(fixture), 0);
	assert_int_equal(fixture->sink->tick(fixture->sink, LOG_TIME_NS + 20 * 1000000), 0);
	assert_true(queued_or_written(fixture) > 0);
	assert_int_equal(fixture->sink->tick(fixture->sink, LOG_TIME_NS + 20 * 1000000), 0);
}

static void connection_numbers_continue_in_the_next_recording(void **state)
{
	struct fixture *fixture = *state;
	start(fixture);
	assert_int_equal(tap_recording_next_conn(fixture->recording), 1);
	publish(fixture, "a", 10);
	stop(fixture);
	start(fixture);
	assert_int_equal(tap_recording_next_conn(fixture->recording), 3);
}

/* ---- overflow ---- */

static void a_source_that_waits_loses_nothing(void **state)
{
	struct fixture *fixture = *state;
	start(fixture);
	uint64_t published = publish_until_not_ready(fixture);
	assert_int_equal(atomic_load(&fixture->wakes), 0);
	set_still(false);
	await_wake(fixture);
	assert_true(fixture->sink->ready(fixture->sink));
	publish(fixture, "a", FULL);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.messages, published + 1);
	assert_int_equal(seen.gaps, 0);
}

static void events_that_come_before_the_source_pauses_are_kept(void **state)
{
	struct fixture *fixture = *state;
	start(fixture);
	uint64_t published = publish_until_not_ready(fixture);
	for (int i = 0; i < STORE_SPARE_BATCHES - 1; i++) {
		publish(fixture, "a", FULL);
		published++;
	}
	set_still(false);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.messages, published);
	assert_int_equal(seen.gaps, 0);
}

static void the_gap_states_what_a_source_that_never_pauses_loses(void **state)
{
	struct fixture *fixture = *state;
	struct wire_sink_status status;
	start(fixture);
	uint64_t published = publish_until_not_ready(fixture);
	for (int i = 0; i < 50; i++, published++)
		publish(fixture, "a", FULL);
	fixture->sink->status(fixture->sink, &status);
	assert_true(status.lost_messages > 0);
	assert_false(status.degraded);
	set_still(false);
	await_wake(fixture);
	publish(fixture, "last", 2 * FULL); /* does not fit after the gap event */
	struct seen seen = stop(fixture);
	assert_int_equal(seen.gap_messages, status.lost_messages);
	assert_int_equal(seen.messages, published + 1 - status.lost_messages);
	assert_true(seen.gap_before_message);
}

static void drop_never_pauses_the_source_and_leaves_a_gap(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.overflow = TAP_OVERFLOW_DROP;
	start(fixture);
	set_still(true);
	for (int i = 0; i < 50; i++) {
		assert_true(fixture->sink->ready(fixture->sink));
		publish(fixture, "a", FULL);
	}
	set_still(false);
	struct seen seen = stop(fixture);
	assert_true(seen.messages < 10);
	assert_int_equal(seen.messages + seen.gap_messages, 50);
	assert_int_equal(seen.gaps, 1);
}

static void drop_counts_the_lost_messages_of_batches(void **state)
{
	enum { BATCHES = 20, LEN = FULL / 4 };
	static const char data[4 * LEN];
	const struct wire_batch_entry entries[] = {
	    {0, 0, LEN}, {0, LEN, LEN}, {0, 2 * LEN, LEN}, {0, 3 * LEN, LEN}};
	const struct wire_batch batch = {
	    .data = data, .entries = entries, .count = 4, .payload_bytes = 4 * LEN};
	struct fixture *fixture = *state;
	struct wire_intern_hint hint = {0};
	const struct wire_event template = {
	    .time_ns = LOG_TIME_NS, .conn = 1, .subject = WIRE_LITERAL("a"), .subject_hint = &hint};
	fixture->options.overflow = TAP_OVERFLOW_DROP;
	start(fixture);
	set_still(true);
	for (int i = 0; i < BATCHES; i++)
		fixture->sink->batch(fixture->sink, &template, &batch);
	set_still(false);
	struct seen seen = stop(fixture);
	assert_in_range(seen.messages, 4, 40);
	assert_int_equal(seen.messages + seen.gap_messages, 4 * BATCHES);
}

static void drop_keeps_connect_events(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.overflow = TAP_OVERFLOW_DROP;
	start(fixture);
	set_still(true);
	for (int i = 0; i < 20; i++)
		publish(fixture, "a", FULL);
	for (int i = 0; i < 30; i++)
		emit(fixture, WIRE_EVENT_CONNECT);
	set_still(false);
	struct seen seen = stop(fixture);
	assert_int_equal(seen.connects, 30);
	assert_int_equal(seen.messages + seen.gap_messages, 20);
}

static void a_tick_states_a_loss_as_soon_as_there_is_room(void **state)
{
	struct fixture *fixture = *state;
	fixture->options.overflow = TAP_OVERFLOW_DROP;
	start(fixture);
	set_still(true);
	for (int i = 0; i < 20; i++)
		publish(fixture, "a", FULL);
	set_still(false);
	struct support_deadline deadline = support_deadline_in(10000);
	struct seen seen = {0};
	for (int64_t now_ns = LOG_TIME_NS; seen.gaps == 0 && support_deadline_retry(deadline);) {
		fixture->sink->tick(fixture->sink, now_ns += 20 * 1000000);
		memset(&seen, 0, sizeof seen);
		log_visit(fixture->log->log, see, &seen);
	}
	assert_int_equal(seen.messages + seen.gap_messages, 20);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_recording_begins_and_ends_with_a_mark),
	    CASE(only_included_subjects_are_recorded),
	    CASE(a_count_of_lost_messages_is_marked_where_some_messages_are_not_recorded),
	    CASE(a_remark_becomes_a_mark_after_its_message),
	    CASE(a_remark_becomes_a_mark_though_its_message_is_excluded),
	    CASE(each_remark_of_a_batch_becomes_a_mark),
	    CASE(detail_messages_keeps_no_receivers),
	    CASE(detail_deliveries_keeps_receivers_but_no_subscriptions),
	    CASE(detail_protocol_keeps_everything),
	    CASE(a_payload_over_the_limit_is_cut_and_keeps_its_size),
	    CASE(max_payload_none_keeps_no_payload),
	    CASE(a_half_filled_batch_is_handed_over_after_20_ms),
	    CASE(connection_numbers_continue_in_the_next_recording),
	    CASE(a_source_that_waits_loses_nothing),
	    CASE(events_that_come_before_the_source_pauses_are_kept),
	    CASE(the_gap_states_what_a_source_that_never_pauses_loses),
	    CASE(drop_never_pauses_the_source_and_leaves_a_gap),
	    CASE(drop_counts_the_lost_messages_of_batches),
	    CASE(drop_keeps_connect_events),
	    CASE(a_tick_states_a_loss_as_soon_as_there_is_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
