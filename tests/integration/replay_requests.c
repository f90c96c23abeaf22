/* replay_requests: three services are recorded; then their requests are played against changed ones.
 *
 *   shop ──order.new──▶ checkout ──stock.get──▶ stock
 *                            └──price.get──▶ price
 *
 * checkout asks stock and price before it answers, and publishes order.done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replaying.h"
#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/run.h"

enum { ORDERS = 20, WAIT_MS = 20000, REPLY_BYTES = 200 };

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

/* ---- the services ---- */

struct service {
	natsConnection *nats;
	natsSubscription *sub;
	/* Make the reply to a request of `data`; false: none. */
	bool (*answer)(struct service *service, const char *data, char reply[REPLY_BYTES]);
	atomic_int asked;
	const char *at; /* a text that differs from run to run */
	int delay_ms;
};

static void serve(natsConnection *nats, natsSubscription *sub, natsMsg *msg, void *context)
{
	struct service *service = context;
	char data[REPLY_BYTES], reply[REPLY_BYTES];

	(void)nats;
	(void)sub;
	snprintf(data, sizeof(data), "%.*s", natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
	service->asked++;
	if (service->delay_ms > 0)
		nats_Sleep(service->delay_ms);
	if (service->answer(service, data, reply) && natsMsg_GetReply(msg))
		natsConnection_PublishString(service->nats, natsMsg_GetReply(msg), reply);
	natsMsg_Destroy(msg);
}

static void open_service(struct service *service, int port, const char *name, const char *subject)
{
	service->asked = 0;
	service->nats = replaying_connect(port, name);
	MUST(natsConnection_QueueSubscribe(&service->sub, service->nats, subject, "workers", serve, service));
	MUST(natsConnection_Flush(service->nats));
}

static void close_service(struct service *service)
{
	natsSubscription_Destroy(service->sub);
	natsConnection_Destroy(service->nats);
}

static bool answer_stock(struct service *service, const char *data, char reply[REPLY_BYTES])
{
	snprintf(reply, REPLY_BYTES, "{\"item\":%s,\"stock\":3,\"at\":\"%s\"}", data, service->at);
	return true;
}

/* Item 7 is sold out. */
static bool answer_stock_changed(struct service *service, const char *data, char reply[REPLY_BYTES])
{
	snprintf(reply, REPLY_BYTES, "{\"at\":\"%s\",\"item\":%s,\"stock\":%d}", service->at, data,
		 strcmp(data, "7") == 0 ? 0 : 3);
	return true;
}

static bool answer_stock_but_item_7(struct service *service, const char *data, char reply[REPLY_BYTES])
{
	return strcmp(data, "7") != 0 && answer_stock(service, data, reply);
}

static bool answer_price(struct service *service, const char *data, char reply[REPLY_BYTES])
{
	(void)service;
	snprintf(reply, REPLY_BYTES, "{\"item\":%s,\"price\":12.5}", data);
	return true;
}

/* One of checkout's own requests; the reply goes to `reply`. */
static bool ask(struct service *service, const char *subject, const char *data, char reply[REPLY_BYTES])
{
	natsMsg *msg = NULL;
	bool is_answered =
	    natsConnection_RequestString(&msg, service->nats, subject, data, WAIT_MS) == NATS_OK &&
	    !natsMsg_IsNoResponders(msg);

	if (is_answered)
		snprintf(reply, REPLY_BYTES, "%.*s", natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
	natsMsg_Destroy(msg);
	return is_answered;
}

static bool answer_order(struct service *service, const char *data, char reply[REPLY_BYTES])
{
	char stock[REPLY_BYTES] = "", price[REPLY_BYTES] = "";

	if (!ask(service, "stock.get", data, stock) || !ask(service, "price.get", data, price))
		return false;
	natsConnection_PublishString(service->nats, "order.done", data);
	snprintf(reply, REPLY_BYTES, "{\"order\":%s,\"ok\":%s}", data,
		 strstr(stock, "\"stock\":0") ? "false" : "true");
	return true;
}

/* ---- the recording ---- */

struct recording {
	struct support_tempdir dir;
	char log[300];
};

static struct recording recording;

static void order_all(int port)
{
	natsConnection *shop = replaying_connect(port, "shop");
	char item[12];

	for (int i = 0; i < ORDERS; i++) {
		natsMsg *msg = NULL;
		snprintf(item, sizeof(item), "%d", i);
		MUST(natsConnection_RequestString(&msg, shop, "order.new", item, WAIT_MS));
		natsMsg_Destroy(msg);
	}
	natsConnection_Destroy(shop);
}

static int record_services(void **state)
{
	struct support_broker broker;
	struct service stock = {.answer = answer_stock, .at = "monday"}, price = {.answer = answer_price},
		       checkout = {.answer = answer_order};

	(void)state;
	support_tempdir_open(&recording.dir);
	support_tempdir_path(&recording.dir, "log", recording.log, sizeof(recording.log));
	support_broker_open(&broker, ARGS("--record", recording.log), false);
	open_service(&stock, broker.server.port, "stock", "stock.get");
	open_service(&price, broker.server.port, "price", "price.get");
	open_service(&checkout, broker.server.port, "checkout", "order.new");
	order_all(broker.server.port);
	close_service(&checkout);
	close_service(&price);
	close_service(&stock);
	support_broker_close(&broker);
	return 0;
}

static int remove_recording(void **state)
{
	(void)state;
	support_tempdir_close(&recording.dir);
	nats_CloseAndWait(WAIT_MS);
	return 0;
}

/* ---- playing ---- */

/* The services and the broker that a replay plays into; the broker records nothing. */
struct platform {
	struct support_broker broker;
	struct service stock, price, checkout;
	struct replaying_receiver watcher;
};

static void open_broker(struct platform *platform)
{
	support_broker_open(&platform->broker, NULL, false);
}

static json_t *play(struct platform *platform, const char *const *args, int wanted_status, char **text)
{
	json_t *report;
	char *output;
	int status = replaying_run(recording.log, platform->broker.server.port, args, &report, &output);

	if (status != wanted_status)
		fail_msg("exit status %d, not %d:\n%s", status, wanted_status, output);
	assert_non_null(report);
	if (text)
		*text = output;
	else
		free(output);
	return report;
}

static void a_service_that_answers_as_recorded_is_verified(void **state)
{
	struct platform platform = {.stock = {.answer = answer_stock, .at = "monday"}};

	(void)state;
	open_broker(&platform);
	open_service(&platform.stock, platform.broker.server.port, "stock", "stock.get");
	json_t *report =
	    play(&platform, ARGS("stock.get", "--verify", "--json", "--tolerance", "10s"), 0, NULL);
	assert_int_equal(replaying_number(report, "sent"), ORDERS);
	assert_int_equal(replaying_number(report, "requests.answered"), ORDERS);
	assert_int_equal(replaying_number(report, "requests.same"), ORDERS);
	assert_int_equal(platform.stock.asked, ORDERS);
	json_decref(report);
	close_service(&platform.stock);
	support_broker_close(&platform.broker);
}

static void verifying_finds_exactly_the_change(void **state)
{
	struct platform platform = {.stock = {.answer = answer_stock_changed, .at = "tuesday"}};
	char *text;

	(void)state;
	open_broker(&platform);
	open_service(&platform.stock, platform.broker.server.port, "stock", "stock.get");
	json_t *report =
	    play(&platform, ARGS("stock.get", "--verify", "--ignore", "$.at", "--json", "--speed", "max"), 1,
		 &text);
	assert_int_equal(replaying_number(report, "requests.same"), ORDERS - 1);
	assert_int_equal(replaying_number(report, "requests.different"), 1);
	json_t *mismatch = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
	assert_string_equal(json_string_value(json_object_get(mismatch, "mismatch")), "different");
	assert_string_equal(json_string_value(json_object_get(mismatch, "subject")), "stock.get");
	const json_t *live = json_object_get(mismatch, "live"),
		     *recorded = json_object_get(mismatch, "recorded");
	assert_string_equal(json_string_value(json_object_get(live, "payload")),
			    "{\"at\":\"tuesday\",\"item\":7,\"stock\":0}");
	assert_string_equal(json_string_value(json_object_get(recorded, "payload")),
			    "{\"item\":7,\"stock\":3,\"at\":\"monday\"}");
	json_decref(mismatch);
	json_decref(report);
	free(text);
	close_service(&platform.stock);
	support_broker_close(&platform.broker);
}

static void replies_that_do_not_come_are_missing(void **state)
{
	struct platform platform = {.stock = {.answer = answer_stock_but_item_7, .at = "monday"}};

	(void)state;
	open_broker(&platform);
	open_service(&platform.stock, platform.broker.server.port, "stock", "stock.get");
	json_t *report =
	    play(&platform,
		 ARGS("stock.get", "price.get", "--verify", "--timeout", "300ms", "--json", "--speed", "max"),
		 1, NULL);
	assert_int_equal(replaying_number(report, "requests.sent"), 2 * ORDERS);
	assert_int_equal(replaying_number(report, "requests.no_responders"), ORDERS); /* of price */
	assert_int_equal(replaying_number(report, "requests.timeouts"), 1);
	assert_int_equal(replaying_number(report, "requests.missing"), ORDERS + 1);
	assert_int_equal(replaying_number(report, "requests.same"), ORDERS - 1);
	json_decref(report);
	close_service(&platform.stock);
	support_broker_close(&platform.broker);
}

static void a_slower_service_is_reported_by_name(void **state)
{
	struct platform platform = {.stock = {.answer = answer_stock, .at = "monday", .delay_ms = 60}};
	char *text;

	(void)state;
	open_broker(&platform);
	open_service(&platform.stock, platform.broker.server.port, "stock", "stock.get");
	json_t *report = play(
	    &platform,
	    ARGS("stock.get", "--verify", "--slower", "2x", "--rate", "10", "--json", "--tolerance", "10s"),
	    1, &text);
	/* Replies recorded within a few milliseconds take 60 now; on a busy machine some were recorded slowly. */
	assert_true(replaying_number(report, "requests.slower") > ORDERS / 2);
	assert_true(replaying_number(report, "requests.live_us.p50") >= 60000);
	assert_non_null(strstr(text, "\"mismatch\":\"slower\""));
	json_decref(report);
	free(text);
	close_service(&platform.stock);
	support_broker_close(&platform.broker);
}

/* All three are live: only the shop's orders are to be played, and everything else happens once. */
static void roots_are_played_and_nothing_happens_twice(void **state)
{
	struct platform platform = {.stock = {.answer = answer_stock, .at = "monday"},
				    .price = {.answer = answer_price},
				    .checkout = {.answer = answer_order}};
	int port;

	(void)state;
	open_broker(&platform);
	port = platform.broker.server.port;
	open_service(&platform.stock, port, "stock", "stock.get");
	open_service(&platform.price, port, "price", "price.get");
	open_service(&platform.checkout, port, "checkout", "order.new");
	replaying_receiver_open(&platform.watcher, port, "order.done");
	json_t *report = play(&platform,
			      ARGS("--roots", "--live", "stock", "--live", "price", "--live", "checkout",
				   "--verify", "--json", "--tolerance", "10s"),
			      0, NULL);
	assert_int_equal(replaying_number(report, "sent"), ORDERS);
	assert_int_equal(replaying_number(report, "skipped_by.live"), 3 * ORDERS);
	assert_int_equal(replaying_number(report, "skipped_by.replies"), 3 * ORDERS);
	assert_int_equal(replaying_number(report, "requests.same"), ORDERS);
	assert_int_equal(platform.stock.asked, ORDERS);
	assert_int_equal(platform.price.asked, ORDERS);
	replaying_receiver_await(&platform.watcher, ORDERS);
	/* 20 orders: a request and its reply each for order.new, stock.get, price.get; and order.done. */
	assert_int_equal(support_broker_varz(&platform.broker, "in_msgs"), 7 * ORDERS);
	json_decref(report);
	replaying_receiver_close(&platform.watcher);
	close_service(&platform.checkout);
	close_service(&platform.price);
	close_service(&platform.stock);
	support_broker_close(&platform.broker);
}

static void without_verify_replies_are_counted_only(void **state)
{
	struct platform platform = {.price = {.answer = answer_price}};

	(void)state;
	open_broker(&platform);
	open_service(&platform.price, platform.broker.server.port, "price", "price.get");
	json_t *report =
	    play(&platform, ARGS("price.get", "--requests", "live", "--speed", "max", "--json"), 0, NULL);
	assert_int_equal(replaying_number(report, "requests.answered"), ORDERS);
	assert_null(json_object_get(json_object_get(report, "requests"), "same"));
	json_decref(report);
	close_service(&platform.price);
	support_broker_close(&platform.broker);
}

static void write_log(const char *log, const struct wire_event *events, size_t count)
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;

	store_writer_options_init(&options);
	assert_int_equal(store_writer_open(&writer, log, &options, &fault), 0);
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct store_batch *batch = store_producer_batch(producer);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(store_batch_append(batch, &events[i]), 0);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
	store_writer_close(writer);
}

enum { SECOND_NS = 1000000000 };

/* A request, and a message a minute later. */
static const struct wire_event lone_request = {.kind = WIRE_EVENT_MESSAGE,
					       .time_ns = 1795420639LL * SECOND_NS,
					       .conn = 1,
					       .subject = {"price.get", 9},
					       .reply = {"_INBOX.asked.1", 14},
					       .payload = {"1", 1},
					       .size = 1,
					       .receiver_count = 1};
static const struct wire_event a_minute_later = {
    .kind = WIRE_EVENT_MESSAGE, .time_ns = 1795420699LL * SECOND_NS, .conn = 1, .subject = {"later", 5}};

/* A log of a request and its reply. The flags say which of the two is masked. */
static void write_masked(const char *log, uint32_t request_flags, uint32_t reply_flags)
{
	const struct wire_event reply = {.kind = WIRE_EVENT_MESSAGE,
					 .flags = reply_flags,
					 .time_ns = lone_request.time_ns + 1000000,
					 .conn = 2,
					 .subject = lone_request.reply,
					 .payload = WIRE_LITERAL("****"),
					 .size = 4,
					 .receiver_count = 1};
	struct wire_event events[] = {lone_request, reply, a_minute_later};

	events[0].flags = request_flags;
	write_log(log, events, 3);
}

static void a_masked_reply_is_masked_and_not_another_reply(void **state)
{
	static const struct {
		const char *log, *verdict;
		uint32_t request_flags, reply_flags;
	} cases[] = {
	    {"clear", "requests.different", 0, 0},
	    {"masked-reply", "requests.masked", 0, WIRE_EVENT_MASKED},
	    {"masked-request", "requests.masked", WIRE_EVENT_MASKED, 0},
	};
	struct platform platform = {.price = {.answer = answer_price}};

	(void)state;
	open_broker(&platform);
	open_service(&platform.price, platform.broker.server.port, "price", "price.get");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char log[300];
		json_t *report;
		support_tempdir_path(&recording.dir, cases[i].log, log, sizeof(log));
		write_masked(log, cases[i].request_flags, cases[i].reply_flags);
		int status = replaying_run(log, platform.broker.server.port,
					   ARGS("--verify", "--speed", "max", "--timeout", "1s", "--json"),
					   &report, NULL);
		assert_int_equal(status, i == 0 ? 1 : 0);
		assert_int_equal(replaying_number(report, cases[i].verdict), 1);
		json_decref(report);
	}
	close_service(&platform.price);
	support_broker_close(&platform.broker);
}

