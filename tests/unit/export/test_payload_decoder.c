/* --decode: which rule decides, what is not decoded, and where the decoded text appears. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/decode/decode.h"
#include "export/event/csv_rows.h"
#include "export/event/event_json.h"
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/sample_events.h"

#define MSGPACK      "\x81\xa2id\x07"
#define MSGPACK_JSON "{\"id\":7}"

static struct export_decoder *open_rules(const char *first, const char *second)
{
	struct export_decoder *decoder = export_decoder_open();
	struct wire_fault fault = {0};

	assert_non_null(decoder);
	if (export_decoder_add(decoder, first, &fault) != 0)
		fail_msg("%s", fault.text);
	if (second && export_decoder_add(decoder, second, &fault) != 0)
		fail_msg("%s", fault.text);
	return decoder;
}

static void check(struct export_decoder *decoder, const struct wire_event *event,
		  enum export_decode_result expected, const char *text)
{
	struct export_decoded decoded;

	assert_int_equal(export_decode(decoder, event, &decoded), expected);
	if (expected == EXPORT_DECODE_FAILED)
		assert_string_equal(decoded.reason, text);
	if (expected != EXPORT_DECODE_DONE)
		return;
	assert_int_equal(decoded.bytes.len, strlen(text));
	assert_memory_equal(decoded.bytes.data, text, strlen(text));
}

static void the_first_rule_that_matches_decides(void **state)
{
	struct export_decoder *decoder = open_rules("a.>=msgpack", "cbor");
	const struct wire_event matched = sample_message("a.b", MSGPACK), other = sample_message("b", "\x01");

	(void)state;
	check(decoder, &matched, EXPORT_DECODE_DONE, MSGPACK_JSON);
	check(decoder, &other, EXPORT_DECODE_DONE, "1");
	const struct wire_event failing = sample_message("a.b", "\xc1");
	check(decoder, &failing, EXPORT_DECODE_FAILED,
	      "msgpack: before byte 1: a byte that begins no value (0xc1)");
	export_decoder_close(decoder);
}

static void subjects_without_a_rule_are_left_alone(void **state)
{
	struct export_decoder *decoder = open_rules("a=msgpack", NULL);
	const struct wire_event other = sample_message("b", MSGPACK), empty = sample_message("a", "");

	(void)state;
	check(decoder, &other, EXPORT_DECODE_NONE, NULL);
	check(decoder, &empty, EXPORT_DECODE_NONE, NULL);
	check(NULL, &other, EXPORT_DECODE_NONE, NULL);
	export_decoder_close(decoder);
}

static void what_is_not_the_payload_that_was_sent_is_not_decoded(void **state)
{
	struct export_decoder *decoder = open_rules("msgpack", NULL);
	struct wire_event event = sample_message("a", MSGPACK);

	(void)state;
	event.flags = WIRE_EVENT_MASKED;
	check(decoder, &event, EXPORT_DECODE_FAILED,
	      "the message is masked: its payload may not be the one that was sent");
	event.flags = WIRE_EVENT_CUT;
	check(decoder, &event, EXPORT_DECODE_FAILED, "the payload was cut when it was recorded");
	event.flags = WIRE_EVENT_PARTIAL;
	check(decoder, &event, EXPORT_DECODE_FAILED, "the payload is not whole");
	event.flags = 0;
	event.size++;
	check(decoder, &event, EXPORT_DECODE_FAILED, "the payload is not whole");
	export_decoder_close(decoder);
}

static void check_refused(const char *text, const char *reason)
{
	struct export_decoder *decoder = export_decoder_open();
	struct wire_fault fault = {0};

	assert_int_not_equal(export_decoder_add(decoder, text, &fault), 0);
	assert_string_equal(fault.text, reason);
	export_decoder_close(decoder);
}

static void rules_that_make_no_sense_are_refused(void **state)
{
#define THERE_ARE                                                                                      \
	"; there are msgpack, cbor, gzip, zstd, snappy, auto, protobuf:FILE:MESSAGE, cmd:COMMAND and " \
	"cmd-framed:COMMAND"
	(void)state;
	check_refused("a=mspack", "there is no decoder \"mspack\" (did you mean msgpack?)" THERE_ARE);
	check_refused("json", "there is no decoder \"json\"" THERE_ARE);
	check_refused("a=", "there is no decoder \"\"" THERE_ARE);
	check_refused("a=gzip+", "there is no decoder \"\"" THERE_ARE);
	check_refused("a..b=gzip", "\"a..b\" is no subject");
	check_refused("a=gzip:9", "gzip takes nothing after a colon");
	check_refused("protobuf:shop.Order",
		      "protobuf needs a descriptor set and a message type: protobuf:orders.desc:shop.Order");
	check_refused("protobuf:/none.desc:shop.Order", "cannot read /none.desc: No such file or directory");
	check_refused("cmd: ", "cmd: lacks the command: cmd:jq .");
	check_refused("auto+auto+auto+auto+auto+auto+auto+auto+auto", "more than 8 decoders in a chain");
#undef THERE_ARE
}

static void a_subject_may_have_the_name_of_a_decoder(void **state)
{
	struct export_decoder *decoder = open_rules("gzip=msgpack", "cmd:echo a=b; cat");
	const struct wire_event event = sample_message("gzip", MSGPACK);

	(void)state;
	check(decoder, &event, EXPORT_DECODE_DONE, MSGPACK_JSON);
	export_decoder_close(decoder);
}

/* ---- where it appears ---- */

