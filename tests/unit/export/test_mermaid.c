/* Sequence diagrams for Mermaid: arrows, escapes, and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/sequence/mermaid.h"
#include "export/text/mermaid.h"
#include "tests/unit/export/drawing.h"

static void begin(struct drawing *drawing, uint64_t messages_max)
{
	const struct export_mermaid_options options = {.messages_max = messages_max, .utc = true};
	struct wire_fault fault;

	drawing_init(drawing);
	assert_int_equal(export_mermaid_open(&drawing->writer, &options, &drawing->out, &fault), 0);
}

static void expect_end(struct drawing *drawing, const char *expected)
{
	char *text = drawing_end(drawing);

	assert_string_equal(text, expected);
	free(text);
	drawing_fini(drawing);
}

static void a_request_and_its_reply_are_two_arrows(void **state)
{
	struct drawing drawing;

	(void)state;
	begin(&drawing, 0);
	drawing_send(&drawing, 0, 1, 2, "stock.get", "_INBOX.1");
	drawing_send(&drawing, 2, 2, 1, "_INBOX.1", NULL);
	expect_end(&drawing, "sequenceDiagram\n"
			     "  title 2 messages, from 1970-01-01 00#58;00#58;00\n"
			     "  participant p1 as one\n"
			     "  participant p2 as two\n"
			     "  p1->>p2: +0 s stock.get, 2 B\n"
			     "  p2-->>p1: +2.0 ms reply, 2 B\n");
}

static void queues_losses_and_the_number_of_further_receivers_are_said(void **state)
{
	struct drawing drawing;
	struct wire_event event;

	(void)state;
	begin(&drawing, 0);
	event = event_message(&drawing.source, 0, 1, "a", NULL);
	event_deliver(&event, 2, "workers", 1500000);
	event_deliver_also(&event, 3, NULL, WIRE_DELAY_UNKNOWN, WIRE_DROPPED_SLOW);
	event.receiver_count = 1;
	drawing_put(&drawing, &event, true);
	event_deliver_to_nobody(&event);
	drawing_put(&drawing, &event, true);
	event.flags |= WIRE_EVENT_RECEIVERS_UNKNOWN;
	event.receivers = NULL;
	event.receiver_count = 4;
	drawing_put(&drawing, &event, true);
	expect_end(&drawing, "sequenceDiagram\n"
			     "  title 3 messages, from 1970-01-01 00#58;00#58;00\n"
			     "  participant p1 as one\n"
			     "  participant p2 as two\n"
			     "  participant p3 as three\n"
			     "  participant p4 as (unknown)\n"
			     "  p1->>p2: +0 s a (queue workers), delivered after 1.5 ms, 2 B\n"
			     "  p1-xp3: +0 s a, DROPPED (slow consumer)\n"
			     "  p1-xp1: +0 s a, 2 B, nobody received it\n"
			     "  p1->>p4: +0 s a, 2 B\n"
			     "  Note over p1: to 4 receivers\n");
}

static void a_diagram_of_nothing_is_valid_and_says_so(void **state)
{
	struct drawing drawing;

	(void)state;
	begin(&drawing, 0);
	expect_end(&drawing, "sequenceDiagram\n"
			     "  participant p1 as (unknown)\n"
			     "  Note over p1: no message\n");
}

static void gaps_are_notes_and_messages_beyond_the_limit_are_counted(void **state)
{
	struct drawing drawing;
	struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				 .steady_ns = 3 * MS,
				 .lost_messages = 42,
				 .text = WIRE_LITERAL("No space; left")};

	(void)state;
	begin(&drawing, 1);
	drawing_send(&drawing, 0, 1, 2, "a", NULL);
	drawing_put(&drawing, &gap, true);
	for (int i = 0; i < 1000; i++)
		drawing_send(&drawing, 4, 1, 2, "a", NULL);
	assert_int_equal(drawing_omitted(&drawing), 1000);
	expect_end(&drawing, "sequenceDiagram\n"
			     "  title 1 message, from 1970-01-01 00#58;00#58;00\n"
			     "  participant p1 as one\n"
			     "  participant p2 as two\n"
			     "  p1->>p2: +0 s a, 2 B\n"
			     "  Note over p1,p2: +3.0 ms GAP of 42 messages, No space#59; left\n"
			     "  Note over p1,p2: 1,000 more messages are not drawn\n");
}

/* Headers are repeated as often as a publisher likes. */
static void a_message_with_many_errors_leaves_room_for_the_next_ones(void **state)
{
	struct drawing drawing;
	char headers[100000] = "NATS/1.0\r\n";
	size_t len = strlen(headers);

	(void)state;
	begin(&drawing, 0);
	struct wire_event event = event_message(&drawing.source, 0, 1, "a", NULL);
	event_deliver(&event, 2, NULL, WIRE_DELAY_UNKNOWN);
	for (int i = 0; i < 1500; i++)
		len += (size_t)sprintf(headers + len, "Nats-Service-Error: %039d\r\n", i);
	event.headers = wire_slice(headers, len + (size_t)sprintf(headers + len, "\r\n"));
	drawing_put(&drawing, &event, true);
	drawing_send(&drawing, 1, 1, 2, "b", NULL);
	assert_int_equal(drawing_omitted(&drawing), 0);
	char *text = drawing_end(&drawing);
	assert_non_null(strstr(text, " a ERROR 000000000000000000000000000000000000000, 2 B\n"));
	free(text);
	drawing_fini(&drawing);
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		found++;
	return found;
}

