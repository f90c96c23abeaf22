/* Verify and repair, on logs whose every byte is known. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/care/recover.h"
#include "store/care/verify.h"
#include "tests/unit/store/builder_fixture.h"

static const struct store_reader_options everything = {.payloads = true};

/* ---- asking ---- */

struct verdict {
	int status;
	struct store_verify_report report;
	char findings[20000]; /* one a line */
};

static void take_finding(void *context, const char *line)
{
	struct verdict *verdict = context;
	size_t len = strlen(verdict->findings);
	snprintf(verdict->findings + len, sizeof verdict->findings - len, "%s\n", line);
}

static void verify(const char *path, bool repair, struct verdict *verdict)
{
	struct wire_fault fault;
	*verdict = (struct verdict){0};
	verdict->status = store_verify(path, repair, &verdict->report, take_finding, verdict, NULL, &fault);
	if (verdict->status < 0)
		fail_msg("%s", fault.text);
}

static void assert_whole(const char *path)
{
	struct verdict verdict;
	verify(path, false, &verdict);
	if (verdict.status != 0)
		fail_msg("%s", verdict.findings);
}

static uint64_t file_bytes(const char *path)
{
	size_t len = 0;
	free(support_read_file(path, &len));
	return len;
}

/* ---- flipped bits ---- */

/* The header of the last block of an open segment: no other place has the number of lost events. */
static bool is_tail(const struct log_builder *builder, const struct built_block *block, uint64_t offset)
{
	return block == &builder->blocks[builder->blocks_count - 1] &&
	       offset < block->offset + STORE_BLOCK_HEADER_BYTES;
}

/* A footer has copies of the headers: when only a header is damaged, nothing is lost. */
static uint64_t events_lost(const struct log_builder *builder, const struct built_block *block,
			    uint64_t offset)
{
	bool is_closed = block && block->segment + 1 < builder->segments_count;
	if (!block || (is_closed && offset < block->offset + STORE_BLOCK_HEADER_BYTES))
		return 0;
	return block->header.events;
}

static void assert_found(const struct builder_fixture *fixture, size_t segment, uint64_t offset)
{
	const struct log_builder *builder = &fixture->builder;
	const struct built_block *block = builder_block_at(builder, segment, offset);
	struct verdict verdict;
	char place[400];
	verify(fixture->log, false, &verdict);
	snprintf(place, sizeof place, "%s, offset %" PRIu64 ":", builder->segments[segment],
		 block ? block->offset : 0);
	if (verdict.status != 1 || !strstr(verdict.findings, block ? place : builder->segments[segment]))
		fail_msg("segment %zu, offset %" PRIu64 ": status %d, findings: %s", segment, offset,
			 verdict.status, verdict.findings);
	bool is_unknown = block && is_tail(builder, block, offset);
	assert_int_equal(verdict.report.missing_events, is_unknown ? 0 : events_lost(builder, block, offset));
}

static void every_flipped_bit_is_found_and_its_block_named(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct random random = {.state = 4};
	builder_fill(builder, 3, 4, 25);
	assert_whole(fixture->log);
	for (int i = 0; i < 1000; i++) {
		size_t segment = random_below(&random, 3);
		uint64_t bytes = file_bytes(builder->segments[segment]);
		uint64_t offset = random_next(&random) % bytes;
		/* Headers, footers and trailers are small: every fourth flip goes to the ends of the file. */
		if (i % 4 == 0)
			offset = i % 8 ? offset % STORE_FILE_HEADER_BYTES : bytes - 1 - offset % 200;
		unsigned bit = random_below(&random, 8);
		builder_flip(builder->segments[segment], offset, bit);
		assert_found(fixture, segment, offset);
		builder_flip(builder->segments[segment], offset, bit);
	}
	assert_whole(fixture->log);
}

/* ---- repairing ---- */

/* All events are there except those that the one stored gap names. */
static void assert_gap(const struct builder_fixture *fixture, uint64_t from, uint64_t to)
{
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	uint64_t next = 1;
	assert_int_equal(store_reader_open(&reader, fixture->log, &everything, &fault), 0);
	while (store_reader_next(reader, &event, &fault) == 1) {
		while (next < event.seq &&
		       (builder_event(&fixture->builder, next)->flags & WIRE_EVENT_REPEATED))
			next++;
		assert_int_equal(event.seq, next);
		bool is_gap = event.kind == WIRE_EVENT_GAP && (event.flags & WIRE_EVENT_DAMAGE);
		assert_int_equal(is_gap, event.seq == from);
		if (is_gap)
			assert_int_equal(event.to_seq, to);
		next = is_gap ? to + 1 : next + 1;
	}
	struct wire_damage damage;
	store_reader_damage(reader, &damage);
	assert_int_equal(damage.places, 0);
	assert_int_equal(next, fixture->builder.count + 1);
	store_reader_close(reader);
}