static void check_json(const char *rule, struct wire_slice payload, const char *expected)
{
	struct export_decoder *decoder = open_rules(rule, NULL);
	struct wire_event event = sample_message("a", "");
	struct export_event_json printer;
	struct export_out out;

	event.payload = payload;
	event.size = payload.len;
	capture_init(&out);
	assert_int_equal(export_event_json_init(&printer, false, NULL), 0);
	printer.decoder = decoder;
	export_event_json_line(&printer, &out, &event, &sample_clients);
	char *text = capture_take(&out);
	if (!strstr(text, expected))
		fail_msg("%s lacks %s", text, expected);
	free(text);
	export_event_json_fini(&printer);
	capture_fini(&out);
	export_decoder_close(decoder);
}

static void decoded_json_is_a_value_beside_the_exact_payload(void **state)
{
	(void)state;
	check_json("msgpack", WIRE_LITERAL(MSGPACK),
		   "\"payload_base64\":\"gaJpZAc=\",\"decoded\":{\"id\":7},");
	check_json("msgpack", WIRE_LITERAL("\xc1"), "\"decode_error\":\"msgpack: before byte 1");
	check_json("cmd:cat", WIRE_LITERAL("{ \"a\\ud800\": [1, \"\xc2\x9b\"] }"),
		   "\"decoded\":{\"a\xef\xbf\xbd\":[1,\"\\u009b\"]},"); /* strict, and safe on a terminal */
	check_json("cmd:cat", WIRE_LITERAL("text"), "\"decoded\":\"text\",");
	check_json("cmd:cat", WIRE_LITERAL("\xff"), "\"decoded_base64\":\"/w==\",");
}

static void decoded_fields_are_those_of_the_event(void **state)
{
	struct export_decoder *decoder = open_rules("msgpack", NULL);
	const struct wire_event first = sample_message("a", MSGPACK),
				second = sample_message("a", "\x81\xa2id\x08"),
				third = sample_message("a", "\xc1");
	struct wire_fault fault;
	struct export_out out;
	struct export_csv csv;

	(void)state;
	capture_init(&out);
	assert_int_equal(export_csv_init(&csv, "decoded.id,decoded['id'],decoded,payload", true, &fault), 0);
	csv.reader.decoder = decoder;
	export_csv_print(&csv, &out, &first, &sample_clients);
	export_csv_print(&csv, &out, &second, &sample_clients);
	export_csv_print(&csv, &out, &third, &sample_clients);
	char *text = capture_take(&out);
	assert_string_equal(text, "decoded.id,decoded['id'],decoded,payload\n"
				  "7,7,\"{\"\"id\"\":7}\",\\x81\\xa2id\\x07\n"
				  "8,8,\"{\"\"id\"\":8}\",\\x81\\xa2id\\x08\n"
				  ",,,\\xc1\n");
	free(text);
	export_csv_fini(&csv);
	capture_fini(&out);
	export_decoder_close(decoder);
}

/* ---- what is reported ---- */

static void count_report(void *context, const char *text)
{
	assert_string_equal(text, "--decode cmd:exit 3: cmd: ended with status 3; its payloads are shown "
				  "undecoded from here on");
	++*(int *)context;
}

static void a_failing_command_is_reported_once_and_payloads_are_counted(void **state)
{
	struct export_decoder *decoder = open_rules("cmd:exit 3", NULL);
	const struct wire_event event = sample_message("a", "x");
	struct export_decoder_count count;
	int reports = 0;

	(void)state;
	export_decoder_report_to(decoder, count_report, &reports);
	check(decoder, &event, EXPORT_DECODE_FAILED, "cmd: ended with status 3");
	check(decoder, &event, EXPORT_DECODE_FAILED, "cmd: ended with status 3");
	assert_int_equal(reports, 1);
	assert_true(export_decoder_count(decoder, 0, &count));
	assert_int_equal(count.failed, 2);
	assert_int_equal(count.decoded, 0);
	assert_true(count.is_reported);
	assert_false(export_decoder_count(decoder, 1, &count));
	export_decoder_close(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_rule_that_matches_decides),
	    cmocka_unit_test(subjects_without_a_rule_are_left_alone),
	    cmocka_unit_test(what_is_not_the_payload_that_was_sent_is_not_decoded),
	    cmocka_unit_test(rules_that_make_no_sense_are_refused),
	    cmocka_unit_test(a_subject_may_have_the_name_of_a_decoder),
	    cmocka_unit_test(decoded_json_is_a_value_beside_the_exact_payload),
	    cmocka_unit_test(decoded_fields_are_those_of_the_event),
	    cmocka_unit_test(a_failing_command_is_reported_once_and_payloads_are_counted),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
