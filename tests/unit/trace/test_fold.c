/* Subjects without their ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/fold.h"

static void expect(struct trace_fold *fold, const char *subject, const char *folded)
{
	struct wire_slice got = trace_fold(fold, wire_slice_str(subject));
	if (!wire_slice_equal(got, wire_slice_str(folded)))
		fail_msg("\"%s\" becomes \"%.*s\", not \"%s\"", subject, (int)got.len, got.data, folded);
}

static void an_inbox_is_its_prefix(void **state)
{
	static const char *const patterns[] = {"r.*.in", NULL};
	const struct trace_inboxes inboxes = {.prefix = "my.in", .patterns = patterns};
	struct trace_fold fold = {0};

	(void)state;
	expect(&fold, "_INBOX.x", "_INBOX.>");
	expect(&fold, "_INBOX.yqXt2dMSbFhkVwEoQ7.1", "_INBOX.>");
	expect(&fold, "my.in.1", "my.in.1");
	fold.inboxes = &inboxes;
	expect(&fold, "_INBOX.x", "_INBOX.>");
	expect(&fold, "my.in.1", "my.in.>");
	expect(&fold, "r.1.in", "r.*.in");
}

static void ids_stay_unless_tokens_are_to_be_folded(void **state)
{
	struct trace_fold fold = {0};

	(void)state;
	expect(&fold, "orders.4711.paid", "orders.4711.paid");
	fold.tokens = true;
	expect(&fold, "orders.4711.paid", "orders.*.paid");
}

static void the_depth_keeps_the_first_tokens(void **state)
{
	struct trace_fold fold = {.depth = 2};

	(void)state;
	expect(&fold, "orders.eu.paid", "orders.eu.>");
	expect(&fold, "orders.eu.paid.late", "orders.eu.>");
	expect(&fold, "orders.eu", "orders.eu");
	expect(&fold, "orders", "orders");
	expect(&fold, "orders.eu.", "orders.eu.");
	expect(&fold, "..a", "..>");
	expect(&fold, "", "");
	expect(&fold, "_INBOX.a.1", "_INBOX.>");
	fold.keeps_inboxes = true;
	expect(&fold, "_INBOX.a.1", "_INBOX.a.>");
	fold.tokens = true;
	expect(&fold, "orders.4711.paid", "orders.*.>");
	expect(&fold, "orders.new.4711", "orders.new.>");
}

static void inboxes_may_be_kept(void **state)
{
	struct trace_fold fold = {.keeps_inboxes = true};

	(void)state;
	expect(&fold, "_INBOX.x.1", "_INBOX.x.1");
}

static void only_ids_change(void **state)
{
	struct trace_fold fold = {.tokens = true};

	(void)state;
	expect(&fold, "", "");
	expect(&fold, "a", "a");
	expect(&fold, "1", "*");
	expect(&fold, "1.2.3", "*.*.*");
	expect(&fold, "a..1.", "a..*.");
	expect(&fold, "v2.orders.eu-west-1", "v2.orders.eu-west-1");
	expect(&fold, "svc.550e8400-e29b-41d4-a716-446655440000.ok", "svc.*.ok");
	expect(&fold, "*.>", "*.>");
}

static void ids_are_recognized(void **state)
{
	static const char *const ids[] = {
	    "0",
	    "4711",
	    "-3",
	    "2026-11-28",
	    "2026-11-28T03:12:00Z",

	    "deadbee1",
	    "0xff",
	    "0XA",
	    "550e8400-e29b-41d4-a716-446655440000",
	    "550E8400-E29B-41D4-A716-446655440000",
	    "d41d8cd98f00b204e9800998ecf8427e",
	    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
	    "01arz3ndektsv4rrffq69g5fav", /* ULID */
	    "yqXt2dMSbFhkVwEoQ7Zzb1",
	    "NUID0aB3xYz9KLmNoPq4rS",      /* NUID */
	    "0ujtsYcgvSTl8PAuAdqWYSMnLOv", /* KSUID */
	    "V1StGXR8_Z5jdHi6B-myT",       /* nanoid */
	    "cjld2cjxh0000qzrmn831i7rn",   /* CUID */
	    "9m4e2mr0ui3e8a215n4g",        /* xid */
	    "req-550e8400-e29b-41d4-a716-446655440000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		if (!trace_fold_is_id(wire_slice_str(ids[i])))
			fail_msg("\"%s\" counts as a word", ids[i]);
}

