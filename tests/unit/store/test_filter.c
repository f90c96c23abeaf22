/* Filters on single events. How they are checked against blocks: test_reader.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/filter/filter.h"

static const char headers[] = "NATS/1.0\r\nPriority: high\r\nTag: one\r\nTag: two\r\n\r\n";

static const struct wire_receiver receivers[] = {
    {.conn = 2},
    {.conn = 3, .outcome = WIRE_DROPPED_SLOW},
};

static struct wire_event message(void)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .seq = 42,
				   .conn = 7,
				   .subject = WIRE_LITERAL("orders.eu.new"),
				   .headers = wire_slice_str(headers),
				   .payload = WIRE_LITERAL("{\"total\":120}"),
				   .size = 13,
				   .receiver_count = 1,
				   .receivers_len = 2,
				   .receivers = receivers};
}

static const struct wire_client *describe(struct wire_source *source, uint64_t conn)
{
	static const struct wire_client clients[] = {{.name = {"stock", 5}, .address = {"10.0.0.2:5000", 13}},
						     {.name = {"slow", 4}, .address = {"[::1]:5001", 10}}};
	(void)source;
	return conn == 2 ? &clients[0] : conn == 3 ? &clients[1] : NULL;
}

static struct wire_source source = {.client = describe};

typedef int condition(struct store_filter *filter, const char *argument, struct wire_fault *fault);

static bool passes(condition *add, const char *argument, const struct wire_event *event, bool inverted)
{
	struct store_filter *filter = store_filter_open();
	struct wire_fault fault;
	assert_int_equal(add(filter, argument, &fault), 0);
	if (inverted)
		assert_true(store_filter_invert(filter));
	bool result = store_filter_event(filter, event, &source);
	store_filter_close(filter);
	return result;
}

static void header_keys_are_compared_in_any_case_and_values_exactly(void **state)
{
	const struct wire_event event = message();
	(void)state;
	assert_true(passes(store_filter_header, "PRIORITY", &event, false));
	assert_true(passes(store_filter_header, "priority=high", &event, false));
	assert_false(passes(store_filter_header, "priority=HIGH", &event, false));
	assert_true(passes(store_filter_header, "tag=two", &event, false));
	assert_true(passes(store_filter_header, "Tag~^t.o$", &event, false));
	assert_false(passes(store_filter_header, "Tag~^o.o$", &event, false));
	assert_true(passes(store_filter_header, "Tag~one=?", &event, false));
	assert_false(passes(store_filter_header, "Tags", &event, false));
}

static void a_receiver_is_a_client_that_got_the_message(void **state)
{
	struct wire_event event = message();
	(void)state;
	assert_true(passes(store_filter_receiver, "stock", &event, false));
	assert_true(passes(store_filter_receiver, "2", &event, false));
	assert_true(passes(store_filter_receiver, "10.0.0.2", &event, false));
	assert_false(passes(store_filter_receiver, "slow", &event, false));
	assert_false(passes(store_filter_receiver, "7", &event, false));
	const struct wire_event delivery = {.kind = WIRE_EVENT_DELIVERY, .conn = 2};
	assert_true(passes(store_filter_receiver, "stock", &delivery, false));
	event.receivers = NULL;
	event.receivers_len = 0;
	assert_false(passes(store_filter_receiver, "stock", &event, false));
}

static bool is_unheard(const struct wire_event *event)
{
	struct store_filter *filter = store_filter_open();
	store_filter_unheard(filter);
	bool result = store_filter_event(filter, event, &source);
	store_filter_close(filter);
	return result;
}

static void unheard_is_known_to_have_no_receiver(void **state)
{
	struct wire_event event = message();
	(void)state;
	assert_false(is_unheard(&event));
	event.receiver_count = 0; /* all were dropped: it had receivers */
	assert_false(is_unheard(&event));
	event.receivers_len = 0;
	assert_true(is_unheard(&event));
	event.flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
	assert_false(is_unheard(&event));
	assert_false(is_unheard(&(struct wire_event){.kind = WIRE_EVENT_CONNECT}));
	assert_false(is_unheard(&(struct wire_event){.kind = WIRE_EVENT_DELIVERY}));
	assert_true(is_unheard(&(struct wire_event){.kind = WIRE_EVENT_GAP}));
}

static bool has_seq(const char *range, uint64_t seq)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MARK, .seq = seq};
	return passes(store_filter_seq, range, &event, false);
}

static void ranges_of_sequence_numbers_include_both_ends(void **state)
{
	(void)state;
	assert_true(has_seq("5..7", 5) && has_seq("5..7", 7));
	assert_false(has_seq("5..7", 4) || has_seq("5..7", 8));
	assert_true(has_seq("5..", UINT64_MAX) && has_seq("..7", 0) && has_seq("6", 6));
	assert_false(has_seq("5..", 4) || has_seq("..7", 8) || has_seq("6", 5) || has_seq("6", 7));
}

static void bad_ranges_are_refused(void **state)
{
	static const char *const texts[] = {
	    "", "..", "x", "5...7", "5.7", "7..5", "-1", "5..x", " 5", "99999999999999999999", "5..7 "};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct store_filter *filter = store_filter_open();
		struct wire_fault fault;
		assert_int_equal(store_filter_seq(filter, texts[i], &fault), STORE_EFILTER);
		store_filter_close(filter);
	}
}

