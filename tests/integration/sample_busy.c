#include "sample_busy.h"
#include "sample_log.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/fail.h"

/* 2026-11-23T08:00:00Z */
static const int64_t START_NS = INT64_C(1795420800) * 1000000000;

enum { CHECKOUT = 1, STOCK, BILLING, TICKER, BOARD, LAST_SECOND = 60 };

static void append(struct store_batch *batch, const struct wire_event *event)
{
	if (store_batch_append(batch, event) != 0)
		support_fail("an event does not fit into a block");
}

static struct wire_event at_ms(int64_t ms, enum wire_event_kind kind, uint64_t conn)
{
	return (struct wire_event){.kind = kind, .time_ns = START_NS + ms * 1000000, .conn = conn};
}

static void connect_client(struct store_batch *batch, uint64_t conn, const char *name)
{
	char address[40];
	snprintf(address, sizeof(address), "10.0.0.%" PRIu64 ":4000%" PRIu64, conn, conn);
	const struct wire_client client = {.name = wire_slice_str(name),
					   .address = wire_slice_str(address),
					   .lang = WIRE_LITERAL("go"),
					   .version = WIRE_LITERAL("1.22.1")};
	struct wire_event event = at_ms((int64_t)conn, WIRE_EVENT_CONNECT, conn);
	event.client = &client;
	append(batch, &event);
}

/* Publish to one receiver; 0: to none. */
static void publish(struct store_batch *batch, int64_t ms, uint64_t conn, const char *subject,
		    const char *reply, uint64_t to, const char *payload)
{
	const struct wire_receiver receiver = {.conn = to, .sid = WIRE_LITERAL("1")};
	struct wire_event event = at_ms(ms, WIRE_EVENT_MESSAGE, conn);
	event.subject = wire_slice_str(subject);
	event.reply = wire_slice_str(reply);
	event.payload = wire_slice_str(payload);
	event.size = event.payload.len;
	event.receivers = &receiver;
	event.receivers_len = event.receiver_count = to != 0;
	append(batch, &event);
}

/* A request of checkout and its reply so many ms later; 0: none. */
static void ask(struct store_batch *batch, int64_t ms, const char *subject, uint64_t to, int64_t took_ms)
{
	static unsigned number;
	char inbox[40], payload[60];
	snprintf(inbox, sizeof(inbox), "_INBOX.Xw3fW1tQ7yBz5Lk9.%u", ++number);
	snprintf(payload, sizeof(payload), "{\"order\":%u,\"total\":12.5}", 4000 + number);
	publish(batch, ms, CHECKOUT, subject, inbox, to, payload);
	if (took_ms > 0)
		publish(batch, ms + took_ms, to, inbox, NULL, CHECKOUT, "{\"ok\":true}");
}

/* One second of traffic. Every tenth charge has no reply, and the board is gone after 30 s. */
static void add_second(struct store_batch *batch, int64_t second)
{
	const int64_t ms = second * 1000;
	char price[40];
	snprintf(price, sizeof(price), "prices.%" PRId64, 100 + second % 4);
	ask(batch, ms + 10, "stock.get", STOCK, 2);
	if (second % 2 == 0)
		ask(batch, ms + 100, "billing.charge", BILLING, second % 10 == 0 ? 0 : 20 + second);
	for (int tick = 0; tick < 5; tick++)
		publish(batch, ms + 200 + tick, TICKER, "ticks", NULL, second < 30 ? BOARD : 0, "tick");
	publish(batch, ms + 300, TICKER, price, NULL, 0, "9.99");
}

static void cut_board_off(struct store_batch *batch)
{
	struct wire_event event = at_ms(29900, WIRE_EVENT_DISCONNECT, BOARD);
	event.text = WIRE_LITERAL("Slow Consumer (Pending Bytes)");
	event.lost_messages = 25;
	event.lost_bytes = 100;
	append(batch, &event);
}

static void add_end(struct store_batch *batch)
{
	struct wire_event event = at_ms(LAST_SECOND * 1000 + 500, WIRE_EVENT_ERROR, CHECKOUT);
	event.text = WIRE_LITERAL("Permissions Violation for Publish to \"admin\"");
	append(batch, &event);
	event = at_ms(LAST_SECOND * 1000 + 600, WIRE_EVENT_GAP, 0);
	event.text = WIRE_LITERAL("No space left on device");
	event.lost_messages = 42;
	event.from_ns = event.time_ns - 100000000;
	event.to_ns = event.time_ns;
	append(batch, &event);
}

static void add_busy(struct store_batch *batch)
{
	static const char *const names[] = {"checkout", "stock", "billing", "ticker", "wall-board"};
	for (uint64_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		connect_client(batch, i + 1, names[i]);
	for (int64_t second = 1; second <= LAST_SECOND; second++) {
		if (second == 30)
			cut_board_off(batch);
		add_second(batch, second);
	}
	add_end(batch);
}

static void add_hostile(struct store_batch *batch)
{
	connect_client(batch, CHECKOUT, "web\033[31m");
	connect_client(batch, STOCK, "stock");
	publish(batch, 10, CHECKOUT, "clear.\033[2J", NULL, STOCK,
		"\033]0;title\a\xc2\x9b"
		"2J");
}

void sample_busy_write(void)
{
	sample_log_write("busy", add_busy);
	sample_log_write("hostile", add_hostile);
}
