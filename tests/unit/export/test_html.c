/* The page: its policy names its own script and style, and no text of a log can leave the element that holds the data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "export/html/html.h"
#include "tests/unit/export/drawing.h"

static void begin(struct drawing *drawing, uint64_t messages_max)
{
	static const char *const logs[] = {"</script>"};
	const struct export_html_options options = {
	    .messages_max = messages_max, .logs = logs, .logs_len = 1, .utc = true};
	struct wire_fault fault;

	drawing_init(drawing);
	assert_int_equal(export_html_open(&drawing->writer, &options, &drawing->out, &fault), 0);
}

/* What stands between two texts, cut out in place. */
static char *between(char *text, const char *before, const char *after)
{
	char *found = strstr(text, before);

	assert_non_null(found);
	found += strlen(before);
	char *end = strstr(found, after);
	assert_non_null(end);
	*end = '\0';
	return found;
}

/* The page's data, owned by the caller. Nothing in it may be markup. */
static json_t *data_of(char *page)
{
	const char *data = between(page, "type=\"application/json\">", "</script>");
	json_error_t error;

	assert_null(strpbrk(data, "<>&"));
	json_t *json = json_loads(data, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("%s at %d", error.text, error.position);
	return json;
}

static json_t *end(struct drawing *drawing)
{
	char *page = drawing_end(drawing);
	json_t *data = data_of(page);

	free(page);
	return data;
}

static json_t *row_of(const json_t *data, size_t number)
{
	return json_array_get(json_object_get(data, "rows"), number);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void expect_hash(const char *page, const char *policy, const char *before, const char *after)
{
	unsigned char hash[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	char expected[200], *copy = strdup(page);
	unsigned len;

	const char *text = between(copy, before, after);
	assert_int_equal(EVP_Digest(text, strlen(text), hash, &len, EVP_sha256(), NULL), 1);
	EVP_EncodeBlock(base64, hash, (int)len);
	snprintf(expected, sizeof expected, "%s 'sha256-%s'", policy, (const char *)base64);
	if (!strstr(page, expected))
		fail_msg("no %s", expected);
	free(copy);
}

static void the_policy_allows_the_page_s_own_script_and_style(void **state)
{
	struct drawing drawing;

	(void)state;
	begin(&drawing, 10);
	char *page = drawing_end(&drawing);
	assert_non_null(strstr(page, "default-src 'none';"));
	assert_null(strstr(page, "unsafe"));
	expect_hash(page, "script-src", "</script>\n<script>", "</script>");
	expect_hash(page, "style-src", "<style>", "</style>");
	free(page);
	drawing_fini(&drawing);
}

static void no_text_leaves_the_data(void **state)
{
	static const char attack[] = "</script><!--&\xe2\x80\xa8";
	struct drawing drawing;
	struct wire_event event;

	(void)state;
	begin(&drawing, 10);
	event = event_message(&drawing.source, 0, 1, attack, attack);
	event_deliver(&event, 2, attack, WIRE_DELAY_UNKNOWN);
	event.headers = WIRE_LITERAL("NATS/1.0 503 <b>\r\n<i>: </script>&\r\n\r\n");
	event.payload = wire_slice_str(attack);
	drawing_put(&drawing, &event, true);
	event.kind = WIRE_EVENT_GAP;
	event.text = wire_slice_str(attack);
	drawing_put(&drawing, &event, true);
	json_t *data = end(&drawing);
	json_t *row = row_of(data, 0), *receiver = json_array_get(json_object_get(row, "to"), 0);
	assert_string_equal(text_of(row, "subject"), attack);
	assert_string_equal(text_of(row, "reply"), attack);
	assert_string_equal(text_of(row, "payload"), attack);
	assert_string_equal(text_of(row, "description"), "<b>");
	assert_string_equal(text_of(receiver, "q"), attack);
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(json_object_get(row, "head"), 0), 1)),
	    "</script>&");
	assert_string_equal(text_of(row_of(data, 1), "text"), attack);
	assert_string_equal(json_string_value(json_array_get(json_object_get(data, "logs"), 0)), "</script>");
	json_decref(data);
	drawing_fini(&drawing);
}