/* A log of a request without a reply, with or without a gap after it. */
static void write_unanswered(const char *log, bool has_gap)
{
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .time_ns = lone_request.time_ns + SECOND_NS,
				       .lost_messages = 5,
				       .from_ns = lone_request.time_ns,
				       .to_ns = lone_request.time_ns + SECOND_NS,
				       .text = WIRE_LITERAL("disk full")};
	struct wire_event events[3] = {lone_request};
	size_t count = 1;

	if (has_gap)
		events[count++] = gap;
	events[count++] = a_minute_later;
	write_log(log, events, count);
}

/* As a sniffer records it: who received the request is unknown, and the server's message is a reply. */
static void a_recorded_no_responders_is_verified_by_a_live_one(void **state)
{
	struct platform platform = {0};
	struct wire_event events[3] = {lone_request, {.kind = WIRE_EVENT_MESSAGE}, a_minute_later};
	char log[300];
	json_t *report;

	(void)state;
	events[0].receiver_count = 0;
	events[0].flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
	events[1].time_ns = lone_request.time_ns + 1000;
	events[1].subject = lone_request.reply;
	events[1].headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n");
	open_broker(&platform);
	support_tempdir_path(&recording.dir, "nobody", log, sizeof(log));
	write_log(log, events, 3);
	int status =
	    replaying_run(log, platform.broker.server.port,
			  ARGS("--verify", "--speed", "max", "--timeout", "1s", "--json"), &report, NULL);
	assert_int_equal(replaying_number(report, "requests.no_responders"), 1);
	assert_int_equal(replaying_number(report, "requests.same"), 1);
	assert_int_equal(status, 0);
	json_decref(report);
	support_broker_close(&platform.broker);
}

