/* Protobuf messages as JSON, by descriptors that the tests write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/decode/protobuf.h"
#include "tests/unit/export/descriptors.h"
#include "tests/unit/export/hex.h"

/* The types of the tests: shop.Order and what it holds, and some of google.protobuf. */
struct fixture {
	struct export__types *types, *google;
};

static struct encoded describe_item(void)
{
	struct encoded item = message_of("Item");

	add_field(&item, "sku", 1, EXPORT__STRING, OPTIONAL, NULL);
	add_field(&item, "count", 2, EXPORT__UINT32, OPTIONAL, NULL);
	add_field(&item, "part", 3, EXPORT__MESSAGE, OPTIONAL, ".shop.Item");
	add_field(&item, "group", 4, EXPORT__GROUP_FIELD, OPTIONAL, ".shop.Item");
	return item;
}

static struct encoded describe_entry(void)
{
	struct encoded entry = message_of("StockEntry"), options = {.len = 0};

	add_field(&entry, "key", 1, EXPORT__STRING, OPTIONAL, NULL);
	add_field(&entry, "value", 2, EXPORT__INT32, OPTIONAL, NULL);
	put_number(&options, 7, 1);
	put_encoded(&entry, 7, &options);
	return entry;
}

static struct encoded describe_level(void)
{
	static const struct {
		const char *name;
		uint64_t number;
	} values[] = {{"NONE", 0}, {"HIGH", 1}, {"TOP", 1}, {"LOW", UINT64_MAX}};
	struct encoded level = {.len = 0};

	put_text(&level, 1, "Level");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct encoded value = {.len = 0};

		put_text(&value, 1, values[i].name);
		put_number(&value, 2, values[i].number);
		put_encoded(&level, 2, &value);
	}
	return level;
}

static void add_member(struct encoded *message, const char *name, unsigned number,
		       enum export__field_type type, const char *type_name)
{
	struct encoded field = field_of(name, number, type, OPTIONAL, type_name);

	put_number(&field, 9, 0);
	put_encoded(message, 2, &field);
}

static struct encoded describe_order(void)
{
	static const enum export__field_type numbers[] = {
	    EXPORT__DOUBLE, EXPORT__FLOAT,         EXPORT__INT64,         EXPORT__UINT64, EXPORT__INT32,
	    EXPORT__BOOL,   EXPORT__FIXED64_FIELD, EXPORT__FIXED32_FIELD, EXPORT__UINT32, EXPORT__SFIXED32,
	    EXPORT__SINT32, EXPORT__SFIXED64,      EXPORT__SINT64};
	struct encoded order = message_of("Order");
	const struct encoded entry = describe_entry(), level = describe_level();
	char name[20];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(name, sizeof(name), "n_%d", (int)numbers[i]);
		add_field(&order, name, (unsigned)numbers[i], numbers[i], OPTIONAL, NULL);
	}
	add_field(&order, "order_name", 20, EXPORT__STRING, OPTIONAL, NULL);
	add_field(&order, "raw", 21, EXPORT__BYTES_FIELD, OPTIONAL, NULL);
	add_field(&order, "level", 22, EXPORT__ENUM, OPTIONAL, ".shop.Order.Level");
	add_field(&order, "items", 23, EXPORT__MESSAGE, REPEATED, ".shop.Item");
	add_field(&order, "stock", 24, EXPORT__MESSAGE, REPEATED, ".shop.Order.StockEntry");
	add_field(&order, "deltas", 25, EXPORT__SINT32, REPEATED, NULL);
	add_field(&order, "item", 26, EXPORT__MESSAGE, OPTIONAL, ".shop.Item");
	add_member(&order, "one", 27, EXPORT__INT32, NULL);
	add_member(&order, "other", 28, EXPORT__STRING, NULL);
	put_encoded(&order, 3, &entry);
	put_encoded(&order, 4, &level);
	return order;
}

static struct encoded describe_shop(void)
{
	const struct encoded messages[] = {describe_order(), describe_item()};

	return set_of("shop", messages, 2);
}

static struct encoded describe_google(void)
{
	struct encoded messages[8] = {message_of("Timestamp"), message_of("Duration"),
				      message_of("FieldMask"), message_of("Struct"),
				      message_of("Value"),     message_of("ListValue"),
				      message_of("Any"),       message_of("Int64Value")};
	struct encoded entry = message_of("FieldsEntry"), options = {.len = 0};

