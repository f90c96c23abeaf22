/* What masks make of events: payloads, headers, subjects and texts. Every payload ends at an unmapped page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/guard_page.h"
#include "wire/json.h"
#include "wire/mask/masker.h"
#include "wire/mask/siphash.h"

static struct guard_page page;

/* A mask of the lines of a file of rules, with a key. */
static struct wire_mask *open_mask(const char *lines)
{
	struct wire_fault fault = {.text = ""};
	struct wire_mask *mask = wire_mask_open();
	if (wire_mask_add_lines(mask, wire_slice_str(lines), "rules", &fault) != 0)
		fail_msg("%s", fault.text);
	wire_mask_set_key(mask, WIRE_LITERAL("0706050403020100 0f0e0d0c0b0a0908"), NULL);
	assert_int_equal(wire_mask_set_key(mask, WIRE_LITERAL("07060504030201000f0e0d0c0b0a0908"), &fault),
			 0);
	return mask;
}

struct masked {
	struct wire_mask *mask;
	struct wire_masker *masker;
	struct wire_event event;
	struct wire_mask_counts counts;
	bool is_changed;
};

static struct masked mask_event(const char *lines, struct wire_event event)
{
	struct masked masked = {.mask = open_mask(lines), .event = event};
	masked.masker = wire_masker_open(masked.mask, true);
	assert_non_null(masked.masker);
	masked.is_changed = wire_masker_event(masked.masker, &masked.event);
	wire_mask_counts(masked.mask, &masked.counts);
	return masked;
}

static void fini(struct masked *masked)
{
	wire_masker_close(masked->masker);
	wire_mask_close(masked->mask);
}

static struct wire_event message(const char *subject, struct wire_slice payload)
{
	return (struct wire_event){
	    .kind = WIRE_EVENT_MESSAGE,
	    .subject = wire_slice_str(subject),
	    .payload = wire_slice(guard_page_copy(&page, payload.data, payload.len), payload.len),
	    .size = payload.len};
}

static void require_text(const char *what, struct wire_slice text, const char *wanted)
{
	if (!wire_slice_equal(text, wire_slice_str(wanted)))
		fail_msg("%s: \"%.*s\" instead of \"%s\"", what, (int)text.len, text.data, wanted);
}

/* ---- what could get round a mask ---- */

static void subjects_with_empty_tokens_are_covered(void **state)
{
	static const char *const subjects[] = {"users.", "users..a", "users.a."};
	(void)state;
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		struct masked masked =
		    mask_event("payload users.>", message(subjects[i], WIRE_LITERAL("secret")));
		assert_true(masked.is_changed);
		assert_null(memmem(masked.event.payload.data, masked.event.payload.len, "secret", 6));
		fini(&masked);
	}
}

static void headers_after_a_blank_are_covered(void **state)
{
	static const char *const blocks[] = {"NATS/1.0\r\n Authorization: secret\r\n\r\n",
					     "NATS/1.0\r\nX: 1\r\n\tauthorization : secret\r\n\r\n",
					     "NATS/1.0Authorization: secret\r\n\r\n"};
	(void)state;
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		struct wire_event event = message("a", WIRE_LITERAL(""));
		event.headers = wire_slice_str(blocks[i]);
		struct masked masked = mask_event("header:Authorization", event);
		assert_int_equal(masked.event.headers.len, strlen(blocks[i]));
		assert_null(memmem(masked.event.headers.data, masked.event.headers.len, "secret", 6));
		fini(&masked);
	}
}

static void remarks_are_masked_as_the_messages_that_ask_for_them(void **state)
{
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK, .text = WIRE_LITERAL("remark card 4111")};
	(void)state;
	struct masked masked = mask_event("regex /4[0-9]+/", mark);
	require_text("a remark", masked.event.text, "remark card ****");
	fini(&masked);
}

static void invalid_patterns_are_covered(void **state)
{
	const struct wire_event subscribe = {.kind = WIRE_EVENT_SUBSCRIBE,
					     .subject = WIRE_LITERAL("users.secret.>.x")};
	(void)state;
	struct masked masked = mask_event("subject users.>=2", subscribe);
	require_text("a pattern", masked.event.subject, "users.xxxxxx.>.x");
	fini(&masked);
}

