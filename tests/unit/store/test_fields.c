/* Records are cut into fields and put together again; the decoder survives damaged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/format/fields_get.h"
#include "store/format/fields_put.h"
#include "wire/error.h"

enum { SEED = 20260304, RAW_MAX = 1 << 21, RECORDS_MAX = STORE__FIELDS_RECORDS_MAX + 1 };

struct fixture {
	struct store__fields *fields;
	struct store__buffer out, scratch;
	unsigned char *raw;
	uint32_t *lengths;
	size_t len;
	uint32_t count;
	uint64_t random;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	*state = fixture;
	if (!fixture)
		return -1;
	*fixture = (struct fixture){.fields = store__fields_open(),
				    .raw = malloc(RAW_MAX),
				    .lengths = malloc(RECORDS_MAX * sizeof(uint32_t)),
				    .random = SEED};
	return fixture->fields && fixture->raw && fixture->lengths ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	store__fields_close(fixture->fields);
	store__buffer_fini(&fixture->out);
	store__buffer_fini(&fixture->scratch);
	free(fixture->raw);
	free(fixture->lengths);
	free(fixture);
	return 0;
}

static uint32_t below(struct fixture *fixture, uint32_t bound)
{
	fixture->random = fixture->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(fixture->random >> 33) % bound;
}

static void clear(struct fixture *fixture)
{
	fixture->len = fixture->count = 0;
}

static void add(struct fixture *fixture, const void *bytes, size_t len)
{
	assert_true(fixture->len + len <= RAW_MAX && fixture->count < RECORDS_MAX);
	if (len > 0)
		memcpy(fixture->raw + fixture->len, bytes, len);
	fixture->len += len;
	fixture->lengths[fixture->count++] = (uint32_t)len;
}

static void add_text(struct fixture *fixture, const char *text)
{
	add(fixture, text, strlen(text));
}

static void add_json(struct fixture *fixture)
{
	static const char *const states[] = {"open", "picked", "shipped", "14 days"};
	char text[300];
	int len = snprintf(
	    text, sizeof text,
	    "%s{\"id\":\"%08x-%04x\",\"state\":\"%s\",\"n\":%u,\"price\":%u.%02u,\"currency\":\"EUR\"}",
	    below(fixture, 4) ? "" : "NATS/1.0\r\nTrace: 77\r\n\r\n", below(fixture, 1u << 31),
	    below(fixture, 65536), states[below(fixture, 4)], below(fixture, 100000), below(fixture, 500),
	    below(fixture, 100));
	add(fixture, text, (size_t)len);
}

/* Both buffers end where the allocation does, so that a sanitizer sees one byte too many. */
static void encode(struct fixture *fixture)
{
	unsigned char *raw = malloc(fixture->len + 1);
	assert_non_null(raw);
	memcpy(raw + 1, fixture->raw, fixture->len);
	fixture->out.len = 0;
	assert_int_equal(store__fields_put(fixture->fields, raw + 1, fixture->len, fixture->lengths,
					   fixture->count, &fixture->out),
			 0);
	free(raw);
}

/* Whatever is decoded, and whether it is what was encoded. */
static int decode(struct fixture *fixture, const unsigned char *in, size_t len, size_t raw_len)
{
	unsigned char *copy = malloc(len + 1), *back = malloc(raw_len + 1);
	assert_true(copy && back);
	memcpy(copy + 1, in, len);
	int error = store__fields_get(&fixture->scratch, copy + 1, len, back + 1, raw_len);
	assert_true(error == 0 || error == STORE_EDAMAGE);
	if (error == 0 && raw_len == fixture->len && memcmp(back + 1, fixture->raw, raw_len) != 0)
		error = 1;
	free(copy);
	free(back);
	return error;
}

static void assert_comes_back(struct fixture *fixture)
{
	encode(fixture);
	assert_int_equal(decode(fixture, fixture->out.bytes, fixture->out.len, fixture->len), 0);
}