static bool greps(const char *regex, const char *places, const struct wire_event *event)
{
	struct store_filter *filter = store_filter_open();
	struct wire_fault fault;
	assert_int_equal(store_filter_grep(filter, regex, &fault), 0);
	assert_int_equal(store_filter_grep_in(filter, places, &fault), 0);
	bool result = store_filter_event(filter, event, &source);
	bool needs = store_filter_needs_payloads(filter);
	store_filter_close(filter);
	assert_int_equal(needs, strcmp(places, "subject") != 0);
	return result;
}

static void a_regular_expression_looks_where_it_is_told_to(void **state)
{
	const struct wire_event event = message();
	(void)state;
	assert_true(greps("total", "payload", &event));
	assert_false(greps("total", "headers,subject", &event));
	assert_true(greps("^Priority: h", "headers", &event) || greps("Priority: h", "headers", &event));
	assert_true(greps("eu", "subject", &event));
	assert_false(greps("eu", "payload,headers", &event));
	assert_true(greps("eu", "payload,headers,subject", &event));
	assert_true(greps("^a$", "subject",
			  &(struct wire_event){.kind = WIRE_EVENT_SUBSCRIBE, .subject = WIRE_LITERAL("a")}));
}

static void texts_of_errors_marks_and_disconnects_are_searched_as_payloads(void **state)
{
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK, .text = WIRE_LITERAL("remark deploy 1.7")},
				connect = {.kind = WIRE_EVENT_CONNECT, .text = WIRE_LITERAL("deploy")};
	(void)state;
	assert_true(greps("deploy", "payload", &mark));
	assert_false(greps("deploy", "headers,subject", &mark));
	assert_false(greps("rollback", "payload", &mark));
	assert_false(greps("deploy", "payload", &connect));
}

static void expect_no_kind(const char *name, const char *remedy)
{
	struct store_filter *filter = store_filter_open();
	struct wire_fault fault = {0};
	assert_int_equal(store_filter_kinds(filter, name, &fault), STORE_EFILTER);
	if (!strstr(fault.text, remedy))
		fail_msg("%s: %s", name, fault.text);
	store_filter_close(filter);
}

static void words_that_name_no_kind_are_refused_with_a_remedy(void **state)
{
	(void)state;
	expect_no_kind("request", "--where reply");
	expect_no_kind("message,reply", "--with-replies");
	expect_no_kind("pub", "write message");
	expect_no_kind("nonsense", "choose from message, delivery");
}

static void inverting_keeps_what_says_where_to_look(void **state)
{
	struct store_filter *filter = store_filter_open();
	struct wire_event event = message();
	struct wire_fault fault;
	(void)state;
	assert_int_equal(store_filter_subject(filter, "orders.>", &fault), 0);
	store_filter_since(filter, 0);
	assert_false(store_filter_invert(filter)); /* there is nothing to invert */
	assert_int_equal(store_filter_grep(filter, "total", &fault), 0);
	assert_true(store_filter_invert(filter));
	assert_false(store_filter_event(filter, &event, &source));
	event.payload = WIRE_LITERAL("other");
	assert_true(store_filter_event(filter, &event, &source));
	event.subject = WIRE_LITERAL("stock.new");
	assert_false(store_filter_event(filter, &event, &source));
	event.subject = WIRE_LITERAL("orders.x");
	event.time_ns = -1;
	assert_false(store_filter_event(filter, &event, &source));
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP};
	assert_true(store_filter_event(filter, &gap, &source));
	store_filter_close(filter);
}

static void an_inverted_size_passes_smaller_ones(void **state)
{
	struct store_filter *filter = store_filter_open();
	struct wire_event event = message();
	(void)state;
	store_filter_min_size(filter, 13);
	assert_true(store_filter_event(filter, &event, &source));
	assert_true(store_filter_invert(filter));
	assert_false(store_filter_event(filter, &event, &source));
	event.size = 12;
	assert_true(store_filter_event(filter, &event, &source));
	store_filter_close(filter);
}

static int add_where(struct store_filter *filter, const char *text, struct wire_fault *fault)
{
	return store_filter_where(filter, text, NULL, fault);
}

static void of_several_expressions_one_suffices(void **state)
{
	struct store_filter *filter = store_filter_open();
	const struct wire_event event = message();
	struct wire_fault fault;
	(void)state;
	assert_int_equal(add_where(filter, "size == 1 || seq == 1", &fault), 0);
	assert_false(store_filter_event(filter, &event, &source));
	assert_int_equal(add_where(filter, "$.total == 120", &fault), 0);
	assert_true(store_filter_event(filter, &event, &source));
	assert_int_equal(add_where(filter, "size >", &fault), STORE_EFILTER);
	assert_true(store_filter_event(filter, &event, &source));
	store_filter_close(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_keys_are_compared_in_any_case_and_values_exactly),
	    cmocka_unit_test(a_receiver_is_a_client_that_got_the_message),
	    cmocka_unit_test(unheard_is_known_to_have_no_receiver),
	    cmocka_unit_test(texts_of_errors_marks_and_disconnects_are_searched_as_payloads),
	    cmocka_unit_test(words_that_name_no_kind_are_refused_with_a_remedy),
	    cmocka_unit_test(ranges_of_sequence_numbers_include_both_ends),
	    cmocka_unit_test(bad_ranges_are_refused),
	    cmocka_unit_test(a_regular_expression_looks_where_it_is_told_to),
	    cmocka_unit_test(inverting_keeps_what_says_where_to_look),
	    cmocka_unit_test(an_inverted_size_passes_smaller_ones),
	    cmocka_unit_test(of_several_expressions_one_suffices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
