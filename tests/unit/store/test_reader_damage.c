/* Reading damaged logs: losses are reported, and everything else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store/builder_fixture.h"

static const struct store_reader_options everything = {.payloads = true};

/* Events and the ranges of gaps together are all sequence numbers, in order, each once. */
static void assert_complete(const struct log_builder *builder, const struct reading *reading)
{
	uint64_t next = 1;
	for (size_t i = 0; i < reading->count; i++) {
		const struct read_item *item = &reading->items[i];
		while (next < item->seq && (builder->events[next - 1].flags & WIRE_EVENT_REPEATED))
			next++;
		if (item->seq != next)
			fail_msg("event %lu came, wanted %lu", (unsigned long)item->seq, (unsigned long)next);
		next = (item->to_seq ? item->to_seq : item->seq) + 1;
	}
	while (next <= builder->count && (builder->events[next - 1].flags & WIRE_EVENT_REPEATED))
		next++;
	assert_int_equal(next, builder->count + 1);
}

/* The same events and the same gaps. Where a hole lies between two segments, each direction names the one it stands in. */
static void assert_reversed(const struct reading *forward, const struct reading *back)
{
	assert_int_equal(forward->count, back->count);
	for (size_t i = 0; i < forward->count; i++) {
		const struct read_item *a = &forward->items[i], *b = &back->items[back->count - 1 - i];
		assert_int_equal(a->seq, b->seq);
		assert_int_equal(a->to_seq, b->to_seq);
		assert_int_equal(a->lost_messages, b->lost_messages);
	}
	assert_int_equal(forward->damaged_events, back->damaged_events);
}

static void read_both_ways(const struct builder_fixture *fixture, struct reading *forward)
{
	const struct store_reader_options reverse = {.payloads = true, .reverse = true};
	struct reading back;
	builder_read(&fixture->builder, fixture->log, &everything, forward);
	builder_read(&fixture->builder, fixture->log, &reverse, &back);
	assert_reversed(forward, &back);
	reading_fini(&back);
}

static void a_damaged_frame_costs_its_block_and_says_so(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct reading reading;
	builder_fill(builder, 2, 6, 100);
	builder_damage_frame(builder, 8, STORE_FRAME_COLUMNS);
	read_both_ways(fixture, &reading);
	assert_complete(builder, &reading);
	assert_int_equal(reading.damaged_blocks, 1);
	for (size_t i = 0; i < reading.count; i++) {
		const struct read_item *item = &reading.items[i];
		if (item->to_seq == 0)
			continue;
		char offset[40];
		snprintf(offset, sizeof offset, "offset %lu:", (unsigned long)builder->blocks[8].offset);
		assert_int_equal(item->seq, builder->blocks[8].header.first_seq);
		assert_int_equal(item->lost_messages, builder->blocks[8].header.messages);
		assert_non_null(strstr(item->text, offset));
		assert_non_null(strstr(item->text, "tapedeck verify"));
	}
	reading_fini(&reading);
}

static void assert_lost(const struct builder_fixture *fixture, uint64_t from, uint64_t to)
{
	struct reading reading;
	uint64_t lost = to >= from ? to - from + 1 : 0;
	read_both_ways(fixture, &reading);
	assert_int_equal(reading.damaged_events, lost);
	for (size_t i = 0; i < reading.count; i++)
		if (reading.items[i].to_seq) {
			assert_int_equal(reading.items[i].seq, from);
			assert_int_equal(reading.items[i].to_seq, to);
		}
	reading_fini(&reading);
}

static uint64_t first_seq_of(const struct log_builder *builder, size_t segment)
{
	for (size_t i = 0; i < builder->blocks_count; i++)
		if (builder->blocks[i].segment == segment)
			return builder->blocks[i].header.first_seq;
	return builder->next_seq;
}

static void a_segment_missing_in_the_middle_is_a_gap(void **state)
{
	struct builder_fixture *fixture = *state;
	builder_fill(&fixture->builder, 4, 4, 50);
	unlink(fixture->builder.segments[1]);
	unlink(fixture->builder.segments[2]);
	assert_lost(fixture, first_seq_of(&fixture->builder, 1), first_seq_of(&fixture->builder, 3) - 1);
}

