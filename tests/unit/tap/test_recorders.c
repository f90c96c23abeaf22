/* Four recorders on four threads record into one log at the same time.
 *
 * The threads proceed in rounds, and a round lasts 5 ms by a clock of the test, so that the order in time can be checked
 * however slow the machine is. They run freely within a round and wait for each other at its end. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/read/reader.h"
#include "tap/recorder/recorder.h"
#include "tests/unit/store/log_fixture.h"
#include "wire/batch.h"

enum {
	RECORDERS = 4,
	ROUNDS = 60,
	PER_ROUND = 400, /* messages of one recorder */
	LEAVING_ROUND = 20,
	CLOSING_ROUND = 30,
	OPENING_ROUND = 40,
	DATA_BYTES = PER_ROUND * 1100,
};
#define ROUND_NS (INT64_C(5) * 1000 * 1000)
#define AGE_NS   (INT64_C(20) * 1000 * 1000)

static const char *const subjects[RECORDERS] = {"orders.0", "orders.1", "orders.2", "orders.3"};

/* ---- a disk that fails for a while ---- */

static _Atomic bool is_disk_full;

static int64_t disk_write(int fd, const void *bytes, size_t len)
{
	if (atomic_load(&is_disk_full)) {
		errno = ENOSPC;
		return -1;
	}
	return write(fd, bytes, len);
}

static const struct store_io failing_io = {.write = disk_write};

/* ---- one thread ---- */

struct scene {
	struct tap_recording *recording;
	pthread_barrier_t round;
	bool fills_disk;
};

struct player {
	struct scene *scene;
	unsigned number;
	struct tap_recorder *recorder;
	struct wire_sink *sink;
	pthread_mutex_t mutex;
	pthread_cond_t woken;
	bool is_awake;
	uint64_t published;
	struct wire_intern_hint subject_hint, receivers_hint;
	struct wire_batch_entry entries[PER_ROUND];
	char data[DATA_BYTES];
};

static void wake(void *context)
{
	struct player *player = context;
	pthread_mutex_lock(&player->mutex);
	player->is_awake = true;
	pthread_cond_signal(&player->woken);
	pthread_mutex_unlock(&player->mutex);
}

static void await_room(struct player *player)
{
	while (!player->sink->ready(player->sink)) {
		pthread_mutex_lock(&player->mutex);
		while (!player->is_awake)
			pthread_cond_wait(&player->woken, &player->mutex);
		player->is_awake = false;
		pthread_mutex_unlock(&player->mutex);
	}
}

static void open_recorder(struct player *player)
{
	if (tap_recorder_open(&player->recorder, player->scene->recording, wake, player) != 0)
		abort();
	player->sink = tap_recorder_sink(player->recorder);
}

static uint32_t payload_bytes(const struct player *player, uint64_t number)
{
	return 8 + (uint32_t)(number * 7919 % (250 * (player->number + 1)));
}

static void put_payload(char *out, uint32_t len, uint64_t number)
{
	memset(out, 'a' + (int)(number % 26), len);
	memcpy(out, &number, sizeof number);
}

/* Publish the messages of a round: at once in odd rounds, one by one in even ones. */
static void publish(struct player *player, unsigned round)
{
	const struct wire_receiver receivers[] = {{.conn = 1 + player->number, .sid = WIRE_LITERAL("1")},
						  {.conn = 11 + player->number, .sid = WIRE_LITERAL("2")}};
	struct wire_batch batch = {.data = player->data, .entries = player->entries};
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .time_ns = LOG_TIME_NS + round * ROUND_NS + player->number,
				   .conn = 1 + player->number,
				   .subject = wire_slice_str(subjects[player->number]),
				   .receiver_count = 2,
				   .receivers_len = 2,
				   .receivers = receivers,
				   .subject_hint = &player->subject_hint,
				   .receivers_hint = &player->receivers_hint};
	uint32_t at = 0;
	for (; batch.count < PER_ROUND; batch.count++) {
		uint32_t len = payload_bytes(player, player->published);
		player->entries[batch.count] = (struct wire_batch_entry){.payload = at, .payload_len = len};
		put_payload(player->data + at, len, player->published++);
		batch.payload_bytes += len;
		at += len;
	}
	if (round % 2 == 1) {
		player->sink->batch(player->sink, &event, &batch);
		return;
	}
	for (uint32_t i = 0; i < batch.count; i++) {
		wire_batch_event(&batch, i, &event);
		player->sink->event(player->sink, &event);
	}
}

static void emit(struct player *player, enum wire_event_kind kind, uint64_t conn, unsigned round)
{
	const struct wire_client client = {.name = WIRE_LITERAL("orders")};
	const struct wire_event event = {.kind = kind,
					 .time_ns = LOG_TIME_NS + round * ROUND_NS,
					 .conn = conn,
					 .client = kind == WIRE_EVENT_CONNECT ? &client : NULL};
	player->sink->event(player->sink, &event);
}