/* ---- payloads ---- */

struct payload_case {
	const char *name, *lines, *payload, *wanted;
};

static const struct payload_case payload_cases[] = {
    {"a member", "$.card", "{\"card\":\"4111\",\"x\":1}", "{\"card\":\"****\",\"x\":1}"},
    {"a member of a member", "$.a.b", "{\"b\":1,\"a\":{\"b\":\"x\",\"c\":2}}",
     "{\"b\":1,\"a\":{\"b\":\"*\",\"c\":2}}"},
    {"elements of arrays", "$.items[*].card", "{\"items\":[{\"card\":\"a\"},{\"card\":\"b\"},3]}",
     "{\"items\":[{\"card\":\"*\"},{\"card\":\"*\"},3]}"},
    {"one element", "$.items[1]", "{\"items\":[\"a\",\"b\",\"c\"]}", "{\"items\":[\"a\",\"*\",\"c\"]}"},
    {"at any depth", "$..pin", "[{\"pin\":1},[[{\"x\":{\"pin\":23}}]]]",
     "[{\"pin\":0},[[{\"x\":{\"pin\":0 }}]]]"},
    {"a deep key within its own kind", "$..a.b", "{\"a\":{\"a\":{\"b\":1}}}", "{\"a\":{\"a\":{\"b\":0}}}"},
    {"any member", "$.*", "{\"a\":1,\"b\":\"xy\"}", "{\"a\":0,\"b\":\"**\"}"},
    {"duplicate keys", "$.a", "{\"a\":\"1\",\"a\":\"22\"}", "{\"a\":\"*\",\"a\":\"**\"}"},
    {"an escaped key", "$.card", "{\"\\u0063ard\":\"x\"}", "{\"\\u0063ard\":\"*\"}"},
    {"an escaped key beyond ASCII", "$.größe", "{\"gr\\u00f6\\u00dfe\":1}", "{\"gr\\u00f6\\u00dfe\":0}"},
    {"a surrogate pair in a key", "$.\xf0\x9f\x94\x91", "{\"\\ud83d\\udd11\":1}", "{\"\\ud83d\\udd11\":0}"},
    {"another key with escapes", "$.card", "{\"\\u0064ard\":\"x\"}", "{\"\\u0064ard\":\"x\"}"},
    {"a quoted key", "$['a.b c']", "{\"a.b c\":\"x\"}", "{\"a.b c\":\"*\"}"},
    {"escapes in a value", "$.a", "{\"a\":\"x\\\"y\\u0041\\\\\"}", "{\"a\":\"************\"}"},
    {"a value that ends in a backslash", "$.a", "{\"a\":\"\\\\\",\"b\":1}", "{\"a\":\"**\",\"b\":1}"},
    {"UTF-8", "$.a", "{\"a\":\"h\xc3\xa4\"}", "{\"a\":\"***\"}"},
    {"an empty value", "$.a", "{\"a\":\"\"}", "{\"a\":\"\"}"},
    {"numbers", "$[*]", "[1,-2,3.5,1e9,-0.1E-3]", "[0,0 ,0  ,0  ,0      ]"},
    {"words", "$[*]", "[true,false,null]", "[null,null ,null]"},
    {"an object", "$.a", "{\"a\":{\"b\":[1,\"}\"]},\"c\":1}", "{\"a\":{           },\"c\":1}"},
    {"an array", "$.a", "{\"a\":[1,[2]],\"c\":1}", "{\"a\":[     ],\"c\":1}"},
    {"blanks", "$.a", " { \"a\" : \"x\" ,\n\"b\":1 } ", " { \"a\" : \"*\" ,\n\"b\":1 } "},
    {"two rules in one pass", "$.a\n$.b.c", "{\"b\":{\"c\":1},\"a\":2}", "{\"b\":{\"c\":0},\"a\":0}"},
    {"a rule within what another covers", "$.a.b=drop\n$.a", "{\"a\":{\"b\":1}}", "{\"a\":{     }}"},
    {"nothing to cover", "$.a", "{\"b\":1}", "{\"b\":1}"},
    {"a scalar text", "$.a", "\"a\"", "\"a\""},
    {"truncated JSON", "$.a", "{\"b\":\"secret", "\"**********\""},
    {"bytes after JSON", "$.a", "{\"a\":1}x", "\"******\""},
    {"a trailing comma", "$.a", "{\"a\":1,}", "\"******\""},
    {"a leading zero", "$.a", "{\"b\":01}", "\"******\""},
    {"a lone minus", "$.a", "[-]", "\"*\""},
    {"a control character", "$.a", "[\"\n\"]", "\"***\""},
    {"a wrong escape", "$.a", "[\"\\x\"]", "\"****\""},
    {"half an escape", "$.a", "[\"\\u00\"]", "\"******\""},
    {"binary", "$.a", "\x01\xff\xfe", "\"*\""},
    {"one byte", "$.a", "x", "0"},
    {"two bytes", "$.a", "xy", "\"\""},
    {"no bytes", "$.a", "", ""},
    /* drop */
    {"drop the first member", "$.a=drop", "{\"a\":1, \"b\":2}", "{\"b\":2}"},
    {"drop a middle member", "$.b=drop", "{\"a\":1, \"b\":2, \"c\":3}", "{\"a\":1, \"c\":3}"},
    {"drop the last member", "$.b=drop", "{\"a\":1 , \"b\":2 }", "{\"a\":1  }"},
    {"drop the only member", "$.a=drop", "{ \"a\":1 }", "{  }"},
    {"drop all members", "$.*=drop", "{\"a\":1,\"b\":{\"c\":2},\"d\":[]}", "{}"},
    {"drop the first and the last", "$.a=drop\n$.c=drop", "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2}"},
    {"drop the first two", "$.a=drop\n$.b=drop", "{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3}"},
    {"drop elements", "$[*].x=drop\n$[0]=drop", "[1,{\"x\":2},3]", "[{},3]"},
    {"drop in one, keep in the next", "$..a=drop", "[{\"a\":1},{\"b\":2,\"a\":3}]", "[{},{\"b\":2}]"},
    /* hash */
    {"hash a string", "$.a=hash", "{\"a\":\"bob\"}", "{\"a\":\"%bob%\"}"},
    {"hash a string with escapes", "$.a=hash", "{\"a\":\"b\\u006fb\"}", "{\"a\":\"%bob%\"}"},
    {"hash a number", "$.a=hash", "{\"a\":12}", "{\"a\":\"%12%\"}"},
    {"hash an object", "$.a=hash", "{\"a\":{\"b\":1}}", "{\"a\":\"%{\"b\":1}%\"}"},
    /* whole payloads */
    {"a payload", "payload a.>", "secret", "\"****\""},
    {"a payload dropped", "payload a.>=drop", "secret", ""},
    {"a payload hashed", "payload a.>=hash", "bob", "\"%bob%\""},
    {"a JSON string hashed", "payload a.>=hash", "\"b\\u006fb\"", "\"%bob%\""},
    {"text in quotes that is no JSON", "payload a.>=hash", "\"\\uq\"", "\"%\"\\uq\"%\""},
    {"a payload of another subject", "payload b.>", "secret", "secret"},
    {"a rule of another subject", "b.>:$.a", "{\"a\":1}", "{\"a\":1}"},
    {"a rule of this subject", "a.*:$.a", "{\"a\":1}", "{\"a\":0}"},
    /* expressions */
    {"a match in text", "regex [0-9]{4}", "pay 4111 or 42", "pay **** or 42"},
    {"a match in a JSON string", "regex [0-9]{4}", "{\"t\":\"pay 4111\"}", "{\"t\":\"pay ****\"}"},
    {"a match in a JSON number", "regex [0-9]{4}", "{\"n\":141110}", "{\"n\":0     }"},
    {"a match in a key", "regex sec", "{\"secret\":1}", "{\"***ret\":1}"},
    {"a match across JSON", "regex a.*z", "{\"a\":[true,\"z\",1]}", "{\"*\":[null,\"*\",1]}"},
    {"a match in an escaped string", "regex 4111", "{\"a\":\"\\u0034111\",\"b\":1}",
     "{\"a\":\"*********\",\"b\":1}"},
    {"a match beside a path", "regex x+\n$.a", "{\"a\":\"xx\",\"b\":\"yxx\"}",
     "{\"a\":\"**\",\"b\":\"y**\"}"},
    {"a match of what a path is about", "regex a\n$.a", "{\"a\":\"b\"}", "{\"*\":\"*\"}"},
    {"a match dropped", "regex [0-9]+=drop", "id 4111 end", "id _ end"},
    {"what a dropped match kept apart", "regex ab=drop", "aabb", "a_b"},
    {"a match hashed", "regex bob=hash", "{\"a\":\"bob\"}", "{\"a\":\"%bob%\"}"},
    {"an empty match", "regex x*", "aab", "aab"},
    {"two expressions", "regex ab\nregex bc", "abc", "***"},
};