/* Retention deletes segments before the reader reaches them: it reports what it missed, and that this is no damage. */
static void segments_deleted_before_the_reader_reaches_them_are_a_gap_and_no_damage(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	struct wire_damage damage;
	uint64_t gaps = 0;
	builder_fill(builder, 4, 4, 50);
	assert_int_equal(store_reader_open(&reader, fixture->log, &everything, &fault), 0);
	assert_int_equal(store_reader_next(reader, &event, &fault), 1);
	for (int i = 0; i < 3; i++)
		unlink(builder->segments[i]);
	while (store_reader_next(reader, &event, &fault) == 1) {
		if (event.kind != WIRE_EVENT_GAP || builder_event(builder, event.seq)->kind == WIRE_EVENT_GAP)
			continue;
		gaps++;
		assert_int_equal(event.flags & WIRE_EVENT_DAMAGE, 0);
		assert_int_equal(event.from_seq, first_seq_of(builder, 1));
		assert_int_equal(event.to_seq, first_seq_of(builder, 3) - 1);
		assert_true(event.text.len > 0);
	}
	store_reader_damage(reader, &damage);
	assert_int_equal(gaps, 1);
	assert_int_equal(damage.places, 0);
	assert_int_equal(damage.deleted_places, 1);
	assert_int_equal(damage.deleted_events, first_seq_of(builder, 3) - first_seq_of(builder, 1));
	store_reader_close(reader);
}

static void segments_missing_at_the_start_are_no_damage(void **state)
{
	struct builder_fixture *fixture = *state;
	builder_fill(&fixture->builder, 3, 4, 50);
	unlink(fixture->builder.segments[0]);
	assert_lost(fixture, 1, 0);
}

static void a_damaged_file_header_costs_nothing(void **state)
{
	struct builder_fixture *fixture = *state;
	builder_fill(&fixture->builder, 3, 4, 50);
	for (size_t i = 0; i < 3; i++)
		builder_flip(fixture->builder.segments[i], 20, 0);
	assert_lost(fixture, 1, 0);
}

static void a_segment_of_garbage_is_a_gap_wherever_it_lies(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	char garbage[1000];
	memset(garbage, 'x', sizeof garbage);
	builder_fill(builder, 4, 4, 50);
	support_write_file(builder->segments[0], garbage, sizeof garbage);
	assert_lost(fixture, 1, first_seq_of(builder, 1) - 1);
	unlink(builder->segments[0]);
	support_write_file(builder->segments[2], garbage, sizeof garbage);
	assert_lost(fixture, first_seq_of(builder, 2), first_seq_of(builder, 3) - 1);
	unlink(builder->segments[2]);
	unlink(builder->segments[1]);
	assert_lost(fixture, 1, 0);
}

static void garbage_at_the_end_of_a_log_costs_at_least_one_event(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	char garbage[1000] = "garbage";
	builder_fill(builder, 3, 4, 50);
	support_write_file(builder->segments[2], garbage, sizeof garbage);
	assert_lost(fixture, first_seq_of(builder, 2), first_seq_of(builder, 2));
	unlink(builder->segments[0]);
	unlink(builder->segments[1]);
	assert_lost(fixture, first_seq_of(builder, 2), first_seq_of(builder, 2));
}

static void a_segment_that_is_just_being_made_is_no_damage(void **state)
{
	struct builder_fixture *fixture = *state;
	char path[400];
	builder_fill(&fixture->builder, 2, 4, 50);
	snprintf(path, sizeof path, "%s/%020lu.seg", fixture->log, (unsigned long)fixture->builder.next_seq);
	support_write_file(path, "TAPED", 5);
	assert_lost(fixture, 1, 0);
}

/* How much a damaged end of a segment cost is known from the name of the next one. */
static void a_lost_end_of_a_segment_is_a_gap_even_if_nothing_follows_but_an_empty_segment(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	unsigned char header[STORE_FILE_HEADER_BYTES];
	builder_fill(builder, 1, 4, 50);
	const struct built_block *last = &builder->blocks[3];
	assert_int_equal(truncate(builder->segments[0], (off_t)(last->offset + last->bytes / 2)), 0);
	store_file_header_put(header,
			      &(struct store_file_header){.major = 1, .first_seq = builder->next_seq});
	char path[400];
	snprintf(path, sizeof path, "%s/%020lu.seg", fixture->log, (unsigned long)builder->next_seq);
	support_write_file(path, header, sizeof header);
	assert_lost(fixture, last->header.first_seq, builder->next_seq - 1);
}

/* ---- flipped bits ---- */

/* A block whose header is told by the footer, too, loses nothing when the header is hit. How many events the last block of a
 * segment without footer and successor had, only its header knew: one at least. */