	for (int i = 0; i < 2; i++) {
		add_field(&messages[i], "seconds", 1, EXPORT__INT64, OPTIONAL, NULL);
		add_field(&messages[i], "nanos", 2, EXPORT__INT32, OPTIONAL, NULL);
	}
	add_field(&messages[2], "paths", 1, EXPORT__STRING, REPEATED, NULL);
	add_field(&messages[3], "fields", 1, EXPORT__MESSAGE, REPEATED,
		  ".google.protobuf.Struct.FieldsEntry");
	add_field(&entry, "key", 1, EXPORT__STRING, OPTIONAL, NULL);
	add_field(&entry, "value", 2, EXPORT__MESSAGE, OPTIONAL, ".google.protobuf.Value");
	put_number(&options, 7, 1);
	put_encoded(&entry, 7, &options);
	put_encoded(&messages[3], 3, &entry);
	add_member(&messages[4], "number_value", 2, EXPORT__DOUBLE, NULL);
	add_member(&messages[4], "string_value", 3, EXPORT__STRING, NULL);
	add_member(&messages[4], "struct_value", 5, EXPORT__MESSAGE, ".google.protobuf.Struct");
	add_member(&messages[4], "list_value", 6, EXPORT__MESSAGE, ".google.protobuf.ListValue");
	add_field(&messages[5], "values", 1, EXPORT__MESSAGE, REPEATED, ".google.protobuf.Value");
	add_field(&messages[6], "type_url", 1, EXPORT__STRING, OPTIONAL, NULL);
	add_field(&messages[6], "value", 2, EXPORT__BYTES_FIELD, OPTIONAL, NULL);
	add_field(&messages[7], "value", 1, EXPORT__INT64, OPTIONAL, NULL);
	return set_of("google.protobuf", messages, 8);
}

static struct export__types *parse(const struct encoded *set, struct wire_fault *fault)
{
	return export__types_parse(wire_slice(set->data, set->len), "shop.desc", fault);
}

static int open_types(void **state)
{
	static struct fixture fixture;
	const struct encoded shop = describe_shop(), google = describe_google();
	struct wire_fault fault = {0};

	fixture.types = parse(&shop, &fault);
	if (fixture.types)
		fixture.google = parse(&google, &fault);
	if (!fixture.google)
		fail_msg("%s", fault.text);
	*state = &fixture;
	return 0;
}

static int close_types(void **state)
{
	struct fixture *fixture = *state;

	export__types_close(fixture->types);
	export__types_close(fixture->google);
	return 0;
}

/* ---- checks ---- */

static const struct export__types *types_of(void **state, const char *type)
{
	struct fixture *fixture = *state;

	return strncmp(type, "google", 6) == 0 ? fixture->google : fixture->types;
}

/* The JSON of a message, "!reason" when there is none. Owned by the caller. */
static char *json_of(void **state, const char *type, struct wire_slice in)
{
	const struct export__types *types = types_of(state, type);
	const struct export__message *message = export__types_find(types, wire_slice_str(type));
	struct export__protobuf memory = {0};
	struct wire_fault fault = {0};
	struct export_out out;
	char *text = NULL;

	assert_non_null(message);
	assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
	if (export__protobuf_json(&memory, types, message, in, &out, &fault) == 0)
		text = kept_text(&out);
	else if (asprintf(&text, "!%s", fault.text) < 0)
		text = NULL;
	assert_non_null(text);
	export__protobuf_fini(&memory);
	export_out_fini(&out);
	return text;
}

static void check_slice(void **state, const char *type, struct wire_slice in, const char *expected)
{
	char *text = json_of(state, type, in);

	assert_string_equal(text, expected);
	free(text);
}

static void check(void **state, const char *type, const char *hex, const char *expected)
{
	const struct wire_slice in = unhex(hex);

	check_slice(state, type, in, expected);
	free((char *)in.data);
}

static void check_order(void **state, const char *hex, const char *expected)
{
	check(state, "shop.Order", hex, expected);
}

/* ---- values ---- */

static void each_type_of_number_has_its_json(void **state)
{
	check_order(state, "09 9a9999999999b93f", "{\"n1\":0.1}");
	check_order(state, "09 000000000000f07f", "{\"n1\":\"Infinity\"}");
	check_order(state, "15 cdcccc3d", "{\"n2\":0.1}");
	check_order(state, "18 ffffffffffffffffff01", "{\"n3\":\"-1\"}");
	check_order(state, "20 ffffffffffffffffff01", "{\"n4\":\"18446744073709551615\"}");
	check_order(state, "28 ffffffffffffffffff01", "{\"n5\":-1}");
	check_order(state, "31 0100000000000080", "{\"n6\":\"9223372036854775809\"}");
	check_order(state, "3d ffffffff", "{\"n7\":4294967295}");
	check_order(state, "40 01", "{\"n8\":true}");
	check_order(state, "68 ffffffff0f", "{\"n13\":4294967295}");
	check_order(state, "7d feffffff", "{\"n15\":-2}");
	check_order(state, "8101 feffffffffffffff", "{\"n16\":\"-2\"}");
	check_order(state, "8801 03", "{\"n17\":-2}");
	check_order(state, "9001 ffffffffffffffffff01", "{\"n18\":\"-9223372036854775808\"}");
}