/* The wanted text with %text% replaced by the hash of the text. */
static void expand(const char *wanted, char *out)
{
	const struct wire__mask_key key = {.low = 0x0706050403020100, .high = 0x0f0e0d0c0b0a0908};
	for (const char *end; *wanted; wanted = *wanted ? wanted + 1 : wanted) {
		if (*wanted == '%' && (end = strchr(wanted + 1, '%')) != NULL) {
			wire__siphash_text(&key, wire_slice(wanted + 1, (size_t)(end - wanted - 1)), out);
			out += WIRE__MASK_HASH_BYTES;
			wanted = end;
		} else {
			*out++ = *wanted;
		}
	}
	*out = '\0';
}

static void covered_values_are_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof payload_cases / sizeof *payload_cases; i++) {
		const struct payload_case *each = &payload_cases[i];
		char wanted[500];
		expand(each->wanted, wanted);
		struct masked masked = mask_event(each->lines, message("a.b", wire_slice_str(each->payload)));
		bool is_changed = strcmp(each->payload, wanted) != 0;
		require_text(each->name, masked.event.payload, wanted);
		assert_int_equal(masked.event.size, strlen(each->payload));
		if (is_changed)
			assert_true(masked.is_changed);
		assert_int_equal((masked.event.flags & WIRE_EVENT_MASKED) != 0, masked.is_changed);
		assert_int_equal(masked.counts.messages, masked.is_changed);
		fini(&masked);
	}
}