static void assert_flip(const struct builder_fixture *fixture, size_t segment, uint64_t offset)
{
	const struct log_builder *builder = &fixture->builder;
	const struct built_block *block = builder_block_at(builder, segment, offset);
	bool is_last = segment + 1 == builder->segments_count;
	bool in_header = block && offset < block->offset + STORE_BLOCK_HEADER_BYTES;
	bool is_tail = is_last && block == &builder->blocks[builder->blocks_count - 1];
	struct reading reading;
	read_both_ways(fixture, &reading);
	uint64_t events = block ? block->header.events : 0;
	if (in_header && (!is_last || is_tail))
		events = is_tail;
	if (!(in_header && is_tail))
		assert_complete(builder, &reading);
	if (reading.damaged_events != events)
		fail_msg("segment %zu offset %lu: %lu events lost, wanted %lu", segment,
			 (unsigned long)offset, (unsigned long)reading.damaged_events, (unsigned long)events);
	reading_fini(&reading);
}

static void a_flipped_bit_anywhere_costs_exactly_its_block(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct random random = {.state = 99};
	uint64_t sizes[3];
	builder_fill(builder, 3, 4, 25);
	for (size_t i = 0; i < 3; i++) {
		size_t len;
		free(support_read_file(builder->segments[i], &len));
		sizes[i] = len;
	}
	for (int i = 0; i < 1000; i++) {
		size_t segment = random_below(&random, 3);
		/* Headers are small: every fourth flip goes to the ends of the file. */
		uint64_t offset = random_next(&random) % sizes[segment];
		if (i % 4 == 0)
			offset = i % 8 ? offset % STORE_FILE_HEADER_BYTES : sizes[segment] - 1 - offset % 100;
		unsigned bit = random_below(&random, 8);
		builder_flip(builder->segments[segment], offset, bit);
		assert_flip(fixture, segment, offset);
		builder_flip(builder->segments[segment], offset, bit);
	}
}

/* ---- bytes deleted and inserted ---- */

/* Write a segment with `len` bytes taken out of it or put into it at `offset`. */
static void splice(const char *path, const char *bytes, size_t bytes_len, uint64_t offset, size_t len,
		   bool inserts)
{
	char *spliced = calloc(1, bytes_len + len);
	size_t rest = offset + (inserts ? 0 : len);
	assert_non_null(spliced);
	memcpy(spliced, bytes, offset);
	memset(spliced + offset, 'T', len);
	memcpy(spliced + offset + (inserts ? len : 0), bytes + rest, bytes_len - rest);
	support_write_file(path, spliced, inserts ? bytes_len + len : bytes_len - len);
	free(spliced);
}

/* The last block of an open segment that lacks bytes looks like one that is being written. One that is followed by more
 * bytes than it should be may have had a successor. */
static uint64_t events_spliced(const struct log_builder *builder, const struct built_block *block,
			       bool inserts)
{
	if (block != &builder->blocks[builder->blocks_count - 1])
		return block->header.events;
	return inserts ? block->header.events + 1 : 0;
}

static void bytes_deleted_from_or_inserted_into_a_block_cost_that_block_only(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct random random = {.state = 7};
	builder_fill(builder, 3, 5, 25);
	for (int i = 0; i < 120; i++) {
		const struct built_block *block = &builder->blocks[random_below(&random, 15)];
		const char *path = builder->segments[block->segment];
		size_t len, body = block->bytes - STORE_BLOCK_HEADER_BYTES;
		bool inserts = random_below(&random, 2);
		char *bytes = support_read_file(path, &len);
		size_t at = random_below(&random, (uint32_t)body - 1);
		size_t size =
		    1 + random_below(&random, (uint32_t)(body - at - 1 < 300 ? body - at - 1 : 300));
		struct reading reading;
		splice(path, bytes, len, block->offset + STORE_BLOCK_HEADER_BYTES + at, size, inserts);
		read_both_ways(fixture, &reading);
		uint64_t lost = events_spliced(builder, block, inserts);
		if (reading.damaged_events != lost)
			fail_msg("%s %zu bytes at %zu of the block at %lu of segment %zu: %lu events lost, "
				 "not %lu",
				 inserts ? "inserted" : "deleted", size, at, (unsigned long)block->offset,
				 block->segment, (unsigned long)reading.damaged_events, (unsigned long)lost);
		if (lost == block->header.events)
			assert_complete(builder, &reading);
		reading_fini(&reading);
		support_write_file(path, bytes, len);
		free(bytes);
	}
}

