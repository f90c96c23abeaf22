#include "tests/unit/store/log_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/read/decode_event.h"
#include "store/read/log.h"
#include "store/write/append.h"
#include "support/deadline.h"

int log_fixture_setup(void **state)
{
	struct log_fixture *fixture = calloc(1, sizeof *fixture);
	*state = fixture;
	if (!fixture)
		return -1;
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "log", fixture->log, sizeof fixture->log);
	store_writer_options_init(&fixture->options);
	return 0;
}

int log_fixture_teardown(void **state)
{
	struct log_fixture *fixture = *state;
	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

struct store_writer *log_open(const char *dir, const struct store_writer_options *options)
{
	struct store_writer *writer;
	struct wire_fault fault;
	if (store_writer_open(&writer, dir, options, &fault) != 0)
		fail_msg("cannot open: %s", fault.text);
	return writer;
}

static int print_payload(char *out, size_t cap, uint64_t number)
{
	return snprintf(out, cap, "message %" PRIu64 " %0*u", number, (int)(number % 50) + 1, 0);
}

void log_append(struct store_batch *batch, uint64_t number)
{
	char subject[32], payload[128];
	snprintf(subject, sizeof subject, "numbers.%" PRIu64, number % 7);
	int len = print_payload(payload, sizeof payload, number);
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .time_ns = LOG_TIME_NS + (int64_t)number,
					 .conn = 1 + number % 3,
					 .subject = wire_slice_str(subject),
					 .payload = wire_slice(payload, (size_t)len),
					 .size = (uint64_t)len,
					 .receiver_count = (uint32_t)(number % 4)};
	assert_int_equal(store_batch_append(batch, &event), 0);
}

struct store_producer *log_producer(struct store_writer *writer)
{
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	assert_non_null(producer);
	return producer;
}

static struct store_batch *wait_for_batch(struct store_producer *producer)
{
	struct support_deadline deadline = support_deadline_in(20000);
	struct store_batch *batch;
	while (!(batch = store_producer_batch(producer)))
		if (!support_deadline_retry(deadline))
			fail_msg("no batch became free");
	return batch;
}

void log_submit(struct store_writer *writer, uint64_t from, uint32_t count)
{
	struct store_producer *producer = log_producer(writer);
	struct store_batch *batch = wait_for_batch(producer);
	for (uint32_t i = 0; i < count; i++)
		log_append(batch, from + i);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
}

void log_write(const char *dir, const struct store_writer_options *options, uint64_t from, uint32_t blocks,
	       uint32_t events)
{
	struct store_writer *writer = log_open(dir, options);
	for (uint32_t i = 0; i < blocks; i++) {
		log_submit(writer, from + (uint64_t)i * events, events);
		store_writer_flush(writer);
	}
	store_writer_close(writer);
}

void log_note_line(void *context, const char *line)
{
	struct log_lines *lines = context;
	snprintf(lines->last, sizeof lines->last, "%s", line);
	atomic_fetch_add(&lines->count, 1);
}

void log_await(const _Atomic int *counter, int wanted)
{
	struct support_deadline deadline = support_deadline_in(10000);
	while (atomic_load(counter) < wanted)
		if (!support_deadline_retry(deadline))
			fail_msg("counted %d, wanted %d", atomic_load(counter), wanted);
}

uint64_t log_check_message(const struct wire_event *event)
{
	char subject[32], payload[128];
	uint64_t number = (uint64_t)(event->time_ns - LOG_TIME_NS);
	snprintf(subject, sizeof subject, "numbers.%" PRIu64, number % 7);
	int len = print_payload(payload, sizeof payload, number);
	if (!wire_slice_equal(event->subject, wire_slice_str(subject)) ||
	    !wire_slice_equal(event->payload, wire_slice(payload, (size_t)len)) ||
	    event->conn != 1 + number % 3 || event->receiver_count != number % 4 ||
	    event->size != (uint64_t)len || event->flags != 0)
		fail_msg("message %" PRIu64 " is not what was written: %.*s", number, (int)event->payload.len,
			 event->payload.data ? event->payload.data : "");
	return number;
}

static void count_message(struct log_contents *contents, const struct wire_event *event)
{
	uint64_t number = log_check_message(event);
	if (contents->messages++ == 0)
		contents->first_number = number;
	else
		contents->number_jumps += number != contents->last_number + 1;
	contents->last_number = number;
}