static void valid_json_stays_valid_and_every_prefix_is_covered(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof payload_cases / sizeof *payload_cases; i++) {
		const struct payload_case *each = &payload_cases[i];
		if (strncmp(each->lines, "payload", 7) == 0)
			continue;
		for (size_t len = 0; len <= strlen(each->payload); len++) {
			struct wire_slice text = wire_slice(each->payload, len);
			struct masked masked = mask_event(each->lines, message("a.b", text));
			if (wire_json_is_valid(text, NULL) && !wire_json_is_valid(masked.event.payload, NULL))
				fail_msg("%s: \"%.*s\"", each->name, (int)masked.event.payload.len,
					 masked.event.payload.data);
			fini(&masked);
		}
	}
}

static void malformed_payloads_are_counted(void **state)
{
	(void)state;
	struct masked masked = mask_event("$.a", message("a", WIRE_LITERAL("no JSON")));
	assert_int_equal(masked.counts.malformed, 1);
	assert_int_equal(masked.counts.unjudged, 0);
	assert_int_equal(wire_mask_unmatched(masked.mask, NULL, NULL), 1);
	fini(&masked);
}

/* `count` times `open`, then `middle`, then as often `close`. */
static char *nested(size_t count, const char *open, const char *middle, const char *close)
{
	size_t open_len = strlen(open), close_len = strlen(close);
	char *text = malloc(count * (open_len + close_len) + strlen(middle) + 1), *at = text;
	for (size_t i = 0; i < count; i++, at += open_len)
		memcpy(at, open, open_len);
	at += sprintf(at, "%s", middle);
	for (size_t i = 0; i < count; i++, at += close_len)
		memcpy(at, close, close_len);
	*at = '\0';
	return text;
}

/* [1,1,…] */
static char *list_of_ones(size_t count)
{
	char *text = nested(count, ",1", "]", "");
	text[0] = '[';
	return text;
}