static void json_comes_back_and_is_shorter(void **state)
{
	struct fixture *fixture = *state;
	clear(fixture);
	for (int i = 0; i < 5000; i++)
		add_json(fixture);
	assert_comes_back(fixture);
	assert_true(fixture->out.len < fixture->len * 2 / 5);
}

static void prose_comes_back(void **state)
{
	static const char *const words[] = {"the ", "quick ",    "brown ",  "fox, ",
					    "12 ",  "jumps 3x ", "\xc3\xa4"};
	struct fixture *fixture = *state;
	clear(fixture);
	for (int i = 0; i < 2000; i++) {
		char text[400] = "";
		for (uint32_t left = below(fixture, 40); left > 0; left--)
			strcat(text, words[below(fixture, 7)]);
		add_text(fixture, text);
	}
	assert_comes_back(fixture);
	assert_true(fixture->out.len < fixture->len + fixture->count * 4);
}

static void random_bytes_come_back(void **state)
{
	struct fixture *fixture = *state;
	for (uint32_t alphabet = 2; alphabet <= 256; alphabet += 127) {
		clear(fixture);
		for (int i = 0; i < 1000; i++) {
			unsigned char bytes[300];
			for (size_t j = 0; j < sizeof bytes; j++)
				bytes[j] =
				    (unsigned char)(below(fixture, alphabet) + (alphabet < 9 ? '0' - 1 : 0));
			add(fixture, bytes, below(fixture, sizeof bytes));
		}
		assert_comes_back(fixture);
	}
}

static void small_records_come_back(void **state)
{
	struct fixture *fixture = *state;
	clear(fixture);
	assert_comes_back(fixture);
	for (int i = 0; i < 3; i++)
		add_text(fixture, "");
	assert_comes_back(fixture);
	add_text(fixture, "1");
	assert_comes_back(fixture);
	for (int i = 0; i < 300; i++) {
		unsigned char byte = (unsigned char)i;
		add(fixture, &byte, (size_t)(i % 3 != 0));
	}
	assert_comes_back(fixture);
	clear(fixture);
	add_json(fixture);
	assert_comes_back(fixture);
}

/* Nothing after the records is read, however few bytes follow a record that matches those before. */
static void records_close_to_the_end_come_back(void **state)
{
	struct fixture *fixture = *state;
	for (uint32_t left = 0; left <= 40; left++) {
		clear(fixture);
		for (int i = 0; i < 4; i++) {
			add_text(fixture, "{\"state\":\"open\"}");
			add_text(fixture, "{\"n\":12}");
			add_text(fixture, "n=1234");
		}
		add(fixture, "1234567890123456789012345678901234567890", left);
		assert_comes_back(fixture);
		clear(fixture);
		for (int i = 0; i < 4; i++)
			add_text(fixture, "{\"state\":\"open\"}");
		add(fixture, "----------------------------------------", left);
		assert_comes_back(fixture);
	}
}

static void a_record_larger_than_a_block_comes_back(void **state)
{
	struct fixture *fixture = *state;
	clear(fixture);
	unsigned char *large = malloc(RAW_MAX / 2 + 1);
	assert_non_null(large);
	for (size_t i = 0; i <= RAW_MAX / 2; i++)
		large[i] = (unsigned char)("0123456789,:ab"[below(fixture, 14)]);
	add_json(fixture);
	add(fixture, large, RAW_MAX / 2 + 1);
	add_json(fixture);
	free(large);
	assert_comes_back(fixture);
}

/* Ids that happen to have no digit, and numbers of any width, are fields, too. */
static void a_known_field_may_hold_a_word_without_digits(void **state)
{
	struct fixture *fixture = *state;
	clear(fixture);
	for (int i = 0; i < 500; i++)
		add_text(fixture,
			 i % 2 ? "{\"id\":\"beef\",\"name\":\"a\"}" : "{\"id\":\"1234\",\"name\":\"a\"}");
	assert_comes_back(fixture);
	assert_true(fixture->out.len < 500 * 6);
}