/* Publish what looks like the next block of this very log, and have the block around it lose its header. */
static void assert_no_block_is_invented(struct builder_fixture *fixture,
					const struct store_block_header *fake, size_t body)
{
	struct log_builder *builder = &fixture->builder;
	char *payload = calloc(1, STORE_BLOCK_HEADER_BYTES + body);
	struct reading reading;
	assert_non_null(payload);
	for (size_t i = 0; i < body; i++) /* nothing that could be compressed away */
		payload[STORE_BLOCK_HEADER_BYTES + i] = (char)random_next(&builder->random);
	store_block_header_put((unsigned char *)payload, fake);
	builder_add(builder,
		    &(struct wire_event){.time_ns = builder->time_ns,
					 .subject = WIRE_LITERAL("fake"),
					 .payload = wire_slice(payload, STORE_BLOCK_HEADER_BYTES + body),
					 .size = STORE_BLOCK_HEADER_BYTES + body});
	free(payload);
	builder_end_block(builder);
	builder_add_samples(builder, 20);
	builder_end_block(builder);
	builder_add_samples(builder, 20);
	builder_end_segment(builder, false);
	builder_flip(builder->segments[0], builder->blocks[1].offset + 20, 1);
	builder_read(builder, fixture->log, &everything, &reading);
	assert_complete(builder, &reading);
	assert_int_equal(reading.damaged_events, builder->blocks[1].header.events);
	reading_fini(&reading);
}

static void a_payload_that_looks_like_a_block_is_not_taken_for_one(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	builder_add_samples(builder, 20);
	builder_end_block(builder);
	struct store_block_header fake = builder->blocks[0].header;
	fake.first_seq = builder->next_seq + 1;
	fake.frames[STORE_FRAME_PAYLOADS].stored_bytes = fake.frames[STORE_FRAME_PAYLOADS].raw_bytes = 10;
	assert_no_block_is_invented(fixture, &fake, 5000);
}

/* ---- an end that is no end ---- */

static void zeros_or_noise_at_the_end_are_damage_and_the_rest_is_read(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	char tail[3000] = {0};
	size_t len;
	builder_fill(builder, 2, 4, 25);
	char *bytes = support_read_file(builder->segments[1], &len);
	char *longer = malloc(len + sizeof tail);
	assert_non_null(longer);
	memcpy(longer, bytes, len);
	for (int noise = 0; noise < 2; noise++) {
		for (size_t i = 0; i < sizeof tail; i++)
			tail[i] = noise ? (char)random_next(&builder->random) : 0;
		memcpy(longer + len, tail, sizeof tail);
		for (size_t more = 1; more <= sizeof tail; more += 1 + more / 3) {
			support_write_file(builder->segments[1], longer, len + more);
			assert_lost(fixture, builder->next_seq, builder->next_seq);
		}
	}
	free(longer);
	free(bytes);
}

static void a_header_with_nothing_but_zeros_after_it_is_damage(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	size_t len;
	builder_fill(builder, 3, 4, 25);
	char *bytes = support_read_file(builder->segments[2], &len);
	memset(bytes + STORE_FILE_HEADER_BYTES, 0, len - STORE_FILE_HEADER_BYTES);
	support_write_file(builder->segments[2], bytes, len);
	free(bytes);
	assert_lost(fixture, first_seq_of(builder, 2), first_seq_of(builder, 2));
}

static void a_following_reader_reports_a_damaged_end_once(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	const struct store_reader_options follow = {.follow = true};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	struct wire_damage damage;
	size_t len;
	for (int whole = 0; whole < 2; whole++) {
		if (whole == 0)
			builder_fill(builder, 3, 4, 25);
		char *bytes = support_read_file(builder->segments[2], &len);
		memset(bytes + (whole ? 0 : len / 2), 0, len - (whole ? 0 : len / 2));
		support_write_file(builder->segments[2], bytes, len);
		free(bytes);
		assert_int_equal(store_reader_open(&reader, fixture->log, &follow, &fault), 0);
		uint64_t places = 0;
		for (int i = 0; i < 10; i++) {
			while (store_reader_next(reader, &event, &fault) == 1)
				continue;
			store_reader_damage(reader, &damage);
			assert_true(damage.places > 0);
			assert_true(i == 0 || damage.places == places);
			places = damage.places;
		}
		store_reader_close(reader);
	}
}

/* ---- retention is faster ---- */