static void require_redacted_whole(const char *lines, char *text)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .subject = WIRE_LITERAL("a"),
					 .payload = wire_slice_str(text),
					 .size = strlen(text)};
	struct masked masked = mask_event(lines, event);
	assert_int_equal(masked.event.payload.len, strlen(text));
	assert_true(wire_json_is_valid(masked.event.payload, NULL));
	assert_int_equal(strspn(masked.event.payload.data + 1, "*"), strlen(text) - 2);
	assert_int_equal(masked.counts.unjudged, 1);
	fini(&masked);
	free(text);
}

static void payloads_beyond_a_limit_are_redacted_whole(void **state)
{
	(void)state;
	require_redacted_whole("$..a", nested(600, "[", "1", "]"));
	require_redacted_whole("$..a", nested(600, "{\"a1\":", "1", "}"));
	require_redacted_whole("$[*]", list_of_ones(70000));
	require_redacted_whole("regex 1", nested(70000, "1 ", "1", ""));
	require_redacted_whole("regex (a+)+$", nested(40, "a", "b", ""));
}

static void payload_at_the_limit_of_depth_is_masked(void **state)
{
	(void)state;
	char *text = nested(510, "[", "{\"a\":7}", "]");
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .subject = WIRE_LITERAL("a"),
				   .payload = wire_slice_str(text),
				   .size = strlen(text)};
	struct masked masked = mask_event("$..a", event);
	require_text("depth", wire_slice(masked.event.payload.data + 510, 7), "{\"a\":0}");
	assert_int_equal(masked.counts.unjudged, 0);
	fini(&masked);
	free(text);
}

static void messages_whose_bytes_were_missed_are_redacted_whole(void **state)
{
	(void)state;
	struct wire_event event = message("a", WIRE_LITERAL("{\"b\":1}"));
	event.flags = WIRE_EVENT_PARTIAL;
	event.size = 100;
	struct masked masked = mask_event("$.a", event);
	require_text("partial", masked.event.payload, "\"*****\"");
	assert_int_equal(masked.event.size, 100);
	fini(&masked);
}

static void remarks_are_no_json(void **state)
{
	(void)state;
	struct masked masked = mask_event("$.a", message("$TAPEDECK.MARK", WIRE_LITERAL("deployed 1.2")));
	require_text("remark", masked.event.payload, "deployed 1.2");
	fini(&masked);
	masked = mask_event("$TAPEDECK.>:$.a", message("$TAPEDECK.MARK", WIRE_LITERAL("deployed 1.2")));
	require_text("remark", masked.event.payload, "\"**********\"");
	fini(&masked);
}

/* ---- headers ---- */