static void texts_bytes_and_enums_have_their_json(void **state)
{
	check_order(state, "a201 03 c3bc22", "{\"orderName\":\"\xc3\xbc\\\"\"}");
	check_order(state, "a201 01 ff", "{\"orderName\":\"\\ufffd\"}");
	check_order(state, "aa01 03 00ff01", "{\"raw\":\"AP8B\"}");
	check_order(state, "b001 01", "{\"level\":\"HIGH\"}");
	check_order(state, "b001 ffffffffffffffffff01", "{\"level\":\"LOW\"}");
	check_order(state, "b001 07", "{\"level\":7}");
}

static void elements_of_a_field_are_one_array_wherever_they_are(void **state)
{
	check_order(state, "c801 01 28 05 ca01 02 0204 c801 06", "{\"n5\":5,\"deltas\":[-1,1,2,3]}");
	check_order(state, "ba01 02 1003 ba01 00", "{\"items\":[{\"count\":3},{}]}");
	check_order(state, "c201 05 0a016110 01 c201 00", "{\"stock\":{\"a\":1,\"\":0}}");
}

static void of_a_single_field_the_last_counts_and_messages_are_merged(void **state)
{
	check_order(state, "28 01 28 02", "{\"n5\":2}");
	check_order(state, "d201 03 0a0161 d201 02 1003", "{\"item\":{\"sku\":\"a\",\"count\":3}}");
	check_order(state, "e201 01 78 d801 05", "{\"one\":5}");
	check_order(state, "d801 05 e201 01 78", "{\"other\":\"x\"}");
}

static void groups_are_messages(void **state)
{
	check(state, "shop.Item", "23 0a0161 23 10 03 24 24",
	      "{\"group\":{\"sku\":\"a\",\"group\":{\"count\":3}}}");
	check(state, "shop.Item", "23 0a0161", "!it is not encoded as a protobuf message is");
	check(state, "shop.Item", "23 1c", "!it is not encoded as a protobuf message is");
	check(state, "shop.Item", "24", "!it is not encoded as a protobuf message is");
}

static void fields_that_the_type_lacks_are_left_out(void **state)
{
	check_order(state, "28 01 b83e 05", "{\"n5\":1}");
	check_order(state, "28 01 2a 01 61", "{\"n5\":1}"); /* number 5, but not encoded as an int32 */
	check_order(state, "b83e 05", "!it has no field of shop.Order");
	check_order(state, "61", "!it is not encoded as a protobuf message is");
}

static void every_prefix_of_a_message_is_harmless(void **state)
{
	const struct wire_slice whole =
	    unhex("09 9a9999999999b93f a201 03 c3bc22 ca01 02 0204 d201 03 0a0161");

	for (size_t len = 0; len < whole.len; len++) {
		char *exact = malloc(len ? len : 1);
		memcpy(exact, whole.data, len);
		free(json_of(state, "shop.Order", wire_slice(exact, len)));
		free(exact);
	}
	free((char *)whole.data);
}

/* A message with an item of so many levels. */
static struct encoded nested(int levels)
{
	struct encoded inner = {.len = 0};

	put_number(&inner, 2, 1);
	for (int i = 0; i < levels; i++) {
		struct encoded outer = {.len = 0};

		put_encoded(&outer, 3, &inner);
		inner = outer;
	}
	return inner;
}

static void nesting_is_allowed_up_to_a_hundred_levels(void **state)
{
	const struct encoded most = nested(EXPORT_DECODE_DEPTH_MAX),
			     more = nested(EXPORT_DECODE_DEPTH_MAX + 1);
	char *text = json_of(state, "shop.Item", wire_slice(most.data, most.len));

	assert_non_null(strstr(text, "{\"part\":{\"count\":1}}"));
	free(text);
	check_slice(state, "shop.Item", wire_slice(more.data, more.len),
		    "!it is nested more than 100 levels deep");
}

