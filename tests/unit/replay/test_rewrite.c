/* Rewriting messages, and selecting those that are played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/play/rewrite.h"
#include "replay/play/select.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct wire_event message(const char *subject, const char *headers)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .seq = 42,
				   .time_ns = 1795420639123456789,
				   .subject = wire_slice_str(subject),
				   .headers = wire_slice_str(headers)};
}

static struct replay_rewrite *open_with(struct replay_rewrite_options options)
{
	struct replay_rewrite *rewrite = NULL;
	struct wire_fault fault;

	if (options.clones == 0)
		options.clones = 1;
	if (replay_rewrite_open(&rewrite, &options, &fault) != 0)
		fail_msg("%s", fault.text);
	return rewrite;
}

static void expect_headers(struct replay_rewrite *rewrite, const char *before, const char *after)
{
	struct wire_event event = message("a", before);
	struct replay_rewritten out;

	replay_rewrite(rewrite, &event, 1, &out);
	if (!wire_slice_equal(out.headers, wire_slice_str(after)))
		fail_msg("got \"%.*s\", not \"%s\"", (int)out.headers.len, out.headers.data, after);
}

static void without_options_headers_are_the_recorded_bytes(void **state)
{
	static const char odd[] = "NATS/1.0 503 what\r\nno colon\r\n";
	struct replay_rewrite *rewrite = open_with((struct replay_rewrite_options){0});

	(void)state;
	expect_headers(rewrite, odd, odd);
	expect_headers(rewrite, "", "");
	replay_rewrite_close(rewrite);
}

static void headers_are_added_and_dropped_without_reordering_others(void **state)
{
	struct replay_rewrite *rewrite = open_with((struct replay_rewrite_options){
	    .add_headers = LIST("Z: 9", "B: 2"), .drop_headers = LIST("Drop", "Nats-Expected-*")});

	(void)state;
	expect_headers(rewrite,
		       "NATS/1.0\r\nB: 1\r\nDrop: x\r\na: 1\r\nNats-Expected-Stream: s\r\nB: 3\r\n\r\n",
		       "NATS/1.0\r\nB: 1\r\na: 1\r\nB: 3\r\nZ: 9\r\nB: 2\r\n\r\n");
	expect_headers(rewrite, "", "NATS/1.0\r\nZ: 9\r\nB: 2\r\n\r\n");
	expect_headers(rewrite, "NATS/1.0\r\ndrop: kept\r\n\r\n",
		       "NATS/1.0\r\ndrop: kept\r\nZ: 9\r\nB: 2\r\n\r\n");
	replay_rewrite_close(rewrite);
}

static void dropping_the_last_header_drops_the_block(void **state)
{
	struct replay_rewrite *rewrite =
	    open_with((struct replay_rewrite_options){.drop_headers = LIST("*")});

	(void)state;
	expect_headers(rewrite, "NATS/1.0\r\nA: 1\r\n\r\n", "");
	replay_rewrite_close(rewrite);
}

static void provenance_adds_the_recorded_time_and_sequence_number(void **state)
{
	struct replay_rewrite *rewrite =
	    open_with((struct replay_rewrite_options){.provenance = true, .clones = 2});

	(void)state;
	expect_headers(rewrite, "",
		       "NATS/1.0\r\nTapedeck-Time: 2026-11-23T07:57:19.123456789Z\r\nTapedeck-Seq: 42\r\n"
		       "Tapedeck-Clone: 1\r\n\r\n");
	replay_rewrite_close(rewrite);
}

static void maps_change_subject_and_reply(void **state)
{
	struct replay_rewrite *rewrite =
	    open_with((struct replay_rewrite_options){.maps = LIST("a.>=b.$clone.>"), .clones = 3});
	struct wire_event event = message("a.x", "");
	struct replay_rewritten out;

	(void)state;
	event.reply = WIRE_LITERAL("a.reply");
	replay_rewrite(rewrite, &event, 3, &out);
	assert_true(wire_slice_equal(out.subject, WIRE_LITERAL("b.3.x")));
	assert_true(wire_slice_equal(out.reply, WIRE_LITERAL("b.3.reply")));
	replay_rewrite_close(rewrite);
}

static void messages_with_headers_for_streams_are_counted(void **state)
{
	struct replay_rewrite *keeps = open_with((struct replay_rewrite_options){0});
	struct replay_rewrite *drops =
	    open_with((struct replay_rewrite_options){.drop_headers = LIST("Nats-Msg-Id")});

	(void)state;
	expect_headers(keeps, "NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n", "NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n");
	expect_headers(drops, "NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n", "");
	assert_int_equal(replay_rewrite_guarded(keeps), 1);
	assert_int_equal(replay_rewrite_guarded(drops), 0);
	replay_rewrite_close(keeps);
	replay_rewrite_close(drops);
}

static void malformed_headers_are_refused(void **state)
{
	static const char *const headers[] = {"", "A", ": x", "A B: x", "A: x\r\nB: y"};
	struct replay_rewrite *rewrite;
	struct wire_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const struct replay_rewrite_options options = {.add_headers = LIST(headers[i]), .clones = 1};
		if (replay_rewrite_open(&rewrite, &options, &fault) == 0)
			fail_msg("\"%s\" was taken", headers[i]);
	}
}

/* ---- selecting ---- */

