/* Repacking: a closed segment of many small blocks becomes one of few full ones, and nothing else changes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/care/pack.h"
#include "store/care/repack.h"
#include "store/read/decode_event.h"
#include "tests/unit/store/log_builder.h"
#include "tests/unit/store/log_fixture.h"

static const _Atomic bool stop = true;
/* As a writer repacks the segments that it closes. */
static const struct store_repack_options at_closing = {.level = 1, .least_gain = 5};

/* One closed segment of blocks of `events` sample events each; *path gets its name. */
static void build(const struct log_fixture *fixture, uint32_t blocks, uint32_t events, char path[400])
{
	struct log_builder builder;
	builder_open(&builder, fixture->log, 11);
	for (uint32_t i = 0; i < blocks; i++) {
		builder_add_samples(&builder, events);
		builder_end_block(&builder);
	}
	builder_end_segment(&builder, true);
	snprintf(path, 400, "%s", builder.segments[0]);
	builder_close(&builder);
}

static struct store_segment_reader *open_segment(const char *path)
{
	struct store_segment_reader *segment;
	struct wire_fault fault;
	if (store_segment_reader_open(&segment, path, &fault) != 0)
		fail_msg("%s", fault.text);
	return segment;
}

/* The events of a segment, hashed one by one: number, time, who, what, to whom. */
struct digest {
	uint64_t sums[4000];
	size_t len;
};

static void add_bytes(uint64_t *sum, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ at[i]) * UINT64_C(0x100000001b3);
}

static void add_slice(uint64_t *sum, struct wire_slice slice)
{
	add_bytes(sum, &slice.len, sizeof slice.len);
	if (slice.len > 0)
		add_bytes(sum, slice.data, slice.len);
}

static void add_event(struct digest *digest, const struct wire_event *event)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	const uint64_t numbers[] = {
	    event->seq,  (uint64_t)event->time_ns, event->kind,          event->flags, event->conn,
	    event->size, event->receiver_count,    event->lost_messages, event->max};
	const struct wire_slice slices[] = {event->subject, event->reply, event->headers, event->payload,
					    event->sid,     event->queue, event->text};
	add_bytes(&sum, numbers, sizeof numbers);
	for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
		add_slice(&sum, slices[i]);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		add_bytes(&sum, &event->receivers[i].conn, sizeof event->receivers[i].conn);
		add_slice(&sum, event->receivers[i].sid);
		add_slice(&sum, event->receivers[i].queue);
	}
	if (event->client)
		add_slice(&sum, event->client->address);
	digest->sums[digest->len++] = sum;
}

static void digest_segment(struct store_segment_reader *segment, struct digest *digest)
{
	struct store_block *block = store_block_open();
	struct wire_event event;
	digest->len = 0;
	for (size_t entry = 0; entry < segment->index.count; entry++) {
		assert_int_equal(store_segment_reader_load_block(segment, entry, STORE_FRAME_PAYLOADS, block),
				 0);
		for (uint32_t i = 0; i < segment->index.entries[entry].header.events; i++) {
			assert_true(digest->len < sizeof digest->sums / sizeof *digest->sums);
			store_block_event(block, i, &event);
			add_event(digest, &event);
		}
	}
	store_block_close(block);
}

static void assert_same_events(struct store_segment_reader *a, struct store_segment_reader *b)
{
	static struct digest first, second;
	digest_segment(a, &first);
	digest_segment(b, &second);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.sums, second.sums, first.len * sizeof *first.sums);
}

/* It is still the same file. */
static void assert_untouched(const char *path, ino_t inode)
{
	struct stat info;
	char temporary[420];
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_ino, inode);
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	assert_int_equal(stat(temporary, &info), -1);
}

static ino_t inode_of(const char *path)
{
	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	return info.st_ino;
}

static void small_blocks_become_full_ones_with_the_same_events(void **state)
{
	struct log_fixture *fixture = *state;
	char path[400];
	build(fixture, 200, 15, path);
	struct store_segment_reader *before = open_segment(path);
	assert_true(store__repack_is_due(&before->index));
	int64_t saved = store_repack(path, &at_closing);
	struct store_segment_reader *after = open_segment(path);
	assert_true(after->is_closed);
	assert_true(after->index.count < 5);
	assert_int_equal(before->file_bytes - after->file_bytes, saved);
	assert_true(after->file_bytes <= before->file_bytes / 5 * 4);
	assert_memory_equal(before->header.log_id, after->header.log_id, sizeof after->header.log_id);
	assert_int_equal(before->header.next_conn, after->header.next_conn);
	assert_false(store__repack_is_due(&after->index));
	/* A reader that has the old file open goes on reading it. */
	assert_same_events(before, after);
	store_segment_reader_close(before);
	store_segment_reader_close(after);
}

static void a_segment_is_left_as_it_is_when_a_repack_saves_less_than_a_fifth(void **state)
{
	struct log_fixture *fixture = *state;
	char path[400];
	build(fixture, 4, 900, path);
	struct store_segment_reader *segment = open_segment(path);
	assert_true(store__repack_is_due(&segment->index));
	ino_t inode = inode_of(path);
	assert_int_equal(store_repack(path, &at_closing), 0);
	assert_untouched(path, inode);
	store_segment_reader_close(segment);
}

