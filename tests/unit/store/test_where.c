/* Conditions written as expressions: what they mean, what is refused, and what can be told before everything is known. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/where/bounds.h"
#include "store/where/where.h"

#define NOON_NS INT64_C(1795435200000000000) /* 2026-11-23T12:00:00Z */

static const char headers[] = "NATS/1.0\r\nPriority: high\r\nretry: 3\r\nTag: one\r\nTag: two\r\n\r\n";
static const char payload[] =
    "{\"total\":120.5,\"id\":9007199254740993,\"name\":\"M\\u00fcller "
    "\\\"x\\\"\",\"paid\":true,\"void\":false,"
    "\"note\":null,\"tags\":[\"a\",\"b\",7],\"items\":[{\"sku\":\"s1\",\"n\":2},{\"sku\":\"s2\",\"n\":5}],"
    "\"odd key\":1,\"deep\":{\"er\":{\"id\":5}}}";

static const struct wire_receiver receivers[] = {
    {.conn = 2, .queue = {"workers", 7}},
    {.conn = 3, .queue = {"idle", 4}, .outcome = WIRE_DROPPED_SLOW},
};

static struct wire_event message(void)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .seq = 42,
				   .time_ns = NOON_NS,
				   .conn = 7,
				   .subject = WIRE_LITERAL("orders.eu.new"),
				   .reply = WIRE_LITERAL("_INBOX.1"),
				   .headers = wire_slice_str(headers),
				   .payload = wire_slice_str(payload),
				   .size = 2500,
				   .receiver_count = 1,
				   .receivers_len = 2,
				   .receivers = receivers};
}

static const struct wire_client *find_client(void *context, uint64_t conn)
{
	static const struct wire_client billing = {.name = {"billing", 7}, .address = {"10.0.0.7:1", 10}};
	(void)context;
	return conn == 7 ? &billing : NULL;
}

static int parse_time(void *context, const char *text, int64_t *ns, struct wire_fault *fault)
{
	(void)context;
	*ns = NOON_NS;
	return strcmp(text, "noon") == 0 ? 0 : wire_fault_set(fault, -EINVAL, "is not a time");
}

static const struct store_where_times times = {.parse = parse_time, .utc = true};
static const struct store_clients_lookup lookup = {.find = find_client};

static struct store__where *open_where(const char *text)
{
	struct store__where *where;
	struct wire_fault fault = {0};
	if (store__where_open(&where, wire_slice_str(text), &times, &fault) != 0)
		fail_msg("%s: %s", text, fault.text);
	return where;
}

static bool holds_for(const char *text, const struct wire_event *event)
{
	struct store__where *where = open_where(text);
	const struct store__facts facts = {event, &lookup, STORE__NEEDS_ALL};
	enum store__verdict verdict = store__where_judge(where, (struct store__decided){0}, &facts);
	assert_int_not_equal(verdict, STORE__MAYBE);
	store__where_close(where);
	return verdict == STORE__YES;
}

static void expect_all(const char *const *list, const struct wire_event *event, bool holds)
{
	for (; *list; list++)
		if (holds_for(*list, event) != holds)
			fail_msg("%s: expected %s", *list, holds ? "true" : "false");
}

/* ---- meaning ---- */

static void conditions_on_a_message_hold(void **state)
{
	static const char *const list[] = {"$.total > 100",
					   "100 < $.total",
					   "$.total >= 120.5 && $.total <= 120.50",
					   "$.id == 9007199254740993",
					   "$.name == \"M\u00fcller \\\"x\\\"\"",
					   "$.name == 'M\u00fcller \"x\"'",
					   "$.name ~ \"^M.*x\"",
					   "$.paid == true && $.void != true",
					   "$.paid && !$.void && !$.note && !$.nothing",
					   "$.note == null && $.paid != null && $.items != null",
					   "$.tags[1] == \"b\"",
					   "$.tags[*] == 7",
					   "$.items[*].sku == \"s2\"",
					   "$.items[1].n == 5",
					   "$['odd key'] == 1",
					   "$..er && $..id == 5",
					   "$.total ~ \"^120\"",
					   "header.Priority == \"high\"",
					   "header.priority == 'high'",
					   "header[\"PRIORITY\"] != \"low\"",
					   "header.Retry > 2 && header.Retry == 3",
					   "header.Tag == \"two\"",
					   "header.Tag ~ \"^on\"",
					   "subject == \"orders.eu.new\"",
					   "subject.2 == \"eu\" && subject.3 ~ \"ew$\"",
					   "reply ~ \"^_INBOX\"",
					   "payload ~ \"\\\"total\\\":120\"",
					   "size > 2k && size == 2.5kB && size < 2.5Ki && size < 1MiB",
					   "size > 2e3",
					   "time == \"noon\"",
					   "clock >= \"12:00\" && clock < \"12:00:01\" && clock < \"24:00\"",
					   "seq == 42",
					   "kind == \"message\" && kind != \"connect\" && kind ~ \"^mess\"",
					   "client == \"billing\"",
					   "conn == 7",
					   "receivers == 1",
					   "queue == \"workers\"",
					   NULL};
	const struct wire_event event = message();
	(void)state;
	expect_all(list, &event, true);
}