static void count_event(void *context, const struct wire_event *event)
{
	struct log_contents *contents = context;
	if (contents->events++ == 0)
		contents->first_seq = event->seq;
	else if (event->seq <= contents->last_seq)
		fail_msg("sequence number %" PRIu64 " after %" PRIu64, event->seq, contents->last_seq);
	else
		contents->missing += event->seq - contents->last_seq - 1;
	contents->last_seq = event->seq;
	if (event->kind == WIRE_EVENT_MESSAGE)
		count_message(contents, event);
	if (event->kind == WIRE_EVENT_GAP) {
		contents->gaps++;
		contents->gap_messages += event->lost_messages;
		snprintf(contents->gap_text, sizeof contents->gap_text, "%.*s", (int)event->text.len,
			 event->text.data);
	}
	contents->connects += event->kind == WIRE_EVENT_CONNECT;
	contents->repeated += (event->flags & WIRE_EVENT_REPEATED) != 0;
}

struct visitor {
	void (*visit)(void *context, const struct wire_event *event);
	void *context;
	struct store_block *block;
	struct log_contents contents; /* what segments, not events, tell */
};

static void visit_block(struct visitor *visitor, struct store_segment_reader *segment, size_t entry)
{
	struct wire_event event;
	int error = store_segment_reader_load_block(segment, entry, STORE_FRAME_PAYLOADS, visitor->block);
	visitor->contents.blocks++;
	visitor->contents.damaged_blocks += error == STORE_EDAMAGE;
	for (uint32_t i = 0; i < segment->index.entries[entry].header.events && !error; i++) {
		store_block_event(visitor->block, i, &event);
		visitor->visit(visitor->context, &event);
	}
}

static void visit_segment(struct visitor *visitor, const char *path)
{
	struct log_contents *contents = &visitor->contents;
	struct store_segment_reader *segment;
	if (store_segment_reader_open(&segment, path, NULL) != 0) {
		contents->unreadable++;
		return;
	}
	for (size_t i = 0; i < segment->index.count; i++)
		visit_block(visitor, segment, i);
	contents->segments++;
	contents->open_segments += !segment->is_closed;
	contents->damaged_ranges += segment->damage_count;
	contents->torn_bytes += store_segment_reader_torn_bytes(segment);
	contents->bytes += segment->file_bytes;
	store_segment_reader_close(segment);
}

static void visit_all(struct visitor *visitor, const char *path)
{
	struct store_log_segments segments;
	visitor->block = store_block_open();
	assert_non_null(visitor->block);
	assert_int_equal(store_log_list(&segments, path, NULL), 0);
	for (size_t i = 0; i < segments.count; i++)
		visit_segment(visitor, segments.list[i].path);
	store_log_segments_fini(&segments);
	store_block_close(visitor->block);
}

void log_visit(const char *path, void (*visit)(void *context, const struct wire_event *event), void *context)
{
	struct visitor visitor = {.visit = visit, .context = context};
	visit_all(&visitor, path);
}

void log_read(const char *path, struct log_contents *contents)
{
	struct visitor visitor = {.visit = count_event, .context = contents};
	*contents = (struct log_contents){0};
	visit_all(&visitor, path);
	contents->segments = visitor.contents.segments;
	contents->open_segments = visitor.contents.open_segments;
	contents->unreadable = visitor.contents.unreadable;
	contents->blocks = visitor.contents.blocks;
	contents->damaged_blocks = visitor.contents.damaged_blocks;
	contents->damaged_ranges = visitor.contents.damaged_ranges;
	contents->torn_bytes = visitor.contents.torn_bytes;
	contents->bytes = visitor.contents.bytes;
}

void log_segment_path(const char *dir, size_t n, char *path, size_t cap)
{
	struct store_log_segments segments;
	assert_int_equal(store_log_list(&segments, dir, NULL), 0);
	assert_true(n < segments.count);
	snprintf(path, cap, "%s", segments.list[n].path);
	store_log_segments_fini(&segments);
}

size_t log_count_files(const char *dir, const char *suffix)
{
	DIR *open = opendir(dir);
	size_t count = 0;
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
		size_t len = strlen(entry->d_name), want = strlen(suffix);
		count += len >= want && strcmp(entry->d_name + len - want, suffix) == 0;
	}
	closedir(open);
	return count;
}

void log_flip(const char *path, uint64_t offset, unsigned bit)
{
	unsigned char byte;
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
	byte ^= (unsigned char)(1u << bit);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
	close(fd);
}