static void fields_of_any_length_come_back(void **state)
{
	struct fixture *fixture = *state;
	char text[STORE__FIELD_BYTES_MAX + 20];
	for (size_t len = STORE__FIELD_BYTES_MAX - 1; len <= STORE__FIELD_BYTES_MAX + 1; len++) {
		clear(fixture);
		for (size_t i = 0; i < 600; i++) {
			size_t digits = i % 3 ? 1 + below(fixture, 3) : len;
			memset(text, '0' + (int)(i % 10), digits);
			strcpy(text + digits, ";end");
			add_text(fixture, text);
		}
		assert_comes_back(fixture);
	}
}

/* One field more than a path has room for, and one fewer. */
static void records_of_many_fields_come_back(void **state)
{
	struct fixture *fixture = *state;
	for (int depth = STORE__FIELDS_DEPTH_MAX - 1; depth <= STORE__FIELDS_DEPTH_MAX + 1; depth++) {
		clear(fixture);
		for (int i = 0; i < 50; i++) {
			char text[3 * (STORE__FIELDS_DEPTH_MAX + 2)] = "";
			for (int j = 0; j < depth; j++)
				sprintf(text + 2 * j, "%u,", below(fixture, 10));
			add_text(fixture, text);
		}
		assert_comes_back(fixture);
	}
}

static void a_full_tree_learns_no_more(void **state)
{
	struct fixture *fixture = *state;
	clear(fixture);
	/* Every text comes twice, so that nodes recur. */
	for (uint32_t i = 0; i < 24000; i++) {
		char text[100];
		sprintf(text, "%c%c 1 %c%c 2 %c%c 3", 'a' + (int)(i / 2 % 16), 'a' + (int)(i / 32 % 16),
			'a' + (int)(i / 512 % 16), 'a' + (int)(i / 7 % 16), 'a' + (int)below(fixture, 16),
			'a' + (int)below(fixture, 16));
		add_text(fixture, text);
	}
	assert_comes_back(fixture);
}

static void mutated_json_comes_back(void **state)
{
	struct fixture *fixture = *state;
	print_message("seed %d\n", SEED);
	for (int round = 0; round < 300; round++) {
		clear(fixture);
		for (uint32_t i = below(fixture, 40); i > 0; i--)
			add_json(fixture);
		for (uint32_t i = below(fixture, 60); i > 0 && fixture->len > 0; i--)
			fixture->raw[below(fixture, (uint32_t)fixture->len)] =
			    (unsigned char)below(fixture, below(fixture, 2) ? 256 : 128);
		assert_comes_back(fixture);
	}
}

static void fill_small(struct fixture *fixture)
{
	clear(fixture);
	for (int i = 0; i < 12; i++)
		add_json(fixture);
	add_text(fixture, "a tail");
	encode(fixture);
}

static void every_prefix_is_damage(void **state)
{
	struct fixture *fixture = *state;
	fill_small(fixture);
	for (size_t len = 0; len < fixture->out.len; len++)
		assert_int_equal(decode(fixture, fixture->out.bytes, len, fixture->len), STORE_EDAMAGE);
}

static void another_length_is_damage(void **state)
{
	struct fixture *fixture = *state;
	fill_small(fixture);
	assert_int_equal(decode(fixture, fixture->out.bytes, fixture->out.len, fixture->len - 1),
			 STORE_EDAMAGE);
	assert_int_equal(decode(fixture, fixture->out.bytes, fixture->out.len, fixture->len + 1),
			 STORE_EDAMAGE);
	assert_int_equal(decode(fixture, fixture->out.bytes, fixture->out.len, 0), STORE_EDAMAGE);
}