static void the_text_of_an_event_is_an_operand(void **state)
{
	static const char *const list[] = {"text ~ '^Perm'", "text == \"Permissions Violation\"", "text",
					   NULL};
	const struct wire_event error = {.kind = WIRE_EVENT_ERROR,
					 .text = WIRE_LITERAL("Permissions Violation")},
				event = message();
	(void)state;
	expect_all(list, &error, true);
	expect_all(list, &event, false);
}

static void a_missing_value_or_another_type_makes_a_comparison_false(void **state)
{
	static const char *const list[] = {"$.nothing == 1",
					   "$.nothing != 1",
					   "$.nothing == null",
					   "$.nothing != null",
					   "$.nothing !~ \"x\"",
					   "$.total == \"120.5\"",
					   "$.total != \"120.5\"",
					   "$.name > 5",
					   "$.name != 5",
					   "$.paid == 1",
					   "$.paid > 0",
					   "$.note ~ \"null\"",
					   "$.items == 2",
					   "$.tags[3]",
					   "header.Nothing != \"x\"",
					   "header.Priority > 5",
					   "header.Priority != 5",
					   "subject.4 != \"x\"",
					   "client != \"billing\"",
					   "queue == \"idle\"",
					   NULL};
	const struct wire_event event = message();
	(void)state;
	expect_all(list, &event, false);
}

static void events_without_a_value_fail_whatever_the_comparison(void **state)
{
	static const char *const others[] = {"kind == \"connect\"", "!(size < 5)", "time == \"noon\"", NULL};
	const struct wire_event connect = {.kind = WIRE_EVENT_CONNECT, .time_ns = NOON_NS};
	struct wire_event unknown = message();
	(void)state;
	expect_all((const char *const[]){"size < 5", "size >= 0", "receivers == 0", "receivers != 1",
					 "payload !~ \"x\"", "reply != \"x\"", "client", "conn != 1", "queue",
					 "subject", "header.A", NULL},
		   &connect, false);
	expect_all(others, &connect, true);
	unknown.flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
	unknown.receiver_count = 0;
	assert_false(holds_for("receivers == 0", &unknown));
	assert_false(holds_for("receivers != 0", &unknown));
	assert_true(holds_for("!receivers", &unknown));
}

static bool holds_for_payload(const char *expression, const char *json)
{
	const struct wire_event event = {
	    .kind = WIRE_EVENT_MESSAGE, .payload = wire_slice_str(json), .size = strlen(json)};
	return holds_for(expression, &event);
}

static void integers_of_64_bits_are_compared_exactly(void **state)
{
	const char json[] = "{\"id\":9223372036854775807,\"low\":-9223372036854775807}";
	(void)state;
	assert_true(holds_for_payload("$.id == 9223372036854775807", json));
	assert_false(holds_for_payload("$.id == 9223372036854775806", json));
	assert_true(holds_for_payload("$.id > 9223372036854775806", json));
	assert_true(holds_for_payload("$.low < -9223372036854775806", json));
	assert_true(holds_for_payload("$.id < 9999999999999999999", json));
}

static void a_key_is_found_as_it_is_meant_not_as_it_is_written(void **state)
{
	const char json[] = "{\"gr\\u00f6\\u00dfe\":7,\"a\\\"b\":8}";
	(void)state;
	assert_true(holds_for_payload("$['gr\xc3\xb6\xc3\x9f\x65'] == 7", json));
	assert_true(holds_for_payload("$['a\"b'] == 8", json));
	assert_false(holds_for_payload("$.gr == 7", json));
}