static void words_are_not(void **state)
{
	static const char *const words[] = {
	    "",
	    "a",
	    "-",
	    "--",
	    "orders",
	    "deadbeef",
	    "facade",
	    "v1",
	    "h264",
	    "eu-west-1",
	    "shard-3",
	    "order-4711",
	    "x86_64",
	    "utf8",
	    "0x",
	    "0xg",
	    "T1",
	    "md5sum",
	    "base64",
	    "1st",
	    "order-service-v2-eu-west-1",
	    "MyVeryLongServiceName2",
	    "Http2ServerIdleConnection",
	    "internationalization2",
	    "customer20240101backup",
	    "ORDERS_EUROPE_WEST_PRIMARY_1",
	    "eu-west-1-prod-2-az-3",
	    "state-machine-driver-01",
	    "KV_configuration_v2",
	    "$JS",
	    "*",
	    ">",
	};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (trace_fold_is_id(wire_slice_str(words[i])))
			fail_msg("\"%s\" counts as an id", words[i]);
}

/* Random texts of the usual alphabets: nearly all of those with a digit are ids. */
static void random_text_is_an_id(void **state)
{
	static const struct {
		const char *alphabet;
		size_t len;
	} kinds[] = {{"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 22},
		     {"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_", 21},
		     {"0123456789abcdefghijklmnopqrstuv", 20},
		     {"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26}};

	(void)state;
	srand(1);
	for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
		int missed = 0;
		for (int i = 0; i < 10000; i++) {
			char text[64];
			for (size_t at = 0; at < kinds[kind].len; at++)
				text[at] =
				    kinds[kind].alphabet[(size_t)rand() % strlen(kinds[kind].alphabet)];
			missed += !trace_fold_is_id(wire_slice(text, kinds[kind].len));
		}
		if (missed > 1000)
			fail_msg("%d of 10000 of alphabet %zu count as words", missed, kind);
	}
}

static void a_folded_subject_is_never_longer(void **state)
{
	struct trace_fold *fold = calloc(1, sizeof *fold);
	char *subject = malloc(2 * TRACE_FOLD_BYTES);

	(void)state;
	assert_non_null(fold);
	assert_non_null(subject);
	fold->tokens = true;
	for (size_t i = 0; i < 2 * TRACE_FOLD_BYTES; i++)
		subject[i] = i % 2 ? '.' : '7';
	struct wire_slice whole = trace_fold(fold, wire_slice(subject, TRACE_FOLD_BYTES));
	assert_int_equal(whole.len, TRACE_FOLD_BYTES);
	assert_int_equal(whole.data[0], '*');
	whole = trace_fold(fold, wire_slice(subject, TRACE_FOLD_BYTES + 1));
	assert_ptr_equal(whole.data, subject);
	free(subject);
	free(fold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_inbox_is_its_prefix),
	    cmocka_unit_test(ids_stay_unless_tokens_are_to_be_folded),
	    cmocka_unit_test(the_depth_keeps_the_first_tokens),
	    cmocka_unit_test(inboxes_may_be_kept),
	    cmocka_unit_test(only_ids_change),
	    cmocka_unit_test(ids_are_recognized),
	    cmocka_unit_test(words_are_not),
	    cmocka_unit_test(random_text_is_an_id),
	    cmocka_unit_test(a_folded_subject_is_never_longer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