static void a_repair_puts_a_gap_in_the_place_of_a_damaged_block(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct verdict verdict;
	char kept[400];
	builder_fill(builder, 3, 4, 50);
	const struct built_block *hit = &builder->blocks[5];
	builder_flip(builder->segments[hit->segment], builder_frame_offset(hit, STORE_FRAME_COLUMNS), 1);
	verify(fixture->log, true, &verdict);
	assert_int_equal(verdict.status, 0);
	assert_gap(fixture, hit->header.first_seq, hit->header.first_seq + hit->header.events - 1);
	assert_whole(fixture->log);
	snprintf(kept, sizeof kept, "%s.damaged", builder->segments[hit->segment]);
	assert_int_equal(access(kept, F_OK), 0);
}

static void a_repair_loses_nothing_where_only_a_header_is_damaged(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct verdict verdict;
	builder_fill(builder, 3, 4, 50);
	builder_flip(builder->segments[1], builder->blocks[5].offset + 20, 1);
	verify(fixture->log, false, &verdict);
	assert_int_equal(verdict.status, 1);
	verify(fixture->log, true, &verdict);
	assert_int_equal(verdict.status, 0);
	assert_whole(fixture->log);
	assert_gap(fixture, 0, 0);
}

static void a_second_repair_keeps_the_files_of_the_first(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct verdict verdict;
	char kept[2][400];
	builder_fill(builder, 2, 4, 50);
	for (int i = 0; i < 2; i++) {
		snprintf(kept[i], sizeof kept[i], "%s.damaged%s", builder->segments[0], i ? ".2" : "");
		builder_flip(builder->segments[0], STORE_FILE_HEADER_BYTES + STORE_BLOCK_HEADER_BYTES + 1, 0);
		verify(fixture->log, true, &verdict);
		assert_int_equal(verdict.status, 0);
		assert_non_null(strstr(verdict.findings, kept[i]));
		assert_int_equal(access(kept[i], F_OK), 0);
	}
	assert_int_not_equal(file_bytes(kept[0]), file_bytes(kept[1]));
}

/* The segments' files as they were built. */
struct backup {
	char *bytes[8];
	size_t len[8], count;
};

static void back_up(const struct log_builder *builder, struct backup *backup)
{
	backup->count = builder->segments_count;
	for (size_t i = 0; i < backup->count; i++)
		backup->bytes[i] = support_read_file(builder->segments[i], &backup->len[i]);
}

/* The log is as it was built, with nothing beside it. */
static void restore(const struct log_builder *builder, const struct backup *backup)
{
	DIR *dir = opendir(builder->dir);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	for (size_t i = 0; i < backup->count; i++)
		support_write_file(builder->segments[i], backup->bytes[i], backup->len[i]);
}

static void free_backup(struct backup *backup)
{
	for (size_t i = 0; i < backup->count; i++)
		free(backup->bytes[i]);
}

/* Damage is repaired: the log is whole, and a second repair has nothing to do. */
static void assert_repairs(const char *log, const char *what)
{
	struct verdict verdict;
	verify(log, false, &verdict);
	if (verdict.status != 1)
		fail_msg("%s: damage was not found", what);
	verify(log, true, &verdict);
	if (verdict.status != 0)
		fail_msg("%s: repairing leaves %s", what, verdict.findings);
	verify(log, false, &verdict);
	if (verdict.status != 0)
		fail_msg("%s: after a repair: %s", what, verdict.findings);
	verify(log, true, &verdict);
	if (verdict.report.repaired_segments != 0)
		fail_msg("%s: a second repair does something: %s", what, verdict.findings);
}

static void a_repaired_log_is_whole_whichever_blocks_were_damaged(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct random random = {.state = 12};
	struct backup backup;
	builder_fill(builder, 3, 4, 25);
	back_up(builder, &backup);
	for (uint32_t i = 0; i < 24; i++) {
		uint32_t hits = i < 12 ? 1 : 2 + random_below(&random, 6);
		for (uint32_t j = 0; j < hits; j++)
			builder_damage_frame(builder, i < 12 ? i : random_below(&random, 12),
					     (enum store_frame)random_below(&random, STORE_FRAMES));
		struct verdict verdict;
		verify(fixture->log, false, &verdict);
		if (verdict.status == 1) /* two hits may have undone each other */
			assert_repairs(fixture->log, "damaged blocks");
		restore(builder, &backup);
	}
	free_backup(&backup);
}