/* The first recorder is closed while its batch is half full, and opened again later. */
static bool is_away(const struct player *player, unsigned round)
{
	return player->number == 0 && round >= CLOSING_ROUND && round < OPENING_ROUND;
}

static void play_round(struct player *player, unsigned round)
{
	if (player->number == 0 && round == OPENING_ROUND)
		open_recorder(player);
	if (round == 0) {
		emit(player, WIRE_EVENT_CONNECT, 1 + player->number, round);
		emit(player, WIRE_EVENT_CONNECT, 11 + player->number, round);
	}
	if (round == LEAVING_ROUND)
		emit(player, WIRE_EVENT_DISCONNECT, 11 + player->number, round);
	await_room(player);
	publish(player, round);
	player->sink->tick(player->sink, LOG_TIME_NS + (round + 1) * ROUND_NS);
	if (player->number == 0 && round == CLOSING_ROUND - 1)
		tap_recorder_close(player->recorder);
}

static void *play(void *context)
{
	struct player *player = context;
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (player->scene->fills_disk && player->number == 1)
			atomic_store(&is_disk_full, round >= 10 && round < ROUNDS - 10);
		if (!is_away(player, round))
			play_round(player, round);
		pthread_barrier_wait(&player->scene->round);
	}
	tap_recorder_close(player->recorder);
	return NULL;
}

/* ---- all of them ---- */

/* Record into the log. Returns how many messages were published. */
static uint64_t play_all(const struct log_fixture *log, struct tap_recording_options *options,
			 bool fills_disk)
{
	static struct player players[RECORDERS];
	struct scene scene = {.fills_disk = fills_disk};
	struct wire_fault fault;
	pthread_t threads[RECORDERS];
	uint64_t published = 0;
	options->writer.io = &failing_io;
	if (tap_recording_open(&scene.recording, log->log, options, &fault) != 0)
		fail_msg("%s", fault.text);
	pthread_barrier_init(&scene.round, NULL, RECORDERS);
	for (unsigned i = 0; i < RECORDERS; i++) {
		players[i] = (struct player){.scene = &scene, .number = i};
		pthread_mutex_init(&players[i].mutex, NULL);
		pthread_cond_init(&players[i].woken, NULL);
		open_recorder(&players[i]);
	}
	for (unsigned i = 0; i < RECORDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, play, &players[i]), 0);
	for (unsigned i = 0; i < RECORDERS; i++) {
		pthread_join(threads[i], NULL);
		published += players[i].published;
	}
	atomic_store(&is_disk_full, false);
	tap_recording_close(scene.recording);
	for (unsigned i = 0; i < RECORDERS; i++) {
		pthread_mutex_destroy(&players[i].mutex);
		pthread_cond_destroy(&players[i].woken);
	}
	pthread_barrier_destroy(&scene.round);
	return published;
}

/* ---- what is in the log ---- */

static struct {
	uint64_t last_seq, messages, marks, gaps, gap_messages, next[RECORDERS];
	uint64_t repeated_segments;   /* that begin with descriptions of connections */
	uint32_t connected, repeated; /* bits of connection numbers; of this segment, since its beginning */
	bool is_lossless, is_stopped;
	int64_t latest_ns;
} seen;

static void see_message(const struct wire_event *event)
{
	uint64_t number;
	unsigned recorder = (unsigned)(event->conn - 1);
	assert_true(recorder < RECORDERS && event->payload.len >= sizeof number);
	assert_true(wire_slice_equal(event->subject, wire_slice_str(subjects[recorder])));
	assert_int_equal(event->receivers_len, 2);
	assert_int_equal(event->receivers[0].conn, event->conn);
	memcpy(&number, event->payload.data, sizeof number);
	if (number < seen.next[recorder] || (seen.is_lossless && number != seen.next[recorder]))
		fail_msg("recorder %u: message %" PRIu64 " instead of %" PRIu64, recorder, number,
			 seen.next[recorder]);
	seen.next[recorder] = number + 1;
	seen.messages++;
}

static void see_connection(const struct wire_event *event)
{
	uint32_t bit = UINT32_C(1) << event->conn;
	if (event->flags & WIRE_EVENT_REPEATED) {
		seen.repeated |= bit;
		return;
	}
	if (seen.repeated != 0 && seen.is_lossless) {
		assert_int_equal(seen.repeated, seen.connected);
		seen.repeated_segments++;
	}
	seen.repeated = 0;
	if (event->kind == WIRE_EVENT_CONNECT)
		seen.connected |= bit;
	else if (event->kind == WIRE_EVENT_DISCONNECT)
		seen.connected &= ~bit;
}