static void few_blocks_are_not_worth_trying(void **state)
{
	struct log_fixture *fixture = *state;
	char path[400];
	build(fixture, 2, 15, path);
	struct store_segment_reader *segment = open_segment(path);
	assert_false(store__repack_is_due(&segment->index));
	store_segment_reader_close(segment);
}

static void a_damaged_segment_is_left_as_it_is(void **state)
{
	struct log_fixture *fixture = *state;
	char path[400];
	build(fixture, 50, 15, path);
	struct store_segment_reader *segment = open_segment(path);
	log_flip(path, segment->index.entries[20].offset + STORE_BLOCK_HEADER_BYTES + 3, 2);
	store_segment_reader_close(segment);
	ino_t inode = inode_of(path);
	assert_int_equal(store_repack(path, &at_closing), STORE_EDAMAGE);
	assert_untouched(path, inode);
}

static void a_repack_gives_up_when_asked_to(void **state)
{
	struct log_fixture *fixture = *state;
	char path[400];
	build(fixture, 50, 15, path);
	ino_t inode = inode_of(path);
	struct store_repack_options options = at_closing;
	options.stop = &stop;
	assert_int_equal(store_repack(path, &options), -ECANCELED);
	assert_untouched(path, inode);
}

/* Packing notes the level, and reads back what it wrote. */
static void a_packed_segment_has_the_same_events(void **state)
{
	struct log_fixture *fixture = *state;
	const struct store_repack_options packing = {.level = 19, .packs = true};
	char path[400];
	build(fixture, 40, 60, path);
	struct store_segment_reader *before = open_segment(path);
	int64_t saved = store_repack(path, &packing);
	assert_true(saved > 0);
	struct store_segment_reader *after = open_segment(path);
	assert_int_equal(before->file_bytes - after->file_bytes, saved);
	assert_int_equal(after->header.packed_level, 19);
	assert_same_events(before, after);
	store_segment_reader_close(before);
	store_segment_reader_close(after);
}

/* Two processes do not rewrite a segment at once. */
static void a_packed_segment_keeps_its_owner_and_mode(void **state)
{
	struct log_fixture *fixture = *state;
	const struct store_repack_options options = {.level = 9, .packs = true};
	const bool is_root = geteuid() == 0;
	char path[400];
	struct stat info;
	build(fixture, 20, 60, path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(chown(path, is_root ? 12345 : geteuid(), is_root ? 12346 : getegid()), 0);
	assert_true(store_repack(path, &options) > 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_int_equal(info.st_uid, is_root ? 12345 : geteuid());
	assert_int_equal(info.st_gid, is_root ? 12346 : getegid());
}

static void a_packed_segment_is_left_as_it_is_and_its_temporary_file_removed(void **state)
{
	struct log_fixture *fixture = *state;
	const struct store_repack_options options = {.level = 9, .packs = true};
	char path[400], temporary[420];
	build(fixture, 20, 60, path);
	assert_true(store_repack(path, &options) > 0);
	ino_t inode = inode_of(path);
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	fclose(fopen(temporary, "w"));
	assert_int_equal(store_repack(path, &options), 0);
	assert_untouched(path, inode);
}

static void a_pack_stops_before_its_first_segment_when_asked_to(void **state)
{
	struct log_fixture *fixture = *state;
	const struct store_pack_options options = {.level = 9, .stop = &stop};
	struct store_pack_report report;
	struct wire_fault fault;
	char path[400];
	build(fixture, 20, 60, path);
	ino_t inode = inode_of(path);
	assert_int_equal(store_pack(fixture->log, &options, &report, NULL, NULL, &fault), -ECANCELED);
	assert_string_equal(fault.text, "interrupted");
	assert_untouched(path, inode);
}

static void a_segment_that_is_locked_is_left_as_it_is(void **state)
{
	struct log_fixture *fixture = *state;
	char path[400];
	build(fixture, 50, 15, path);
	struct store_segment_reader *segment = open_segment(path);
	assert_int_equal(flock(segment->fd, LOCK_EX), 0);
	ino_t inode = inode_of(path);
	assert_int_equal(store_repack(path, &at_closing), STORE_ELOCKED);
	assert_untouched(path, inode);
	store_segment_reader_close(segment);
}

static void a_writer_repacks_the_segments_that_it_closes(void **state)
{
	struct log_fixture *fixture = *state;
	struct log_contents contents;
	log_write(fixture->log, &fixture->options, 1, 60, 5);
	log_read(fixture->log, &contents);
	assert_int_equal(contents.blocks, 1);
	assert_int_equal(contents.messages, 300);
	assert_int_equal(contents.missing + contents.number_jumps, 0);
	assert_int_equal(contents.open_segments, 0);
	assert_int_equal(log_count_files(fixture->log, ".tmp"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(small_blocks_become_full_ones_with_the_same_events),
	    CASE(a_segment_is_left_as_it_is_when_a_repack_saves_less_than_a_fifth),
	    CASE(few_blocks_are_not_worth_trying),
	    CASE(a_damaged_segment_is_left_as_it_is),
	    CASE(a_repack_gives_up_when_asked_to),
	    CASE(a_packed_segment_has_the_same_events),
	    CASE(a_packed_segment_keeps_its_owner_and_mode),
	    CASE(a_packed_segment_is_left_as_it_is_and_its_temporary_file_removed),
	    CASE(a_pack_stops_before_its_first_segment_when_asked_to),
	    CASE(a_segment_that_is_locked_is_left_as_it_is),
	    CASE(a_writer_repacks_the_segments_that_it_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