static void more_than_a_million_fields_are_refused(void **state)
{
	const size_t len = 2 * ((size_t)1 << 20) + 2;
	char *large = malloc(len);

	for (size_t i = 0; i < len; i += 2)
		memcpy(large + i, "\x28\x01", 2);
	check_slice(state, "shop.Order", wire_slice(large, len), "!it has more than a million fields");
	check_slice(state, "shop.Order", wire_slice(large, len - 2), "{\"n5\":1}");
	free(large);
}

static void messages_of_google_have_forms_of_their_own(void **state)
{
	check(state, "google.protobuf.Timestamp", "08 01 10 808bf1db03", "\"1970-01-01T00:00:01.998Z\"");
	check(state, "google.protobuf.Timestamp", "08 ffffffffffffffff7f",
	      "{\"seconds\":\"9223372036854775807\"}");
	check(state, "google.protobuf.Duration", "08 fdffffffffffffffff01 10 c0ba8792feffffffff01",
	      "\"-3.499s\"");
	check(state, "google.protobuf.FieldMask", "0a 08 6f726465725f6964 0a 01 61", "\"orderId,a\"");
	check(state, "google.protobuf.Int64Value", "08 07", "\"7\"");
	check(state, "google.protobuf.Struct", "0a 0c 0a0161 1207 32050a031a0162", "{\"a\":[\"b\"]}");
	check(state, "google.protobuf.Value", "1a 01 61 11 000000000000f03f", "1");
	check(state, "google.protobuf.Value", "2a 00", "{}");
	check(state, "google.protobuf.Value", "32 00", "[]");
	check(state, "google.protobuf.Any", "0a 03 782f79 12 02 0801",
	      "{\"@type\":\"x/y\",\"value_base64\":\"CAE=\"}");
	check(state, "google.protobuf.Any",
	      "0a 1c 782f676f6f676c652e70726f746f6275662e496e74363456616c7565 12 02 0807",
	      "{\"@type\":\"x/google.protobuf.Int64Value\",\"value\":\"7\"}");
}

/* ---- descriptor sets ---- */

static void check_bad_set(const struct encoded *set, const char *reason)
{
	struct wire_fault fault = {0};
	struct export__types *types = parse(set, &fault);

	assert_null(types);
	assert_string_equal(fault.text, reason);
}

static void a_set_without_the_types_of_its_fields_is_refused(void **state)
{
	struct encoded order = message_of("Order");

	(void)state;
	add_field(&order, "item", 1, EXPORT__MESSAGE, OPTIONAL, ".shop.Item");
	const struct encoded set = set_of("shop", &order, 1);
	check_bad_set(&set,
		      "shop.desc: the type .shop.Item of the field item is not in it; write it with protoc "
		      "--include_imports");
}

static void a_file_that_is_no_set_is_refused(void **state)
{
	static const char reason[] =
	    "shop.desc is no descriptor set; write one with protoc --include_imports "
	    "--descriptor_set_out=FILE";
	struct encoded text = {.data = "syntax = \"proto3\";", .len = 18}, empty = {.len = 0};

	(void)state;
	check_bad_set(&text, reason);
	check_bad_set(&empty, reason);
}

static void every_prefix_of_a_set_is_harmless(void **state)
{
	struct encoded set = describe_shop();
	struct wire_fault fault;

	(void)state;
	for (size_t len = 0; len < set.len; len++) {
		char *exact = malloc(len ? len : 1);
		memcpy(exact, set.data, len);
		export__types_close(export__types_parse(wire_slice(exact, len), "set", &fault));
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_type_of_number_has_its_json),
	    cmocka_unit_test(texts_bytes_and_enums_have_their_json),
	    cmocka_unit_test(elements_of_a_field_are_one_array_wherever_they_are),
	    cmocka_unit_test(of_a_single_field_the_last_counts_and_messages_are_merged),
	    cmocka_unit_test(groups_are_messages),
	    cmocka_unit_test(fields_that_the_type_lacks_are_left_out),
	    cmocka_unit_test(every_prefix_of_a_message_is_harmless),
	    cmocka_unit_test(nesting_is_allowed_up_to_a_hundred_levels),
	    cmocka_unit_test(more_than_a_million_fields_are_refused),
	    cmocka_unit_test(messages_of_google_have_forms_of_their_own),
	    cmocka_unit_test(a_set_without_the_types_of_its_fields_is_refused),
	    cmocka_unit_test(a_file_that_is_no_set_is_refused),
	    cmocka_unit_test(every_prefix_of_a_set_is_harmless),
	};

	return cmocka_run_group_tests(tests, open_types, close_types);
}