static void messages_are_omitted_for_the_right_reason(void **state)
{
	static const struct {
		const char *subject;
		enum replay_omission omission;
	} rows[] = {
	    {"orders.new", REPLAY_PLAYED},
	    {"$SYS.ACCOUNT.x", REPLAY_OMIT_INTERNAL},
	    {"$JS.API.STREAM.LIST", REPLAY_OMIT_INTERNAL},
	    {"_R_.abc.1", REPLAY_OMIT_INTERNAL},
	    {"_INBOX.abc.1", REPLAY_PLAYED},
	    {"$SYSTEM.x", REPLAY_PLAYED},
	    {"", REPLAY_OMIT_SUBJECT},
	};
	const struct replay_select select = {.shards = 1}, internal = {.shards = 1, .internal = true};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_event event = message(rows[i].subject, "");
		assert_int_equal(replay_select_judge(&select, &event, NULL), rows[i].omission);
	}
	struct wire_event event = message("$SYS.x", "");
	assert_int_equal(replay_select_judge(&internal, &event, NULL), REPLAY_PLAYED);
	event = message("a", "");
	event.flags = WIRE_EVENT_CUT;
	assert_int_equal(replay_select_judge(&select, &event, NULL), REPLAY_OMIT_INCOMPLETE);
	event.subject = wire_slice("a\0b", 3);
	assert_int_equal(replay_select_judge(&select, &event, NULL), REPLAY_OMIT_SUBJECT);
}

static void messages_of_live_services_are_omitted(void **state)
{
	const struct replay_select select = {.shards = 1, .live = LIST("stock", "billing")};
	const struct wire_client stock = {.name = WIRE_LITERAL("stock")},
				 shop = {.name = WIRE_LITERAL("shop")};
	struct wire_event event = message("a", "");

	(void)state;
	assert_int_equal(replay_select_judge(&select, &event, &stock), REPLAY_OMIT_LIVE);
	assert_int_equal(replay_select_judge(&select, &event, &shop), REPLAY_PLAYED);
	assert_int_equal(replay_select_judge(&select, &event, NULL), REPLAY_PLAYED);
}

/* No shard has much more than its share either. */
static void every_connection_belongs_to_one_shard(void **state)
{
	enum { SHARDS = 4, CONNECTIONS = 4000 };
	int shares[SHARDS] = {0};

	(void)state;
	for (uint64_t conn = 1; conn <= CONNECTIONS; conn++) {
		int players = 0;
		for (uint32_t shard = 0; shard < SHARDS; shard++) {
			const struct replay_select select = {.shard = shard, .shards = SHARDS};
			struct wire_event event = message("a", "");
			event.conn = conn;
			if (replay_select_judge(&select, &event, NULL) == REPLAY_PLAYED) {
				players++;
				shares[shard]++;
			}
		}
		assert_int_equal(players, 1);
	}
	for (int shard = 0; shard < SHARDS; shard++)
		assert_in_range(shares[shard], CONNECTIONS / SHARDS * 9 / 10, CONNECTIONS / SHARDS * 11 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_options_headers_are_the_recorded_bytes),
	    cmocka_unit_test(headers_are_added_and_dropped_without_reordering_others),
	    cmocka_unit_test(dropping_the_last_header_drops_the_block),
	    cmocka_unit_test(provenance_adds_the_recorded_time_and_sequence_number),
	    cmocka_unit_test(maps_change_subject_and_reply),
	    cmocka_unit_test(messages_with_headers_for_streams_are_counted),
	    cmocka_unit_test(malformed_headers_are_refused),
	    cmocka_unit_test(messages_are_omitted_for_the_right_reason),
	    cmocka_unit_test(messages_of_live_services_are_omitted),
	    cmocka_unit_test(every_connection_belongs_to_one_shard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
