/* Events as lines for people: aligned, clipped to the terminal, and harmless to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/output/print_text.h"
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/sample_events.h"

static void check_all(const struct cli_text_options *options, const struct wire_event *events, size_t count,
		      const char *expected)
{
	struct export_out out;
	struct cli_text_printer printer;

	capture_init(&out);
	cli_text_printer_init(&printer, options);
	for (size_t i = 0; i < count; i++)
		cli_text_print(&printer, &out, &events[i], &sample_clients);
	char *text = capture_take(&out);
	assert_string_equal(text, expected);
	free(text);
	capture_fini(&out);
}

static const struct cli_text_options piped = {.utc = true};
static const struct cli_text_options narrow = {.utc = true, .columns = 80};

#define TIME "2026-11-23T07:57:19.123456789Z "

static void check(const struct wire_event *event, const char *expected)
{
	check_all(&piped, event, 1, expected);
}

static void a_piped_message_is_one_whole_line(void **state)
{
	struct wire_event event = sample_message("orders.new", "{\"id\":\n1}\033[2J");

	(void)state;
	check(&event,
	      TIME "pub   checkout#3 → [::1]:40000  orders.new              13 B  {\"id\":\\n1}\\x1b[2J\n");
	event.reply = WIRE_LITERAL("_INBOX.ABCDEFGHIJ.1");
	event.receivers_len = 2;
	check(&event, TIME "req   checkout#3 → 1 (1 dropped)  orders.new              13 B  "
			   "↩ _INBOX.ABCDEFGHIJ.1 {\"id\":\\n1}\\x1b[2J\n");
}

static void nobody_and_unknown_publishers_are_named(void **state)
{
	struct wire_event event = sample_message("a", "x");

	(void)state;
	event.receiver_count = event.receivers_len = 0;
	check(&event, TIME "pub   checkout#3 → nobody     a                        1 B  x\n");
	event.conn = 44;
	event.receivers = NULL;
	event.receiver_count = 3;
	check(&event, TIME "pub   #44 → 3                 a                        1 B  x\n");
}

static void a_terminal_line_never_exceeds_its_width(void **state)
{
	struct wire_event events[] = {
	    sample_message("orders.new", "0123456789012345678901234567890123456789"),
	    sample_message("_INBOX.ABCDEFGHIJKLMNOPQRSTUV.WXYZabcd", "short"),
	    sample_message("a.subject.that.is.longer.than.whatever.the.terminal.has.room.for", "no room"),
	};

	(void)state;
	events[1].receiver_count = events[1].receivers_len = 0;
	check_all(&narrow, events, 3,
		  "── 2026-11-23, Monday, UTC ──\n"
		  "07:57:19.123 pub   checkout → [::…:40000 orders.new          40 B 0123456789012…\n"
		  "07:57:19.123 reply checkout → nobody     _INBOX.…WXYZabcd     5 B short\n"
		  "07:57:19.123 pub   checkout → [::…:40000 a.subjec…room.for    7 B no room\n");
}

static void cuts_headers_and_statuses_are_noted(void **state)
{
	struct wire_event event = sample_message("a", "x");

	(void)state;
	event.flags = WIRE_EVENT_CUT;
	event.size = 5000;
	event.headers = WIRE_LITERAL("NATS/1.0 503 No Responders\r\nk: v\r\n\r\n");
	check(&event, TIME "pub   checkout#3 → [::1]:40000  a                     5.0 kB  "
			   "[503 No Responders] {k: v} [cut to 1 B] x\n");
	event.flags = WIRE_EVENT_PARTIAL;
	event.headers = WIRE_LITERAL("nonsense");
	check(&event, TIME "pub   checkout#3 → [::1]:40000  a                     5.0 kB  "
			   "[malformed headers] [only 1 B seen] x\n");
}

static void headers_get_the_room_that_the_payload_leaves(void **state)
{
	struct cli_text_options options = {.utc = true, .columns = 140};
	struct wire_event event = sample_message("a", "0123456789");

	(void)state;
	event.headers = WIRE_LITERAL("NATS/1.0\r\nNats-Msg-Id: 77\r\nOther: 123456789\r\n\r\n");
	const char *head = "── 2026-11-23, Monday, UTC ──\n"
			   "07:57:19.123456 pub   checkout#3 → [::1]:40000               a                   "
			   "              10 B  ";
	char expected[400];
	snprintf(expected, sizeof(expected), "%s{Nats-Msg-Id: 77, …} 0123456789\n", head);
	check_all(&options, &event, 1, expected);
	event.payload = WIRE_LITERAL("012345678901234567890123456789012345678");
	snprintf(expected, sizeof(expected), "%s012345678901234567890123456789012345678\n", head);
	check_all(&options, &event, 1, expected);
	options.shown.headers = true;
	snprintf(expected, sizeof(expected),
		 "%s012345678901234567890123456789012345678\n      header   Nats-Msg-Id: 77\n      header   "
		 "Other: "
		 "123456789\n",
		 head);
	check_all(&options, &event, 1, expected);
}

static void a_narrow_line_keeps_the_reply_mark_and_who_got_nothing(void **state)
{
	struct wire_event event = sample_message("orders.new", "{}");

	(void)state;
	event.reply = WIRE_LITERAL("_INBOX.ABCDEFGHIJ.12");
	event.receivers_len = 2;
	check_all(&narrow, &event, 1,
		  "── 2026-11-23, Monday, UTC ──\n"
		  "07:57:19.123 req   checkout → 1          orders.new           2 B ↩…J.12 [1 dro…\n");
}

static void what_is_not_shown_of_a_payload_is_said(void **state)
{
	struct cli_text_options options = {.utc = true, .shown = {.has_limit = true, .payload = 4}};
	struct wire_event event = sample_message("a", "012Köln");

	(void)state;
	check(&event, TIME "pub   checkout#3 → [::1]:40000  a                        8 B  012Köln\n");
	check_all(&options, &event, 1,
		  TIME
		  "pub   checkout#3 → [::1]:40000  a                        8 B  [4 B not shown] 012K\n");
	options.shown.payload = 5;
	check_all(&options, &event, 1,
		  TIME
		  "pub   checkout#3 → [::1]:40000  a                        8 B  [4 B not shown] 012K\n");
	options.shown.payload = 0;
	check_all(&options, &event, 1, TIME "pub   checkout#3 → [::1]:40000  a                        8 B\n");
}

static void verbose_shows_reply_receivers_headers_and_payload(void **state)
{
	struct cli_text_options verbose = {.utc = true, .verbose = true};
	struct wire_event event = sample_message("a", "{\n\t\"b\": 1\n}");

	(void)state;
	event.reply = WIRE_LITERAL("r");
	event.receivers_len = 2;
	event.headers = WIRE_LITERAL("NATS/1.0\r\nKey: value\r\nKey: \033[2J\r\n\r\n");
	check_all(&verbose, &event, 1,
		  TIME "req   checkout#3 → 1 (1 dropped)  a                       11 B  ↩ r\n"
		       "      reply    r\n"
		       "      to       [::1]:40000 sid 1 queue workers\n"
		       "      not to   #9 sid 22: slow consumer\n"
		       "      header   Key: value\n"
		       "      header   Key: \\x1b[2J\n"
		       "      {\n          \"b\": 1\n      }\n");
	verbose.verbose = false;
	verbose.hex = true;
	event = sample_message("a", "hi\n");
	check_all(&verbose, &event, 1,
		  TIME "pub   checkout#3 → [::1]:40000  a                        3 B\n"
		       "      00000000  68 69 0a                                          |hi.|\n");
}

static struct wire_event sample(enum wire_event_kind kind, const char *text)
{
	return (struct wire_event){
	    .kind = kind, .seq = 4711, .time_ns = SAMPLE_TIME_NS, .conn = 3, .text = wire_slice_str(text)};
}

static void connections_say_who_came_and_why_they_went(void **state)
{
	struct wire_event event = sample(WIRE_EVENT_CONNECT, "");

	(void)state;
	event.client = &sample_checkout;
	check(&event, TIME "conn  checkout#3              10.0.0.7:53122, go 1.22.1, user alice\n");
	event = sample(WIRE_EVENT_DISCONNECT, "Slow Consumer");
	event.lost_messages = 1500;
	event.lost_bytes = 640;
	check(&event,
	      TIME "disc  checkout#3              Slow Consumer; 1,500 messages (640 B) never reached it\n");
	event = sample(WIRE_EVENT_ERROR, "Stale Connection");
	check(&event, TIME "error checkout#3              Stale Connection\n");
}

static void subscriptions_name_sid_and_queue(void **state)
{
	struct wire_event event = sample(WIRE_EVENT_SUBSCRIBE, "");

	(void)state;
	event.subject = WIRE_LITERAL("orders.>");
	event.sid = WIRE_LITERAL("1");
	event.queue = WIRE_LITERAL("q");
	check(&event, TIME "sub   checkout#3              orders.> sid 1 queue q\n");
	event = sample(WIRE_EVENT_UNSUBSCRIBE, "");
	event.sid = WIRE_LITERAL("1");
	event.max = 10;
	check(&event, TIME "unsub checkout#3              sid 1 after 10 messages\n");
}

static void gaps_say_what_is_missing(void **state)
{
	struct wire_event event = sample(WIRE_EVENT_GAP, "disk full");

	(void)state;
	check(&event, TIME "GAP   an unknown number of messages not logged: disk full\n");
	event.lost_messages = 1234;
	event.lost_bytes = 5000;
	event.from_ns = SAMPLE_TIME_NS - 1000000000;
	event.to_ns = SAMPLE_TIME_NS;
	check(&event,
	      TIME "GAP   1,234 messages not logged (5.0 kB) from 07:57:18.123 to 07:57:19.123: disk full\n");
	event = sample(WIRE_EVENT_GAP, "checksum");
	event.flags = WIRE_EVENT_DAMAGE;
	event.from_seq = 5;
	event.to_seq = 9;
	check(&event, TIME "GAP   events 5 to 9 lost: checksum\n");
}

/* No byte of a client's can become a control character, in any place where it is shown. */
static void nothing_of_a_client_s_reaches_the_terminal_raw(void **state)
{
	static const struct wire_client evil = {.address = SAMPLE_SLICE("\033]0;a\a"),
						.name = SAMPLE_SLICE("\033[1m\x9b"
								     "1m"),
						.lang = SAMPLE_SLICE("\x07"),
						.version = SAMPLE_SLICE("\x08"),
						.user = SAMPLE_SLICE("\x7f")};
	const struct wire_slice poison = WIRE_LITERAL("\033[2J\x00\x85\r\n");
	struct cli_text_options options = {.utc = true, .verbose = true, .columns = 200};
	struct export_out out;
	struct cli_text_printer printer;

	(void)state;
	capture_init(&out);
	cli_text_printer_init(&printer, &options);
	for (int kind = 0; kind < WIRE_EVENT_KINDS; kind++) {
		struct wire_event event = {.kind = (enum wire_event_kind)kind,
					   .conn = 1,
					   .client = &evil,
					   .subject = poison,
					   .reply = poison,
					   .payload = poison,
					   .text = poison,
					   .sid = poison,
					   .queue = poison};
		event.headers = WIRE_LITERAL("NATS/1.0\r\n\x1b: \x1b\r\n\r\n");
		cli_text_print(&printer, &out, &event, &sample_clients);
	}
	char *text = capture_take(&out);
	for (const char *at = text; *at; at++) {
		if ((*at < 0x20 && *at >= 0 && *at != '\n') || *at == 0x7f)
			fail_msg("byte %d at %td of: %s", *at, at - text, text);
	}
	assert_null(strstr(text, "\xc2\x85"));
	free(text);
	capture_fini(&out);
}