static void a_reply_that_may_be_lost_in_a_gap_is_unverifiable(void **state)
{
	static const char *const verdicts[] = {"requests.extra", "requests.unverifiable"};
	struct platform platform = {.price = {.answer = answer_price}};

	(void)state;
	open_broker(&platform);
	open_service(&platform.price, platform.broker.server.port, "price", "price.get");
	for (int has_gap = 0; has_gap < 2; has_gap++) {
		char log[300];
		json_t *report;
		support_tempdir_path(&recording.dir, has_gap ? "gap" : "whole", log, sizeof(log));
		write_unanswered(log, has_gap);
		int status = replaying_run(log, platform.broker.server.port,
					   ARGS("--verify", "--speed", "max", "--timeout", "1s", "--json"),
					   &report, NULL);
		assert_int_equal(status, has_gap ? 0 : 1);
		assert_int_equal(replaying_number(report, verdicts[has_gap]), 1);
		assert_int_equal(replaying_number(report, "requests.sent"), 1);
		json_decref(report);
	}
	close_service(&platform.price);
	support_broker_close(&platform.broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_service_that_answers_as_recorded_is_verified),
	    cmocka_unit_test(verifying_finds_exactly_the_change),
	    cmocka_unit_test(replies_that_do_not_come_are_missing),
	    cmocka_unit_test(a_slower_service_is_reported_by_name),
	    cmocka_unit_test(roots_are_played_and_nothing_happens_twice),
	    cmocka_unit_test(without_verify_replies_are_counted_only),
	    cmocka_unit_test(a_recorded_no_responders_is_verified_by_a_live_one),
	    cmocka_unit_test(a_reply_that_may_be_lost_in_a_gap_is_unverifiable),
	    cmocka_unit_test(a_masked_reply_is_masked_and_not_another_reply),
	};
	return cmocka_run_group_tests(tests, record_services, remove_recording);
}
