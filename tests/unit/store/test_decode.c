/* The decoder against bytes that no encoder of ours wrote: flipped, cut, crafted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <xxhash.h>

#include "store/format/block.h"
#include "store/format/columns_put.h"
#include "store/format/details.h"
#include "store/read/decode_event.h"
#include "tests/unit/store/block_fixture.h"

/* A block made by hand: its frames are not compressed and have valid checksums. */
struct craft {
	struct store_block_header header;
	struct store__buffer frames[STORE_FRAMES];
};

static void craft_init(struct craft *craft, uint32_t events)
{
	*craft = (struct craft){.header = {.first_seq = 1, .events = events}};
	for (int i = 0; i < STORE_FRAMES; i++)
		assert_int_equal(store__buffer_reserve(&craft->frames[i], 1000), 0);
}

static void craft_fini(struct craft *craft)
{
	for (int i = 0; i < STORE_FRAMES; i++)
		store__buffer_fini(&craft->frames[i]);
}

static void craft_numbers(struct craft *craft, unsigned id, const uint64_t *values, uint32_t count)
{
	assert_int_equal(store__column_put(&craft->frames[STORE_FRAME_COLUMNS], id, values, count), 0);
}

static void craft_number(struct craft *craft, unsigned id, uint64_t value)
{
	assert_int_equal(
	    store__column_put_constant(&craft->frames[STORE_FRAME_COLUMNS], id, value, craft->header.events),
	    0);
}

/* A column as it comes: id, encoding, count, the bytes of a string literal. */
#define craft_raw(craft, id, encoding, count, literal) \
	craft_raw_bytes(craft, id, encoding, count, (literal), sizeof(literal) - 1)

static void craft_raw_bytes(struct craft *craft, unsigned id, unsigned encoding, uint64_t count,
			    const char *bytes, size_t len)
{
	struct store__buffer *frame = &craft->frames[STORE_FRAME_COLUMNS];
	const unsigned char tags[2] = {(unsigned char)id, (unsigned char)encoding};
	assert_int_equal(store__buffer_reserve(frame, len + 100), 0);
	store__buffer_put(frame, tags, sizeof tags);
	store__buffer_put_varint(frame, count);
	store__buffer_put_varint(frame, len);
	store__buffer_put(frame, bytes, len);
}

static void craft_text(struct craft *craft, enum store_frame frame, const char *text)
{
	store__buffer_put(&craft->frames[frame], text, strlen(text));
}

/* Load the dictionary and the columns, and the payloads when those are good; the first error. */
static int craft_load(struct craft *craft, struct store_block *block)
{
	int error = 0;
	for (int i = 0; i < STORE_FRAMES; i++)
		craft->header.frames[i] = (struct store_frame_header){
		    .stored_bytes = (uint32_t)craft->frames[i].len,
		    .raw_bytes = (uint32_t)craft->frames[i].len,
		    .checksum = XXH3_64bits(craft->frames[i].bytes, craft->frames[i].len)};
	store_block_begin(block, &craft->header);
	for (int i = 0; i < STORE_FRAMES && !error; i++)
		error = store_block_load(block, (enum store_frame)i, craft->frames[i].bytes);
	return error;
}

static void fill_block(struct block_fixture *fixture, uint32_t count)
{
	struct events source;
	struct wire_event event;
	events_init(&source, 11);
	for (uint32_t i = 0; i < count; i++) {
		events_next(&source, &event);
		fixture_append(fixture, &event);
	}
	fixture_encode(fixture, 1, 1);
}