/* Draw so many messages with this subject. Returns the number of arrows. */
static size_t arrows_of(int messages, const char *subject)
{
	struct drawing drawing;

	begin(&drawing, 0);
	for (int i = 0; i < messages; i++)
		drawing_send(&drawing, i, 1, 2, subject, NULL);
	const uint64_t omitted = drawing_omitted(&drawing);
	char *text = drawing_end(&drawing);
	const size_t arrows = count(text, "->>");
	assert_true(strlen(text) <= 50000);
	assert_int_equal(arrows + omitted, messages);
	assert_int_equal(count(text, "not drawn"), omitted > 0);
	free(text);
	drawing_fini(&drawing);
	return arrows;
}

static void a_diagram_keeps_to_the_limits_of_mermaid(void **state)
{
	char subject[200];

	(void)state;
	memset(subject, ';', sizeof subject - 1);
	subject[sizeof subject - 1] = '\0';
	assert_int_equal(arrows_of(500, "a"), 500);
	assert_int_equal(arrows_of(501, "a"), 500);
	assert_in_range(arrows_of(1000, subject), 150, 200);
}

static void expect_escaped(struct wire_slice text, const char *expected)
{
	char whole[400] = "", character[EXPORT_MERMAID_CHARACTER];

	while (text.len > 0) {
		size_t bytes = export_mermaid_character(text, character);
		assert_in_range(bytes, 1, 4);
		strcat(whole, character);
		text = wire_slice(text.data + bytes, text.len - bytes);
	}
	assert_string_equal(whole, expected);
}

static void what_mermaid_would_read_is_written_as_numbers(void **state)
{
	(void)state;
	expect_escaped(WIRE_LITERAL("a;b#c:d%%{e}"), "a#59;b#35;c#58;d#37;#37;#123;e#125;");
	expect_escaped(WIRE_LITERAL("<b>\"*_`~$&|[]\\"),
		       "#60;b#62;#34;#42;#95;#96;#126;#36;#38;#124;#91;#93;#92;");
	expect_escaped(WIRE_LITERAL("\n\x1b\xff\xe2\x80\xae"), "#92;n#92;x1b#92;xff#92;u202e");
	expect_escaped(WIRE_LITERAL("\xef\xac\x82\xc2\xb0\xc2\xb6\xc3\x9f\xc3\xbc\xf0\x9f\x98\x80"),
		       "#64258;#176;#182;#223;\xc3\xbc\xf0\x9f\x98\x80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_and_its_reply_are_two_arrows),
	    cmocka_unit_test(queues_losses_and_the_number_of_further_receivers_are_said),
	    cmocka_unit_test(a_diagram_of_nothing_is_valid_and_says_so),
	    cmocka_unit_test(gaps_are_notes_and_messages_beyond_the_limit_are_counted),
	    cmocka_unit_test(a_message_with_many_errors_leaves_room_for_the_next_ones),
	    cmocka_unit_test(a_diagram_keeps_to_the_limits_of_mermaid),
	    cmocka_unit_test(what_mermaid_would_read_is_written_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
