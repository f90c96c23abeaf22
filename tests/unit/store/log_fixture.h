/* log_fixture.h - common to tests of logs: a folder, writing numbered messages, reading a whole log back. */
#ifndef TESTS_LOG_FIXTURE_H
#define TESTS_LOG_FIXTURE_H

#include "store/read/segment_reader.h"
#include "store/write/producer.h"
#include "support/tempdir.h"

/* A test's state: an empty folder, and the path of a log to make in it. */
struct log_fixture {
	struct support_tempdir dir;
	char log[300];
	struct store_writer_options options; /* the defaults */
};

int log_fixture_setup(void **state);
int log_fixture_teardown(void **state);

/* Open a writer on dir; must succeed. */
struct store_writer *log_open(const char *dir, const struct store_writer_options *options);

/* Open a producer without a wake call; must succeed. */
struct store_producer *log_producer(struct store_writer *writer);

/* Append message number `number` to the batch: subject "numbers.<number % 7>", its payload follows from it, its time is
 * LOG_TIME_NS + number. Must succeed. */
#define LOG_TIME_NS INT64_C(1700000000000000000)
void log_append(struct store_batch *batch, uint64_t number);

/* Submit messages from..from+count-1 as one block. Waits for a free batch. */
void log_submit(struct store_writer *writer, uint64_t from, uint32_t count);

/* Open, submit `blocks` blocks of `events` messages each, flush after each, close. Messages are numbered from `from`. */
void log_write(const char *dir, const struct store_writer_options *options, uint64_t from, uint32_t blocks,
	       uint32_t events);

/* The lines that a writer reported, which log_note_line writes down: its `report`, with these as the context. */
struct log_lines {
	_Atomic int count;
	char last[1000];
};
void log_note_line(void *context, const char *line);

/* Wait until a counter that another thread raises is at `wanted`; fails after ten seconds. */
void log_await(const _Atomic int *counter, int wanted);

/* Check that the event is the message that log_append makes of its number. Returns the number, or fails. */
uint64_t log_check_message(const struct wire_event *event);

/* Call visit for every event of a log, segment by segment; damaged blocks are left out. */
void log_visit(const char *path, void (*visit)(void *context, const struct wire_event *event), void *context);

/* Visit the events of a log, read segment by segment. Every message must be one of log_append's, whole. */
struct log_contents {
	uint64_t segments, open_segments, unreadable, blocks, events, messages, gaps, gap_messages, connects,
	    repeated;
	uint64_t damaged_blocks, damaged_ranges, torn_bytes, bytes;
	uint64_t first_seq, last_seq;
	uint64_t missing; /* sequence numbers between the first and the last that no event has */
	uint64_t first_number, last_number, number_jumps; /* of messages */
	char gap_text[400];                               /* of the last gap */
};
void log_read(const char *path, struct log_contents *contents);

/* The path of the n-th segment of a log. */
void log_segment_path(const char *dir, size_t n, char *path, size_t cap);
/* How many files there are whose name ends in `suffix`. */
size_t log_count_files(const char *dir, const char *suffix);
/* Flip one bit of a file. */
void log_flip(const char *path, uint64_t offset, unsigned bit);

#endif