static void a_payload_that_is_no_json_has_no_fields(void **state)
{
	static const char *const texts[] = {"", "{", "nonsense", "{\"a\":", "{\"a\" 6}", "[1,", "\"a"};
	struct wire_event event = message();
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		event.payload = wire_slice_str(texts[i]);
		assert_false(holds_for("$.b || $.a > 5", &event));
	}
}

/* && before ||, ! before both. */
static void operators_bind_as_in_c(void **state)
{
	static const char *const holding[] = {"seq == 42 || seq == 1 && seq == 2",
					      "seq == 1 && seq == 2 || seq == 42",
					      "!seq == 1 && seq == 42",
					      "!(seq == 1 && seq == 42)",
					      "!(seq == 1 || seq == 2) && !!seq",
					      "!seq || !(!seq)",
					      NULL};
	static const char *const failing[] = {"(seq == 42 || seq == 1) && seq == 2", "!seq || seq == 1",
					      "!(seq == 42 || seq == 1)", "!!!seq", NULL};
	const struct wire_event event = message();
	(void)state;
	expect_all(holding, &event, true);
	expect_all(failing, &event, false);
}

/* Three comparisons, each negated or not, joined in one of four ways. Dearer ones come first, so that they are reordered. */
struct combination {
	bool value[3], is_negated[3];
	unsigned form;
};

static void write_combination(const struct combination *each, char text[200])
{
	static const char *const yes[] = {"$.paid", "subject", "seq"};
	static const char *const no[] = {"$.x", "subject.9", "seq == 1"};
	static const char *const between[][3] = {
	    {"", "&&", "||"}, {"", "||", "&&"}, {"(", "||", ")&&"}, {"(", "&&", ")||"}};
	char *at = text;
	for (int i = 0; i < 3; i++) {
		const char *open = between[each->form][i];
		const char *sign = each->is_negated[i] ? "!" : "";
		const char *test = each->value[i] ? yes[i] : no[i];
		/* the sign of the first one is before its parenthesis */
		at = i == 0 ? stpcpy(stpcpy(stpcpy(at, sign), open), test)
			    : stpcpy(stpcpy(stpcpy(at, open), sign), test);
	}
}

static bool value_of(const struct combination *each)
{
	const bool a = each->value[0], b = each->value[1] != each->is_negated[1],
		   c = each->value[2] != each->is_negated[2];
	const bool first = a != each->is_negated[0];
	switch (each->form) {
	case 0: return (first && b) || c;
	case 1: return first || (b && c);
	case 2: return ((a || b) != each->is_negated[0]) && c;
	default: return ((a && b) != each->is_negated[0]) || c;
	}
}

static void all_combinations_of_three_comparisons_are_right(void **state)
{
	const struct wire_event event = message();
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		struct combination each = {.form = bits >> 6};
		char text[200];
		for (int i = 0; i < 3; i++) {
			each.value[i] = bits >> i & 1;
			each.is_negated[i] = bits >> (i + 3) & 1;
		}
		write_combination(&each, text);
		if (holds_for(text, &event) != value_of(&each))
			fail_msg("%s: expected %d", text, value_of(&each));
	}
}

/* ---- what is refused ---- */

static void expect_fault(const char *text, const char *fault_text)
{
	struct store__where *where;
	struct wire_fault fault = {0};
	assert_int_equal(store__where_open(&where, wire_slice_str(text), &times, &fault), STORE_EFILTER);
	if (strncmp(fault.text, fault_text, strlen(fault_text)) != 0)
		fail_msg("%s: \"%s\", expected \"%s\"", text, fault.text, fault_text);
}