static void colour_wraps_what_it_marks(void **state)
{
	struct cli_text_options options = {.utc = true, .color = true};
	struct wire_event event = sample(WIRE_EVENT_MARK, "start");

	(void)state;
	event.conn = 0;
	check_all(&options, &event, 1,
		  "\033[2m2026-11-23T07:57:19.123456789Z\033[0m \033[1mmark\033[0m  \033[1mstart\033[0m\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_piped_message_is_one_whole_line),
	    cmocka_unit_test(nobody_and_unknown_publishers_are_named),
	    cmocka_unit_test(a_terminal_line_never_exceeds_its_width),
	    cmocka_unit_test(cuts_headers_and_statuses_are_noted),
	    cmocka_unit_test(headers_get_the_room_that_the_payload_leaves),
	    cmocka_unit_test(a_narrow_line_keeps_the_reply_mark_and_who_got_nothing),
	    cmocka_unit_test(what_is_not_shown_of_a_payload_is_said),
	    cmocka_unit_test(verbose_shows_reply_receivers_headers_and_payload),
	    cmocka_unit_test(connections_say_who_came_and_why_they_went),
	    cmocka_unit_test(subscriptions_name_sid_and_queue),
	    cmocka_unit_test(gaps_say_what_is_missing),
	    cmocka_unit_test(nothing_of_a_client_s_reaches_the_terminal_raw),
	    cmocka_unit_test(colour_wraps_what_it_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