static void every_flipped_bit_of_a_block_is_detected(void **state)
{
	struct block_fixture *fixture = *state;
	fill_block(fixture, 20);
	size_t len = (size_t)fixture->bytes_len;
	unsigned char *bytes = malloc(len);
	assert_non_null(bytes);
	memcpy(bytes, fixture->bytes, len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		int error = block_load_all(fixture->block, bytes);
		if (error != STORE_EDAMAGE && !(error == STORE_EFORMAT && bit < 64))
			fail_msg("bit %zu: %d", bit, error);
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_int_equal(block_load_all(fixture->block, bytes), 0);
	free(bytes);
}

/* A frame that is shorter than it was, with a checksum to match, is not read beyond its end. */
static void every_truncated_frame_is_detected(void **state)
{
	struct block_fixture *fixture = *state;
	fill_block(fixture, 50);
	struct store_block_header header = fixture->header;
	const unsigned char *frame = fixture->bytes + STORE_BLOCK_HEADER_BYTES;
	for (int i = 0; i < STORE_FRAMES; i++) {
		for (uint32_t len = 0; len < header.frames[i].stored_bytes; len++) {
			unsigned char *copy = malloc(len + 1);
			assert_non_null(copy);
			memcpy(copy, frame, len);
			header.frames[i].checksum = XXH3_64bits(copy, len);
			header.frames[i].stored_bytes = len;
			store_block_begin(fixture->block, &header);
			for (int j = 0; j < i; j++)
				assert_int_equal(
				    store_block_load(fixture->block, (enum store_frame)j,
						     fixture->bytes + STORE_BLOCK_HEADER_BYTES +
							 (j ? header.frames[0].stored_bytes : 0)),
				    0);
			assert_int_equal(store_block_load(fixture->block, (enum store_frame)i, copy),
					 STORE_EDAMAGE);
			header.frames[i] = fixture->header.frames[i];
			free(copy);
		}
		frame += header.frames[i].stored_bytes;
	}
}

static void missing_columns_are_zero(void **state)
{
	struct block_fixture *fixture = *state;
	struct craft craft;
	struct wire_event event, want = {0};
	craft_init(&craft, 2);
	assert_int_equal(craft_load(&craft, fixture->block), 0);
	assert_int_equal(store_block_subjects(fixture->block), 0);
	assert_int_equal(store_block_subject_of(fixture->block, 1), UINT32_MAX);
	store_block_event(fixture->block, 1, &event);
	assert_event(&event, &want, 2);
	craft_fini(&craft);
}

static void unknown_columns_and_details_are_skipped(void **state)
{
	struct block_fixture *fixture = *state;
	struct craft craft;
	struct wire_event event, want = {.kind = WIRE_EVENT_ERROR, .conn = 9, .text = WIRE_LITERAL("oops")};
	craft_init(&craft, 1);
	craft_raw(&craft, 200, 77, UINT64_MAX, "anything at all");
	craft_number(&craft, STORE__KIND, WIRE_EVENT_ERROR);
	craft_raw(&craft, STORE__EVENT_COLUMNS, STORE__BYTES, 0, "");
	craft_number(&craft, STORE__CONN, 9);
	craft_number(&craft, STORE__DETAILS_BYTES, 10);
	craft_raw(&craft, STORE__DETAILS, STORE__BYTES, 10, "\x63\2??\1\4oops");
	assert_int_equal(craft_load(&craft, fixture->block), 0);
	store_block_event(fixture->block, 0, &event);
	assert_event(&event, &want, 1);
	craft_fini(&craft);
}

/* Columns get ids that nobody knows, as if they had been added after this decoder was written. */
static void forget_columns(struct store__buffer *frame, unsigned first, unsigned second)
{
	for (struct store__cursor in = store__cursor(frame->bytes, frame->len); store__left(&in) > 0;) {
		unsigned char *id = frame->bytes + (in.at - frame->bytes);
		if (*id == first || *id == second)
			*id += 100;
		store__get_bytes(&in, 2);
		store__get_varint(&in);
		store__get_bytes(&in, store__get_varint(&in));
		assert_false(in.bad);
	}
}

/* So a reader of version 2.0 reads a log of version 2.1. */
static void a_decoder_that_does_not_know_the_columns_of_version_2_1_reads_the_rest(void **state)
{
	struct block_fixture *fixture = *state;
	const struct wire_receiver receivers[] = {{.conn = 2, .sid = WIRE_LITERAL("1")},
						  {.conn = 3, .sid = WIRE_LITERAL("2")}};
	const int64_t delays_ns[] = {52113, WIRE_DELAY_UNKNOWN};
	struct wire_event got, event = {.subject = WIRE_LITERAL("a"),
					.flags = WIRE_EVENT_PUBLISHER_UNKNOWN | WIRE_EVENT_MASKED,
					.time_ns = 7,
					.receivers = receivers,
					.receivers_len = 2,
					.receiver_count = 2,
					.delays_ns = delays_ns};
	fixture_append(fixture, &event);
	fixture_encode(fixture, 1, 1);
	assert_int_equal(store_block_subject(fixture->block, 0)->masked, 1);
	assert_int_equal(store_block_subject(fixture->block, 0)->unknown_publishers, 1);
	store_block_event(fixture->block, 0, &got);
	assert_event(&got, &event, 1);

	struct craft craft;
	craft_init(&craft, 1);
	for (int i = 0; i < STORE_FRAMES; i++)
		store__buffer_put(&craft.frames[i], fixture->block->raw[i].bytes, fixture->block->raw[i].len);
	forget_columns(&craft.frames[STORE_FRAME_DICTIONARY], STORE__SUBJECT_UNKNOWN_PUBLISHERS,
		       STORE__SUBJECT_MASKED);
	forget_columns(&craft.frames[STORE_FRAME_COLUMNS], STORE__DELAYS_LENGTH, STORE__DELAYS);
	assert_int_equal(craft_load(&craft, fixture->block), 0);
	assert_int_equal(store_block_subject(fixture->block, 0)->masked, 0);
	store_block_event(fixture->block, 0, &got);
	event.delays_ns = NULL;
	assert_event(&got, &event, 1);
	craft_fini(&craft);
}

static void delivery_times_without_their_receivers_are_damage(void **state)
{
	struct block_fixture *fixture = *state;
	const uint64_t delay = 5;
	struct craft craft;
	craft_init(&craft, 1);
	craft_number(&craft, STORE__DELAYS_LENGTH, 1);
	craft_numbers(&craft, STORE__DELAYS, &delay, 1);
	assert_int_equal(craft_load(&craft, fixture->block), STORE_EDAMAGE);
	craft_fini(&craft);
	craft_init(&craft, 1);
	craft_numbers(&craft, STORE__DELAYS, &delay, 1);
	assert_int_equal(craft_load(&craft, fixture->block), STORE_EDAMAGE);
	craft_fini(&craft);
}

/* One column, valid but for its value, among three events. */
static void assert_column(struct block_fixture *fixture, unsigned id, uint64_t value, int error)
{
	for (int constant = 0; constant < 2; constant++) {
		struct craft craft;
		const uint64_t values[] = {constant ? value : 0, value, constant ? value : 0};
		craft_init(&craft, 3);
		craft_numbers(&craft, id, values, 3);
		int got = craft_load(&craft, fixture->block);
		if (got != error)
			fail_msg("column %u with %lu: %d, wanted %d", id, (unsigned long)value, got, error);
		craft_fini(&craft);
	}
}

static void numbers_at_their_limit_pass_and_beyond_it_are_damage(void **state)
{
	assert_column(*state, STORE__KIND, WIRE_EVENT_KINDS - 1, 0);
	assert_column(*state, STORE__KIND, WIRE_EVENT_KINDS, STORE_EDAMAGE);
	assert_column(*state, STORE__FLAGS, UINT32_MAX, 0);
	assert_column(*state, STORE__FLAGS, (uint64_t)UINT32_MAX + 1, STORE_EDAMAGE);
	assert_column(*state, STORE__RECEIVER_COUNT, UINT32_MAX, 0);
	assert_column(*state, STORE__RECEIVER_COUNT, (uint64_t)UINT32_MAX + 1, STORE_EDAMAGE);
	assert_column(*state, STORE__CONN, UINT64_MAX, 0);
	assert_column(*state, STORE__MISSING_BYTES, UINT64_MAX, 0);
	assert_column(*state, STORE__SUBJECT, 1, STORE_EDAMAGE);
	assert_column(*state, STORE__RECEIVERS, 1, STORE_EDAMAGE);
	assert_column(*state, STORE__PAYLOAD_BYTES, 1, STORE_EDAMAGE);
	assert_column(*state, STORE__HEADERS_BYTES, UINT64_MAX, STORE_EDAMAGE);
	assert_column(*state, STORE__REPLY_BYTES, 1, STORE_EDAMAGE);
	assert_column(*state, STORE__DETAILS_BYTES, (uint64_t)1 << 63, STORE_EDAMAGE);
}

/* A raw column alone among three events. */
static void assert_raw(struct block_fixture *fixture, unsigned encoding, uint64_t count, const char *bytes,
		       size_t len, int error)
{
	struct craft craft;
	craft_init(&craft, 3);
	craft_raw_bytes(&craft, STORE__TIME_NS, encoding, count, bytes, len);
	int got = craft_load(&craft, fixture->block);
	if (got != error)
		fail_msg("encoding %u, count %lu, %zu bytes: %d, wanted %d", encoding, (unsigned long)count,
			 len, got, error);
	craft_fini(&craft);
}

static void columns_that_lie_about_their_length_are_damage(void **state)
{
#define ASSERT_RAW(encoding, count, literal, error) \
	assert_raw(*state, encoding, count, literal, sizeof(literal) - 1, error)
	ASSERT_RAW(STORE__CONSTANT, 3, "\5", 0);
	ASSERT_RAW(STORE__CONSTANT, 4, "\5", STORE_EDAMAGE);
	ASSERT_RAW(STORE__CONSTANT, 2, "\5", STORE_EDAMAGE);
	ASSERT_RAW(STORE__CONSTANT, 3, "", STORE_EDAMAGE);
	ASSERT_RAW(STORE__CONSTANT, 3, "\5\5", STORE_EDAMAGE);
	ASSERT_RAW(STORE__CONSTANT, 3, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0);
	ASSERT_RAW(STORE__CONSTANT, 3, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\1", STORE_EDAMAGE);
	ASSERT_RAW(STORE__FIXED, 3, "\1\0abc", 0);
	ASSERT_RAW(STORE__FIXED, 3, "\1\0ab", STORE_EDAMAGE);
	ASSERT_RAW(STORE__FIXED, 3, "\1\0abcd", STORE_EDAMAGE);
	ASSERT_RAW(STORE__FIXED, 3, "\0\0", STORE_EDAMAGE);
	ASSERT_RAW(STORE__FIXED, 3, "\3\0abcabcabc", STORE_EDAMAGE);
	ASSERT_RAW(STORE__FIXED, 3, "\2\0ababab", 0);
	ASSERT_RAW(STORE__VARINT, 3, "\0\1\2\3", 0);
	ASSERT_RAW(STORE__VARINT, 3, "\0\1\2", STORE_EDAMAGE);
	ASSERT_RAW(STORE__VARINT, 3, "\0\1\2\x80", STORE_EDAMAGE);
	ASSERT_RAW(STORE__DELTA, 3, "\1\2\3", 0);
	ASSERT_RAW(STORE__DELTA, 3, "\1\2\3\4", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, 3, "\1\2\7\1", 0);
	ASSERT_RAW(STORE__RUNS, 3, "\1\2", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, 3, "\1\4", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, 3, "\1\0\1\3", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, 3, "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", STORE_EDAMAGE);
	ASSERT_RAW(STORE__DELTA_RUNS, 3, "\1\3", 0);
	ASSERT_RAW(STORE__DELTA_RUNS, 3, "\1\2", STORE_EDAMAGE);
	ASSERT_RAW(STORE__BYTES, 3, "abc", STORE_EDAMAGE);
	ASSERT_RAW(7, 3, "abc", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, UINT64_MAX, "\1\3", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, (1 << 20) + 1, "\1\3", STORE_EDAMAGE);
	ASSERT_RAW(STORE__RUNS, 0, "", STORE_EDAMAGE);
}

static void a_column_that_comes_twice_is_damage(void **state)
{
	struct block_fixture *fixture = *state;
	struct craft craft;
	craft_init(&craft, 3);
	craft_number(&craft, STORE__TIME_NS, 4);
	assert_int_equal(craft_load(&craft, fixture->block), 0);
	craft_number(&craft, STORE__TIME_NS, 4);
	assert_int_equal(craft_load(&craft, fixture->block), STORE_EDAMAGE);
	craft_fini(&craft);
}

/* One set of one subscriber; the arguments are what the columns say. */
static int load_receivers(struct block_fixture *fixture, uint64_t length, uint64_t member, uint64_t set)
{
	struct craft craft;
	craft_init(&craft, 1);
	craft_number(&craft, STORE__RECEIVERS, set);
	craft_number(&craft, STORE__SET_LENGTH, length);
	craft_number(&craft, STORE__SET_MEMBERS, member);
	craft_number(&craft, STORE__SUBSCRIBER_CONN, 5);
	craft_number(&craft, STORE__SUBSCRIBER_SID_BYTES, 2);
	craft_raw(&craft, STORE__SUBSCRIBER_TEXT, STORE__BYTES, 2, "17");
	int error = craft_load(&craft, fixture->block);
	craft_fini(&craft);
	return error;
}

static void receivers_that_do_not_exist_are_damage(void **state)
{
	assert_int_equal(load_receivers(*state, 1, 0, 1), 0);
	assert_int_equal(load_receivers(*state, 1, WIRE_OUTCOMES - 1, 1), 0);
	assert_int_equal(load_receivers(*state, 1, WIRE_OUTCOMES, 1), STORE_EDAMAGE);
	assert_int_equal(load_receivers(*state, 1, 1 << 3, 1), STORE_EDAMAGE);
	assert_int_equal(load_receivers(*state, 1, UINT64_MAX, 1), STORE_EDAMAGE);
	assert_int_equal(load_receivers(*state, 2, 0, 1), STORE_EDAMAGE);
	assert_int_equal(load_receivers(*state, 0, 0, 1), STORE_EDAMAGE);
	assert_int_equal(load_receivers(*state, 1, 0, 0), 0);
	assert_int_equal(load_receivers(*state, 1, 0, 2), STORE_EDAMAGE);
}

static void malformed_details_are_damage(void **state)
{
	struct block_fixture *fixture = *state;
	const struct {
		const char *bytes;
		size_t len;
		int error;
	} cases[] = {{"\1\1x", 3, 0},
		     {"\1\2x", 3, STORE_EDAMAGE},
		     {"\1", 1, STORE_EDAMAGE},
		     {"\x09\1\x7f", 3, 0},
		     {"\x09\1\x80", 3, STORE_EDAMAGE},
		     {"\x09\2\1\1", 4, STORE_EDAMAGE},
		     {"\x09\0", 2, STORE_EDAMAGE},
		     {"\x80", 1, STORE_EDAMAGE}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct craft craft;
		craft_init(&craft, 1);
		craft_number(&craft, STORE__KIND, WIRE_EVENT_MARK);
		craft_number(&craft, STORE__DETAILS_BYTES, cases[i].len);
		craft_raw_bytes(&craft, STORE__DETAILS, STORE__BYTES, cases[i].len, cases[i].bytes,
				cases[i].len);
		int error = craft_load(&craft, fixture->block);
		if (error != cases[i].error)
			fail_msg("case %zu: %d, wanted %d", i, error, cases[i].error);
		craft_fini(&craft);
	}
}

static void payloads_that_do_not_add_up_are_damage(void **state)
{
	struct block_fixture *fixture = *state;
	struct craft craft;
	struct wire_event event;
	craft_init(&craft, 2);
	craft_number(&craft, STORE__PAYLOAD_BYTES, 3);
	craft_number(&craft, STORE__HEADERS_BYTES, 1);
	craft_text(&craft, STORE_FRAME_PAYLOADS, "hPAYiLOA");
	assert_int_equal(craft_load(&craft, fixture->block), 0);
	store_block_event(fixture->block, 1, &event);
	assert_true(wire_slice_equal(event.headers, WIRE_LITERAL("i")));
	assert_true(wire_slice_equal(event.payload, WIRE_LITERAL("LOA")));
	craft_text(&craft, STORE_FRAME_PAYLOADS, "D");
	assert_int_equal(craft_load(&craft, fixture->block), STORE_EDAMAGE);
	craft_fini(&craft);
}

static void without_the_payload_frame_lengths_are_known(void **state)
{
	struct block_fixture *fixture = *state;
	struct wire_event message = {.subject = WIRE_LITERAL("a"),
				     .headers = WIRE_LITERAL("hh"),
				     .payload = WIRE_LITERAL("ppp"),
				     .size = 3},
			  event;
	fixture_append(fixture, &message);
	fixture_encode(fixture, 1, 1);
	const struct store_frame_header *frames = fixture->header.frames;
	const unsigned char *dictionary = fixture->bytes + STORE_BLOCK_HEADER_BYTES;
	const unsigned char *columns = dictionary + frames[STORE_FRAME_DICTIONARY].stored_bytes;
	store_block_begin(fixture->block, &fixture->header);
	assert_int_equal(store_block_load(fixture->block, STORE_FRAME_DICTIONARY, dictionary), 0);
	assert_int_equal(store_block_load(fixture->block, STORE_FRAME_COLUMNS, columns), 0);
	store_block_event(fixture->block, 0, &event);
	assert_null(event.headers.data);
	assert_null(event.payload.data);
	assert_int_equal(event.headers.len, 2);
	assert_int_equal(event.payload.len, 3);
	assert_int_equal(store_block_load(fixture->block, STORE_FRAME_PAYLOADS,
					  columns + frames[STORE_FRAME_COLUMNS].stored_bytes),
			 0);
	store_block_event(fixture->block, 0, &event);
	assert_event(&event, &message, 1);
}

static void a_frame_that_unpacks_to_another_size_is_damage(void **state)
{
	struct block_fixture *fixture = *state;
	static char text[5000];
	struct wire_event message = {.payload = wire_slice(text, sizeof text), .size = sizeof text};
	fixture_append(fixture, &message);
	fixture_encode(fixture, 1, 1);
	for (int change = -1; change <= 1; change += 2) {
		struct store_block_header header = fixture->header;
		const struct store_frame_header *payloads = &header.frames[STORE_FRAME_PAYLOADS];
		assert_true(payloads->stored_bytes < payloads->raw_bytes);
		header.frames[STORE_FRAME_PAYLOADS].raw_bytes += (uint32_t)change;
		store_block_begin(fixture->block, &header);
		assert_int_equal(
		    store_block_load(fixture->block, STORE_FRAME_PAYLOADS,
				     fixture->bytes + fixture->bytes_len - payloads->stored_bytes),
		    STORE_EDAMAGE);
	}
}

int main(void)
{
#define DECODE_TEST(name) cmocka_unit_test_setup_teardown(name, block_fixture_setup, block_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    DECODE_TEST(every_flipped_bit_of_a_block_is_detected),
	    DECODE_TEST(every_truncated_frame_is_detected),
	    DECODE_TEST(missing_columns_are_zero),
	    DECODE_TEST(unknown_columns_and_details_are_skipped),
	    DECODE_TEST(a_decoder_that_does_not_know_the_columns_of_version_2_1_reads_the_rest),
	    DECODE_TEST(delivery_times_without_their_receivers_are_damage),
	    DECODE_TEST(numbers_at_their_limit_pass_and_beyond_it_are_damage),
	    DECODE_TEST(columns_that_lie_about_their_length_are_damage),
	    DECODE_TEST(a_column_that_comes_twice_is_damage),
	    DECODE_TEST(receivers_that_do_not_exist_are_damage),
	    DECODE_TEST(malformed_details_are_damage),
	    DECODE_TEST(payloads_that_do_not_add_up_are_damage),
	    DECODE_TEST(without_the_payload_frame_lengths_are_known),
	    DECODE_TEST(a_frame_that_unpacks_to_another_size_is_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