static void covered_headers_are_replaced(void **state)
{
	(void)state;
	static const struct payload_case cases[] = {
	    {"in any case", "header:authorization", "NATS/1.0\r\nAUTHORIZATION: Bearer x\r\nB: 1\r\n\r\n",
	     "NATS/1.0\r\nAUTHORIZATION: ********\r\nB: 1\r\n\r\n"},
	    {"repeated", "header:A", "NATS/1.0\r\nA: x\r\nB: y\r\na:z\r\n\r\n",
	     "NATS/1.0\r\nA: *\r\nB: y\r\na:*\r\n\r\n"},
	    {"with blanks", "header:A", "NATS/1.0\r\nA \t:  x y  \r\n\r\n",
	     "NATS/1.0\r\nA \t:  ***  \r\n\r\n"},
	    {"continued", "header:A", "NATS/1.0\r\nA: x\r\n\ty\r\nB: z\r\n\r\n",
	     "NATS/1.0\r\nA: *\r\n\t*\r\nB: z\r\n\r\n"},
	    {"with a status", "header:A", "NATS/1.0 503 No Responders\r\nA: x\r\n\r\n",
	     "NATS/1.0 503 No Responders\r\nA: *\r\n\r\n"},
	    {"with bare line feeds", "header:A", "NATS/1.0\nA: x\nB: y\n\n", "NATS/1.0\nA: *\nB: y\n\n"},
	    {"without a colon", "header:A", "NATS/1.0\r\nA x\r\n more\r\nB: y\r\n\r\n",
	     "NATS/1.0\r\n***\r\n*****\r\nB: y\r\n\r\n"},
	    {"with a stray carriage return", "header:A", "NATS/1.0\r\nB: y\rA: x\r\n\r\n",
	     "NATS/1.0\r\n*********\r\n\r\n"},
	    {"with another first line", "header:A", "A x\r\nA: x\r\n\r\n", "***\r\nA: *\r\n\r\n"},
	    {"cut off", "header:A", "NATS/1.0\r\nA: secr", "NATS/1.0\r\nA: ****"},
	    {"empty", "header:A", "NATS/1.0\r\nA:\r\n\r\n", "NATS/1.0\r\nA:\r\n\r\n"},
	    {"dropped", "header:A=drop", "NATS/1.0\r\nA: x\r\n y\r\nB: z\r\nA: v\r\n\r\n",
	     "NATS/1.0\r\nB: z\r\n\r\n"},
	    {"hashed", "header:A=hash", "NATS/1.0\r\nA: bob \r\n\r\n", "NATS/1.0\r\nA: %bob% \r\n\r\n"},
	    {"matched", "regex to\\w+", "NATS/1.0\r\ntoken: my token\r\n\r\n",
	     "NATS/1.0\r\n*****: my *****\r\n\r\n"},
	    {"of another subject", "b:header:A", "NATS/1.0\r\nA: x\r\n\r\n", "NATS/1.0\r\nA: x\r\n\r\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char wanted[200];
		size_t len = strlen(cases[i].payload);
		expand(cases[i].wanted, wanted);
		struct wire_event event = message("a", WIRE_LITERAL(""));
		event.headers = wire_slice(guard_page_copy(&page, cases[i].payload, len), len);
		struct masked masked = mask_event(cases[i].lines, event);
		require_text(cases[i].name, masked.event.headers, wanted);
		assert_int_equal((masked.event.flags & WIRE_EVENT_MASKED) != 0,
				 strcmp(cases[i].payload, wanted) != 0);
		fini(&masked);
	}
}

/* ---- subjects ---- */

static struct wire_event subject_event(enum wire_event_kind kind, const char *subject, const char *reply)
{
	return (struct wire_event){
	    .kind = kind, .subject = wire_slice_str(subject), .reply = wire_slice_str(reply)};
}

static void a_token_is_masked_wherever_its_subject_appears(void **state)
{
	(void)state;
	static const char rule[] = "subject users.*.profile=2";
	static const struct {
		enum wire_event_kind kind;
		const char *subject, *wanted;
	} cases[] = {
	    {WIRE_EVENT_MESSAGE, "users.bob.profile", "users.xxx.profile"},
	    {WIRE_EVENT_MESSAGE, "users.b.profile", "users.x.profile"},
	    {WIRE_EVENT_MESSAGE, "users.bob.other", "users.bob.other"},
	    {WIRE_EVENT_DELIVERY, "users.bob.profile", "users.xxx.profile"},
	    {WIRE_EVENT_SUBSCRIBE, "users.bob.profile", "users.xxx.profile"},
	    {WIRE_EVENT_SUBSCRIBE, "users.bob.>", "users.xxx.>"},
	    {WIRE_EVENT_SUBSCRIBE, "*.bob.*", "*.xxx.*"},
	    {WIRE_EVENT_SUBSCRIBE, "users.*.profile", "users.*.profile"},
	    {WIRE_EVENT_SUBSCRIBE, "users.>", "users.>"},
	    {WIRE_EVENT_UNSUBSCRIBE, "users.bob.profile", "users.xxx.profile"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct masked masked = mask_event(rule, subject_event(cases[i].kind, cases[i].subject, ""));
		require_text(cases[i].subject, masked.event.subject, cases[i].wanted);
		fini(&masked);
	}
	struct masked masked =
	    mask_event(rule, subject_event(WIRE_EVENT_MESSAGE, "a", "users.alice.profile"));
	require_text("reply", masked.event.reply, "users.xxxxx.profile");
	assert_true(masked.event.flags & WIRE_EVENT_MASKED);
	fini(&masked);
}

static void tokens_are_dropped_and_hashed(void **state)
{
	(void)state;
	char wanted[100];
	struct masked masked =
	    mask_event("subject users.>=2=drop", subject_event(WIRE_EVENT_MESSAGE, "users.bob.a.b", ""));
	require_text("drop", masked.event.subject, "users._.a.b");
	fini(&masked);
	masked = mask_event("subject users.*=2=hash\n$.user=hash",
			    subject_event(WIRE_EVENT_MESSAGE, "users.bob", ""));
	expand("users.%bob%", wanted);
	require_text("hash", masked.event.subject, wanted);
	fini(&masked);
}

static void texts_that_quote_a_subject_are_masked(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"Permissions Violation for Publish to \"users.bob.profile\"",
	     "Permissions Violation for Publish to \"users.xxx.profile\""},
	    {"'no \"users.bob.>\"', SID 1", "'no \"users.xxx.>\"', SID 1"},
	    {"<<- [SUB users.bob.profile 1]", "<<- [SUB users.xxx.profile 1]"},
	    {"(users.bob.profile).", "(users.xxx.profile)."},
	    {"a users.\"bob\".profile b", "a users.xxxxx.profile b"},
	    {"  nothing   here ", "  nothing   here "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_event event = {.kind = WIRE_EVENT_ERROR, .text = wire_slice_str(cases[i].text)};
		struct masked masked = mask_event("subject users.*.profile=2", event);
		require_text("text", masked.event.text, cases[i].wanted);
		assert_false(masked.event.flags & WIRE_EVENT_MASKED);
		fini(&masked);
	}
}

static void subjects_of_any_length_are_judged(void **state)
{
	(void)state;
	char subject[400] = "users.";
	memset(subject + 6, 'b', 300);
	strcpy(subject + 306, ".profile");
	struct wire_event event = message(subject, WIRE_LITERAL("{\"a\":1}"));
	struct masked masked = mask_event("users.*.profile:$.a\nsubject users.*.profile=2=drop", event);
	for (int i = 0; i < 3; i++) {
		masked.event = message(subject, WIRE_LITERAL("{\"a\":1}"));
		wire_masker_event(masked.masker, &masked.event);
		require_text("long", masked.event.subject, "users._.profile");
		require_text("long", masked.event.payload, "{\"a\":0}");
		masked.event = message("users.b.profil", WIRE_LITERAL("{\"a\":1}"));
		assert_false(wire_masker_event(masked.masker, &masked.event));
	}
	fini(&masked);
}

/* ---- the hash ---- */

/* Source: the vectors of the reference implementation, with the key 00 01 … 0f and the input 00 01 …. */
static void siphash_is_that_of_its_authors(void **state)
{
	(void)state;
	const struct wire__mask_key key = {.low = 0x0706050403020100, .high = 0x0f0e0d0c0b0a0908};
	char input[16];
	for (int i = 0; i < 16; i++)
		input[i] = (char)i;
	assert_true(wire__siphash(&key, wire_slice(input, 0)) == 0x726fdb47dd0e0e31);
	assert_true(wire__siphash(&key, wire_slice(input, 15)) == 0xa129ca6149be45e5);
}

static int set_up(void **state)
{
	(void)state;
	guard_page_init(&page, 1 << 16);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_fini(&page);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subjects_with_empty_tokens_are_covered),
	    cmocka_unit_test(headers_after_a_blank_are_covered),
	    cmocka_unit_test(remarks_are_masked_as_the_messages_that_ask_for_them),
	    cmocka_unit_test(invalid_patterns_are_covered),
	    cmocka_unit_test(covered_values_are_replaced),
	    cmocka_unit_test(valid_json_stays_valid_and_every_prefix_is_covered),
	    cmocka_unit_test(malformed_payloads_are_counted),
	    cmocka_unit_test(payloads_beyond_a_limit_are_redacted_whole),
	    cmocka_unit_test(payload_at_the_limit_of_depth_is_masked),
	    cmocka_unit_test(messages_whose_bytes_were_missed_are_redacted_whole),
	    cmocka_unit_test(remarks_are_no_json),
	    cmocka_unit_test(covered_headers_are_replaced),
	    cmocka_unit_test(a_token_is_masked_wherever_its_subject_appears),
	    cmocka_unit_test(tokens_are_dropped_and_hashed),
	    cmocka_unit_test(texts_that_quote_a_subject_are_masked),
	    cmocka_unit_test(subjects_of_any_length_are_judged),
	    cmocka_unit_test(siphash_is_that_of_its_authors),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