/* The last listed segments are deleted: the first segment of the log now shows how many events they had. */
static void a_reader_reports_all_segments_that_were_deleted_before_it_reached_them(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct store_reader *reader;
	struct wire_event event, last = {0};
	struct wire_fault fault;
	struct wire_damage damage;
	builder_fill(builder, 3, 4, 50);
	assert_int_equal(store_reader_open(&reader, fixture->log, &everything, &fault), 0);
	assert_int_equal(store_reader_next(reader, &event, &fault), 1);
	for (int i = 0; i < 3; i++)
		unlink(builder->segments[i]);
	builder_add_samples(builder, 10);
	builder_end_segment(builder, true);
	while (store_reader_next(reader, &event, &fault) == 1)
		last = event;
	assert_int_equal(last.kind, WIRE_EVENT_GAP);
	assert_int_equal(last.flags & WIRE_EVENT_DAMAGE, 0);
	assert_int_equal(last.from_seq, first_seq_of(builder, 1));
	assert_int_equal(last.to_seq, first_seq_of(builder, 3) - 1);
	assert_true(last.from_ns > 0 && last.to_ns >= last.from_ns);
	store_reader_damage(reader, &damage);
	assert_int_equal(damage.deleted_places, 1);
	assert_int_equal(damage.places, 0);
	store_reader_close(reader);
}

static void a_log_that_is_deleted_while_it_is_read_is_a_gap(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct wire_event event;
	struct wire_fault fault;
	builder_fill(builder, 3, 4, 50);
	for (int reverse = 0; reverse < 2; reverse++) {
		const struct store_reader_options options = {.reverse = reverse};
		struct store_reader *reader;
		struct wire_damage damage;
		if (reverse)
			builder_fill(builder, 3, 4, 50);
		assert_int_equal(store_reader_open(&reader, fixture->log, &options, &fault), 0);
		for (size_t i = 0; i < builder->segments_count; i++)
			unlink(builder->segments[i]);
		assert_int_equal(store_reader_next(reader, &event, &fault), 1);
		assert_int_equal(event.kind, WIRE_EVENT_GAP);
		assert_int_equal(store_reader_next(reader, &event, &fault), 0);
		store_reader_damage(reader, &damage);
		assert_int_equal(damage.deleted_places, 1);
		store_reader_close(reader);
	}
}

/* ---- holes that are known ---- */

static void a_hole_that_a_stored_gap_declares_is_not_reported_again(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	builder_add_samples(builder, 20);
	builder_end_block(builder);
	uint64_t from = builder->next_seq;
	builder_add(builder, &(struct wire_event){.kind = WIRE_EVENT_GAP,
						  .flags = WIRE_EVENT_DAMAGE,
						  .time_ns = builder->time_ns,
						  .from_seq = from,
						  .to_seq = from + 99});
	builder_end_block(builder);
	builder->next_seq = from + 100;
	builder_add(builder, &(struct wire_event){.time_ns = builder->time_ns, .subject = WIRE_LITERAL("a")});
	builder_end_segment(builder, true);
	for (int reverse = 0; reverse < 2; reverse++) {
		const struct store_reader_options options = {.reverse = reverse};
		struct wire_damage damage;
		uint64_t gaps = 0;
		assert_int_equal(store_reader_open(&reader, fixture->log, &options, &fault), 0);
		while (store_reader_next(reader, &event, &fault) == 1)
			gaps += event.kind == WIRE_EVENT_GAP && event.from_seq == from;
		store_reader_damage(reader, &damage);
		assert_int_equal(gaps, 1);
		assert_int_equal(damage.places, 0);
		store_reader_close(reader);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, builder_fixture_setup, builder_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_damaged_frame_costs_its_block_and_says_so),
	    TEST(a_segment_missing_in_the_middle_is_a_gap),
	    TEST(segments_deleted_before_the_reader_reaches_them_are_a_gap_and_no_damage),
	    TEST(segments_missing_at_the_start_are_no_damage),
	    TEST(a_damaged_file_header_costs_nothing),
	    TEST(a_segment_of_garbage_is_a_gap_wherever_it_lies),
	    TEST(garbage_at_the_end_of_a_log_costs_at_least_one_event),
	    TEST(a_segment_that_is_just_being_made_is_no_damage),
	    TEST(a_lost_end_of_a_segment_is_a_gap_even_if_nothing_follows_but_an_empty_segment),
	    TEST(a_flipped_bit_anywhere_costs_exactly_its_block),
	    TEST(bytes_deleted_from_or_inserted_into_a_block_cost_that_block_only),
	    TEST(a_payload_that_looks_like_a_block_is_not_taken_for_one),
	    TEST(zeros_or_noise_at_the_end_are_damage_and_the_rest_is_read),
	    TEST(a_header_with_nothing_but_zeros_after_it_is_damage),
	    TEST(a_following_reader_reports_a_damaged_end_once),
	    TEST(a_reader_reports_all_segments_that_were_deleted_before_it_reached_them),
	    TEST(a_log_that_is_deleted_while_it_is_read_is_a_gap),
	    TEST(a_hole_that_a_stored_gap_declares_is_not_reported_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