static void a_repaired_log_is_whole_whatever_was_done_to_a_segment(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct random random = {.state = 13};
	struct backup backup;
	builder_fill(builder, 3, 4, 25);
	back_up(builder, &backup);
	for (uint32_t i = 0; i < 60; i++) {
		size_t at = random_below(&random, 3), len = backup.len[at];
		char *bytes = malloc(len);
		assert_non_null(bytes);
		memcpy(bytes, backup.bytes[at], len);
		size_t from = i % 5 == 0 ? 0 : random_below(&random, (uint32_t)len);
		size_t hit = 1 + random_below(&random, (uint32_t)(len - from));
		for (size_t j = from; j < from + hit; j++)
			bytes[j] = i % 2 ? (char)random_next(&random) : 0;
		support_write_file(builder->segments[at], bytes, len);
		free(bytes);
		char what[100];
		snprintf(what, sizeof what, "%zu bytes from %zu of segment %zu (%zu) %s", hit, from, at, len,
			 i % 2 ? "noise" : "zeros");
		struct verdict verdict;
		verify(fixture->log, false, &verdict);
		if (verdict.status == 1)
			assert_repairs(fixture->log, what);
		restore(builder, &backup);
	}
	free_backup(&backup);
}

static void a_repair_puts_a_gap_in_the_place_of_a_missing_segment(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	builder_fill(builder, 4, 4, 25);
	unlink(builder->segments[1]);
	unlink(builder->segments[2]);
	assert_repairs(fixture->log, "missing segments");
	assert_gap(fixture, builder->blocks[4].header.first_seq, builder->blocks[12].header.first_seq - 1);
}

/* ---- torn ends ---- */

/* The segment ends at `end`, as if it had been torn there: whole blocks are read, the rest is kept in quarantine. */
static void assert_torn(const struct builder_fixture *fixture, const char *bytes, uint64_t end,
			uint64_t whole_bytes, uint64_t events)
{
	const char *path = fixture->builder.segments[fixture->builder.segments_count - 1];
	const struct store_surroundings nowhere = {.first_seq = 1};
	struct store_recovery recovery;
	struct verdict verdict;
	char kept[400];
	support_write_file(path, bytes, end);
	verify(fixture->log, false, &verdict);
	assert_int_equal(verdict.status, 0);
	assert_int_equal(verdict.report.events, events);
	assert_int_equal(verdict.report.torn_bytes, end - whole_bytes);
	assert_int_equal(store_recover_segment(path, &nowhere, &recovery, NULL), 1);
	assert_int_equal(recovery.from_seq, 0);
	free(recovery.kept_as);
	verify(fixture->log, false, &verdict);
	assert_int_equal(verdict.status, 0);
	assert_int_equal(verdict.report.events, events);
	assert_int_equal(verdict.report.open_segments, 0);
	snprintf(kept, sizeof kept, "%s.torn", path);
	assert_int_equal(file_bytes(kept), end - whole_bytes);
	unlink(kept);
}

static void a_block_torn_at_any_byte_loses_nothing_else(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	size_t len;
	builder_fill(builder, 2, 3, 10);
	const struct built_block *last = &builder->blocks[builder->blocks_count - 1];
	char *bytes = support_read_file(builder->segments[1], &len);
	assert_int_equal(len, last->offset + last->bytes);
	for (uint64_t end = last->offset; end < len; end++)
		assert_torn(fixture, bytes, end, last->offset, last->header.first_seq - 1);
	free(bytes);
}

static void a_footer_torn_at_any_byte_loses_nothing(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	size_t len;
	builder_add_samples(builder, 10);
	builder_end_block(builder);
	builder_add_samples(builder, 10);
	builder_end_segment(builder, true);
	const struct built_block *last = &builder->blocks[builder->blocks_count - 1];
	char *bytes = support_read_file(builder->segments[0], &len);
	for (uint64_t end = last->offset + last->bytes; end < len; end++)
		assert_torn(fixture, bytes, end, last->offset + last->bytes, builder->count);
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, builder_fixture_setup, builder_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_flipped_bit_is_found_and_its_block_named),
	    TEST(a_repair_puts_a_gap_in_the_place_of_a_damaged_block),
	    TEST(a_repair_loses_nothing_where_only_a_header_is_damaged),
	    TEST(a_second_repair_keeps_the_files_of_the_first),
	    TEST(a_repaired_log_is_whole_whichever_blocks_were_damaged),
	    TEST(a_repaired_log_is_whole_whatever_was_done_to_a_segment),
	    TEST(a_repair_puts_a_gap_in_the_place_of_a_missing_segment),
	    TEST(a_block_torn_at_any_byte_loses_nothing_else),
	    TEST(a_footer_torn_at_any_byte_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