static void mistakes_are_named_with_their_column(void **state)
{
	(void)state;
	expect_fault("", "column 1: expected $.field, header.NAME, ");
	expect_fault("$.a >", "column 6: expected a string in quotes or a number, found the end");
	expect_fault("$.a = 3", "column 5: write == to compare");
	expect_fault("$.a & $.b", "column 5: write && for \"and\"");
	expect_fault("$.a == 1 | $.b", "column 10: write || for \"or\"");
	expect_fault("(size > 3", "column 10: expected &&, || or ), found the end");
	expect_fault("size > 3)", "column 9: expected && or ||, found \")\"");
	expect_fault("size 3", "column 6: expected a comparison, && or ||, found \"3\"");
	expect_fault("\"\u00e9\u00e9\" == sise", "column 9: expected $.field, ");
	expect_fault("size == \"x\"", "column 9: \"size\" is compared with a number, not with \"x\"");
	expect_fault("size ~ \"x\"", "column 8: \"size\" cannot be matched");
	expect_fault("$.a ~ 5", "column 7: expected a regular expression in quotes, found \"5\"");
	expect_fault("$.a ~ \"(\"", "column 7: regular expression \"(\", at character 2: ");
	expect_fault("kind == \"mesage\"", "column 9: \"kind\" is compared with \"message\", ");
	expect_fault("header.A == true",
		     "column 13: \"header\" is compared with a string in quotes or a number");
	expect_fault("header", "column 7: expected the name of a header");
	expect_fault("header[\"a\"", "column 11: expected ], found the end");
	expect_fault("subject.0", "column 8: expected the number of a token");
	expect_fault("$.a > true", "column 7: expected a string in quotes or a number, found \"true\"");
	expect_fault("time > \"tea\"", "column 8: \"tea\" is not a time");
	expect_fault("clock > \"25:00\"", "column 9: \"clock\" is compared with a time of day");
	expect_fault("clock > \"24:01\"", "column 9: \"clock\" is compared with a time of day");
	expect_fault("size > 1x", "column 8: \"1x\" is no number");
	expect_fault("size > 01", "column 8: \"01\" is no number");
	expect_fault("$.[", "column 1: \"$.[\" is no path");
	expect_fault("$", "column 1: \"$\" is no path");
	expect_fault("$.a == \"x", "column 8: the string has no closing quote");
	expect_fault("5 ~ $.a", "column 3: expected the regular expression on the right of ~");
	expect_fault("\"a\" && size", "column 5: expected one of == != < <= > >= after a value");
}

static void times_are_refused_where_none_can_be_read(void **state)
{
	struct store__where *where;
	struct wire_fault fault = {0};
	(void)state;
	assert_int_equal(store__where_open(&where, WIRE_LITERAL("time > \"noon\""), NULL, &fault),
			 STORE_EFILTER);
	assert_string_equal(fault.text, "column 8: \"noon\" is no time");
}

/* Every prefix compiles or is refused; nothing is read past its end. */
static void every_prefix_of_an_expression_is_handled(void **state)
{
	static const char text[] =
	    "!($.a[0]['x'].b >= -1.5e3Ki || header[\"K\"] !~ '\\'x') && \"eu\" == subject.2 "
	    "&& time < \"noon\" || clock != \"07:30:15\" && $.c == null";
	(void)state;
	for (size_t len = 0; len <= sizeof text - 1; len++) {
		struct store__where *where;
		struct wire_fault fault = {0};
		char *copy = malloc(len + 1);
		memcpy(copy, text, len);
		int error = store__where_open(&where, wire_slice(copy, len), &times, &fault);
		free(copy);
		if (error == 0)
			store__where_close(where);
		else
			assert_int_equal(error, STORE_EFILTER);
	}
	assert_false(holds_for(text, &(struct wire_event){.kind = WIRE_EVENT_MARK}));
}

/* count times `open`, then the middle, then count times `close`. */
static char *repeat(const char *open, size_t count, const char *middle, const char *close)
{
	char *text = calloc(1, count * (strlen(open) + strlen(close)) + strlen(middle) + 1);
	for (size_t i = 0; i < count; i++)
		strcat(text, open);
	strcat(text, middle);
	for (size_t i = 0; i < count; i++)
		strcat(text, close);
	return text;
}

static void expect_limit(char *within, char *beyond, const char *fault)
{
	const struct wire_event event = message();
	assert_true(holds_for(within, &event));
	expect_fault(beyond, fault);
	free(within);
	free(beyond);
}

static void nesting_comparisons_and_length_are_bounded(void **state)
{
	(void)state;
	expect_limit(repeat("(", STORE__WHERE_NESTING_MAX, "seq", ")"),
		     repeat("(", STORE__WHERE_NESTING_MAX + 1, "seq", ")"),
		     "column 33: there are more than 32 parentheses inside one another");
	expect_limit(repeat("seq&&", STORE__WHERE_TESTS_MAX - 1, "seq", ""),
		     repeat("seq&&", STORE__WHERE_TESTS_MAX, "seq", ""),
		     "column 321: there are more than 64 comparisons");
	expect_limit(repeat("(seq&&(seq||", 16, "seq", "))"), repeat("(seq&&(seq||", 17, "seq", "))"),
		     "column 193: there are more than 32 parentheses");
	expect_limit(repeat("!", 4000, "seq", ""), repeat(" ", STORE__WHERE_TEXT_MAX, "seq", ""),
		     "it is longer than 4096 bytes");
}