static void bytes_that_are_no_text_and_malformed_headers_are_whole(void **state)
{
	struct drawing drawing;
	struct wire_event event;

	(void)state;
	begin(&drawing, 10);
	event = event_message(&drawing.source, 0, 1, "a\xff", NULL);
	event.payload = WIRE_LITERAL("\xff\xfe");
	event.headers = WIRE_LITERAL("bad");
	drawing_put(&drawing, &event, true);
	json_t *data = end(&drawing);
	assert_string_equal(text_of(row_of(data, 0), "subject_base64"), "Yf8=");
	assert_string_equal(text_of(row_of(data, 0), "payload_base64"), "//4=");
	assert_string_equal(text_of(row_of(data, 0), "head_base64"), "YmFk");
	json_decref(data);
	drawing_fini(&drawing);
}

static void payloads_are_cut_in_whole_characters_and_the_rest_is_counted(void **state)
{
	enum { LEN = 70001 };
	struct drawing drawing;
	struct wire_event event;
	char *payload = malloc(LEN);

	(void)state;
	payload[0] = 'x'; /* so that a character of two bytes lies across the limit */
	for (size_t i = 1; i < LEN; i += 2)
		memcpy(payload + i, "\xc3\xbc", 2);
	begin(&drawing, 10);
	event = event_message(&drawing.source, 0, 1, "a", NULL);
	event.payload = wire_slice(payload, LEN);
	event.size = LEN;
	drawing_put(&drawing, &event, true);
	assert_int_equal(drawing_omitted(&drawing), 1);
	json_t *data = end(&drawing);
	assert_int_equal(strlen(text_of(row_of(data, 0), "payload")), 65535);
	assert_int_equal(json_integer_value(json_object_get(row_of(data, 0), "left")), LEN - 65535);
	assert_int_equal(json_integer_value(json_object_get(row_of(data, 0), "size")), LEN);
	assert_int_equal(json_array_size(json_object_get(data, "left_out")), 1);
	json_decref(data);
	drawing_fini(&drawing);
	free(payload);
}

static int64_t left_of(unsigned flags)
{
	struct drawing drawing;

	begin(&drawing, 10);
	struct wire_event event = event_message(&drawing.source, 0, 1, "a", NULL);
	event.payload = WIRE_LITERAL("12345");
	event.size = 1000;
	event.flags |= flags;
	drawing_put(&drawing, &event, true);
	json_t *data = end(&drawing);
	const int64_t left = json_integer_value(json_object_get(row_of(data, 0), "left"));
	json_decref(data);
	drawing_fini(&drawing);
	return left;
}

static void what_a_conversation_did_not_keep_of_a_payload_is_counted_as_left_in_the_log(void **state)
{
	(void)state;
	assert_int_equal(left_of(0), 995);
	assert_int_equal(left_of(WIRE_EVENT_CUT), 0);
}

/* 300 payloads of 64 KiB are more than 16 MiB. */
static void the_contents_of_a_page_are_bounded(void **state)
{
	enum { LEN = 65536 };
	struct drawing drawing;
	struct wire_event event;
	char *payload = malloc(LEN);

	(void)state;
	memset(payload, 'x', LEN);
	begin(&drawing, 1000);
	event = event_message(&drawing.source, 0, 1, "a", NULL);
	event.payload = wire_slice(payload, LEN);
	for (int i = 0; i < 300; i++)
		drawing_put(&drawing, &event, true);
	assert_int_equal(drawing_omitted(&drawing), 300 - 256);
	char *page = drawing_end(&drawing);
	assert_in_range(strlen(page), 16 << 20, (16 << 20) + 300000);
	free(page);
	drawing_fini(&drawing);
	free(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_policy_allows_the_page_s_own_script_and_style),
	    cmocka_unit_test(no_text_leaves_the_data),
	    cmocka_unit_test(bytes_that_are_no_text_and_malformed_headers_are_whole),
	    cmocka_unit_test(payloads_are_cut_in_whole_characters_and_the_rest_is_counted),
	    cmocka_unit_test(what_a_conversation_did_not_keep_of_a_payload_is_counted_as_left_in_the_log),
	    cmocka_unit_test(the_contents_of_a_page_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