/* No event is older than an event before it by more than the age at which batches are handed over, plus a round. */
static void see_time(const struct wire_event *event)
{
	if (event->time_ns < seen.latest_ns - AGE_NS - ROUND_NS)
		fail_msg("event %" PRIu64 " is %" PRId64 " ms late", event->seq,
			 (seen.latest_ns - event->time_ns) / 1000000);
	if (event->time_ns > seen.latest_ns)
		seen.latest_ns = event->time_ns;
}

static void see(void *context, const struct wire_event *event)
{
	(void)context;
	assert_int_equal(event->seq, seen.last_seq + 1);
	assert_false(seen.is_stopped);
	seen.last_seq = event->seq;
	see_connection(event);
	if (seen.is_lossless &&
	    event->kind != WIRE_EVENT_MARK) /* marks and gaps have the times of the machine */
		see_time(event);
	if (event->kind == WIRE_EVENT_MESSAGE)
		see_message(event);
	seen.gaps += event->kind == WIRE_EVENT_GAP;
	seen.gap_messages += event->kind == WIRE_EVENT_GAP ? event->lost_messages : 0;
	if (event->kind != WIRE_EVENT_MARK)
		return;
	const char *text = seen.marks++ == 0 ? "start tapedeck " : "stop tapedeck ";
	assert_memory_equal(event->text.data, text, strlen(text));
	assert_int_equal(event->seq == 1, seen.marks == 1);
	seen.is_stopped = seen.marks == 2;
}

static void read_log(const struct log_fixture *log, bool is_lossless)
{
	memset(&seen, 0, sizeof seen);
	seen.is_lossless = is_lossless;
	log_visit(log->log, see, NULL);
	assert_true(seen.is_stopped || !is_lossless);
}

/* Marks have the time of the machine, which is not that of the rounds. */
static void assert_order_of_time(const struct log_fixture *log)
{
	const struct store_reader_options options = {.in_time_order = true};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	uint64_t messages = 0;
	int64_t latest_ns = 0;
	assert_int_equal(store_reader_open(&reader, log->log, &options, &fault), 0);
	while (store_reader_next(reader, &event, &fault) == 1) {
		messages += event.kind == WIRE_EVENT_MESSAGE;
		if (event.kind == WIRE_EVENT_MARK)
			continue;
		if (event.time_ns < latest_ns)
			fail_msg("event %" PRIu64 " is %" PRId64 " ns older than the one before it",
				 event.seq, latest_ns - event.time_ns);
		latest_ns = event.time_ns;
	}
	assert_int_equal(messages, seen.messages);
	store_reader_close(reader);
}

static void four_recorders_lose_nothing_and_their_events_are_read_in_order_of_time(void **state)
{
	const struct log_fixture *log = *state;
	struct tap_recording_options options;
	tap_recording_options_init(&options);
	options.writer.segment_bytes = 30 * 1000;
	uint64_t published = play_all(log, &options, false);
	assert_int_equal(published, PER_ROUND * (RECORDERS * ROUNDS - (OPENING_ROUND - CLOSING_ROUND)));
	read_log(log, true);
	assert_int_equal(seen.messages, published);
	assert_int_equal(seen.gaps, 0);
	assert_int_equal(seen.connected, 0x1e);
	assert_true(seen.repeated_segments > 2);
	assert_order_of_time(log);
}

static void recorders_that_share_the_fewest_batches_wait_for_each_other_and_lose_nothing(void **state)
{
	const struct log_fixture *log = *state;
	struct tap_recording_options options;
	tap_recording_options_init(&options);
	options.writer.batches = STORE_BATCHES_MIN;
	uint64_t published = play_all(log, &options, false);
	read_log(log, true);
	assert_int_equal(seen.messages, published);
	assert_int_equal(seen.gaps, 0);
}

static void gaps_state_what_recorders_that_drop_have_lost(void **state)
{
	const struct log_fixture *log = *state;
	struct tap_recording_options options;
	tap_recording_options_init(&options);
	options.overflow = TAP_OVERFLOW_DROP;
	options.writer.batches = STORE_BATCHES_MIN;
	options.writer.level = 19;
	uint64_t published = play_all(log, &options, false);
	read_log(log, false);
	assert_int_equal(seen.messages + seen.gap_messages, published);
}

static void gaps_state_what_was_lost_while_the_disk_was_full(void **state)
{
	const struct log_fixture *log = *state;
	struct tap_recording_options options;
	tap_recording_options_init(&options);
	uint64_t published = play_all(log, &options, true);
	read_log(log, false);
	assert_int_equal(seen.messages + seen.gap_messages, published);
	assert_true(seen.gaps > 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(four_recorders_lose_nothing_and_their_events_are_read_in_order_of_time),
	    CASE(recorders_that_share_the_fewest_batches_wait_for_each_other_and_lose_nothing),
	    CASE(gaps_state_what_recorders_that_drop_have_lost),
	    CASE(gaps_state_what_was_lost_while_the_disk_was_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