/* ---- what can be told early ---- */

static enum store__verdict judge(const char *text, unsigned have, struct store__decided decided)
{
	struct store__where *where = open_where(text);
	const struct wire_event event = message();
	const struct store__facts facts = {&event, &lookup, have};
	enum store__verdict verdict = store__where_judge(where, decided, &facts);
	store__where_close(where);
	return verdict;
}

static void columns_decide_what_they_can(void **state)
{
	const struct store__decided nothing = {0};
	(void)state;
	assert_int_equal(judge("$.total > 1 && size < 5", STORE__NEEDS_NUMBERS, nothing), STORE__NO);
	assert_int_equal(judge("$.total > 1 && size > 5", STORE__NEEDS_NUMBERS, nothing), STORE__MAYBE);
	assert_int_equal(judge("$.total > 1 || size > 5", STORE__NEEDS_NUMBERS, nothing), STORE__YES);
	assert_int_equal(judge("!($.total > 1 || size > 5)", STORE__NEEDS_NUMBERS, nothing), STORE__NO);
	assert_int_equal(judge("receivers == 1", STORE__NEEDS_NUMBERS, nothing), STORE__MAYBE);
	assert_int_equal(judge("subject == \"x\" && $.a", STORE__NEEDS_SUBJECT, nothing), STORE__NO);
	assert_int_equal(judge("seq", 0, nothing), STORE__MAYBE);
}

static enum store__verdict judge_block(const char *text, const struct store_block_header *header)
{
	static const struct store__facts none = {0};
	struct store__where *where = open_where(text);
	enum store__verdict verdict = store__where_judge(where, store__where_bounds(where, header), &none);
	store__where_close(where);
	return verdict;
}

static void the_header_of_a_block_decides_for_all_its_events(void **state)
{
	const struct store_block_header header = {.kinds = 1u << WIRE_EVENT_MESSAGE,
						  .events = 10,
						  .first_seq = 100,
						  .payload_bytes = 5000,
						  .min_time_ns = NOON_NS - 5,
						  .max_time_ns = NOON_NS + 5};
	(void)state;
	assert_int_equal(judge_block("seq < 100 && $.a", &header), STORE__NO);
	assert_int_equal(judge_block("seq <= 109", &header), STORE__YES);
	assert_int_equal(judge_block("seq <= 108", &header), STORE__MAYBE);
	assert_int_equal(judge_block("seq == 105", &header), STORE__MAYBE);
	assert_int_equal(judge_block("seq != 110", &header), STORE__YES);
	assert_int_equal(judge_block("size > 5000", &header), STORE__NO);
	assert_int_equal(judge_block("size <= 5000", &header), STORE__MAYBE);
	assert_int_equal(judge_block("kind == \"connect\" || kind == \"mark\"", &header), STORE__NO);
	assert_int_equal(judge_block("kind != \"connect\"", &header), STORE__YES);
	assert_int_equal(judge_block("time > \"noon\"", &header), STORE__MAYBE);
	assert_int_equal(judge_block("time != \"noon\"", &header), STORE__MAYBE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conditions_on_a_message_hold),
	    cmocka_unit_test(the_text_of_an_event_is_an_operand),
	    cmocka_unit_test(a_missing_value_or_another_type_makes_a_comparison_false),
	    cmocka_unit_test(events_without_a_value_fail_whatever_the_comparison),
	    cmocka_unit_test(integers_of_64_bits_are_compared_exactly),
	    cmocka_unit_test(a_key_is_found_as_it_is_meant_not_as_it_is_written),
	    cmocka_unit_test(a_payload_that_is_no_json_has_no_fields),
	    cmocka_unit_test(operators_bind_as_in_c),
	    cmocka_unit_test(all_combinations_of_three_comparisons_are_right),
	    cmocka_unit_test(mistakes_are_named_with_their_column),
	    cmocka_unit_test(times_are_refused_where_none_can_be_read),
	    cmocka_unit_test(every_prefix_of_an_expression_is_handled),
	    cmocka_unit_test(nesting_comparisons_and_length_are_bounded),
	    cmocka_unit_test(columns_decide_what_they_can),
	    cmocka_unit_test(the_header_of_a_block_decides_for_all_its_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