static void corruption_is_survived(void **state)
{
	struct fixture *fixture = *state;
	unsigned char bytes[4000];
	print_message("seed %d\n", SEED);
	fill_small(fixture);
	assert_true(fixture->out.len < sizeof bytes);
	for (int round = 0; round < 20000; round++) {
		memcpy(bytes, fixture->out.bytes, fixture->out.len);
		for (uint32_t i = 1 + below(fixture, 3); i > 0; i--)
			bytes[below(fixture, round % 2 ? 60 : (uint32_t)fixture->out.len)] =
			    (unsigned char)below(fixture, 256);
		decode(fixture, bytes, fixture->out.len, fixture->len);
	}
}

/* So many records, nodes or levels of nodes, and no bytes at all. */
static int decode_crafted(struct fixture *fixture, uint32_t records, uint32_t nodes, uint32_t width)
{
	struct store__buffer *out = &fixture->out;
	clear(fixture);
	out->len = 0;
	assert_int_equal(store__buffer_reserve(out, 20u + records + 6u * nodes), 0);
	store__buffer_put_varint(out, records);
	store__buffer_put_varint(out, nodes);
	for (uint32_t i = 1; i <= nodes; i++) {
		store__buffer_put_varint(out, i % STORE__FIELDS_DEPTH_MAX == 1 ? i : 1);
		store__buffer_put_varint(out, 0);
		store__buffer_put_varint(out, (uint64_t)width << STORE__FIELD_KIND_BITS | STORE__FIELD_FIXED);
	}
	for (uint32_t i = 0; i < records; i++)
		store__buffer_put_varint(out, 0);
	return decode(fixture, out->bytes, out->len, 0);
}

static void counts_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(decode_crafted(fixture, STORE__FIELDS_RECORDS_MAX, 0, 0), 0);
	assert_int_equal(decode_crafted(fixture, STORE__FIELDS_RECORDS_MAX + 1, 0, 0), STORE_EDAMAGE);
	assert_int_equal(decode_crafted(fixture, 1, STORE__FIELDS_NODES_MAX, STORE__FIELD_BYTES_MAX), 0);
	assert_int_equal(decode_crafted(fixture, 1, STORE__FIELDS_NODES_MAX + 1, 1), STORE_EDAMAGE);
	assert_int_equal(decode_crafted(fixture, 1, 1, STORE__FIELD_BYTES_MAX + 1), STORE_EDAMAGE);
	assert_true(fixture->scratch.cap <= 2 << 20);
}

static void depth_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	for (uint32_t depth = STORE__FIELDS_DEPTH_MAX; depth <= STORE__FIELDS_DEPTH_MAX + 1; depth++) {
		unsigned char bytes[3 * (STORE__FIELDS_DEPTH_MAX + 1) + 10], *end = bytes;
		end = store__put_varint(store__put_varint(end, 0), depth);
		for (uint32_t i = 0; i < depth; i++) {
			*end++ = 1;
			*end++ = 0;
			*end++ = STORE__FIELD_NONE;
		}
		clear(fixture);
		assert_int_equal(decode(fixture, bytes, (size_t)(end - bytes), 0),
				 depth > STORE__FIELDS_DEPTH_MAX ? STORE_EDAMAGE : 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(json_comes_back_and_is_shorter),
	    TEST(prose_comes_back),
	    TEST(random_bytes_come_back),
	    TEST(small_records_come_back),
	    TEST(records_close_to_the_end_come_back),
	    TEST(a_record_larger_than_a_block_comes_back),
	    TEST(a_known_field_may_hold_a_word_without_digits),
	    TEST(fields_of_any_length_come_back),
	    TEST(records_of_many_fields_come_back),
	    TEST(a_full_tree_learns_no_more),
	    TEST(mutated_json_comes_back),
	    TEST(every_prefix_is_damage),
	    TEST(another_length_is_damage),
	    TEST(corruption_is_survived),
	    TEST(counts_are_bounded),
	    TEST(depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
