#include "sample_conversations.h"
#include "sample_log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/write/append.h"
#include "store/write/encode.h"
#include "store/write/producer.h"
#include "support/fail.h"
#include "support/tempdir.h"

/* 2026-11-23T07:57:19Z */
static const int64_t START_NS = INT64_C(1795420639) * 1000000000;

static const uint8_t LOG_ID[16] = "conversations 16";

enum { WEB = 1, ORDERS, STOCK, MAIL, AUDIT, CLIENTS = AUDIT, NOBODY = 0 };

static const char *const names[] = {"web", "orders", "stock", "mail", "audit"};

/* One line of a conversation: publisher, message, and the clients that got it. */
struct line {
	int64_t us;
	uint64_t from;
	const char *subject, *reply, *headers, *payload;
	uint64_t to[3]; /* ended by NOBODY */
	uint32_t flags;
	enum wire_outcome outcome; /* of the last receiver */
};

#define TRACED(span) "NATS/1.0\r\nTraceParent: 00-0af7651916cd43dd8448eb211c80319c-" span "-01\r\n\r\n"
#define ORDER        "{\"order_id\":\"o-4711\"}"

static const struct line order[] = {
    {0, WEB, "orders.new", "_INBOX.web.1", TRACED("00000000000000a1"), ORDER, {ORDERS, AUDIT}, 0, 0},
    {400,
     ORDERS,
     "stock.get",
     "_INBOX.orders.1",
     TRACED("00000000000000a2"),
     "{\"sku\":\"a-17\"}",
     {STOCK},
     0,
     0},
    {900, STOCK, "_INBOX.orders.1", "", "", "{\"stock\":3}", {ORDERS}, 0, 0},
    {1300, ORDERS, "orders.accepted", "", "", ORDER, {MAIL, AUDIT}, 0, 0},
    {1500, ORDERS, "_INBOX.web.1", "", "", "{\"ok\":true}", {WEB}, 0, 0},
    {3000, MAIL, "mail.sent", "", "", "{\"order_id\":\"o-4711\",\"to\":\"\033[31mred\"}", {AUDIT}, 0, 0},
};

static const struct line troubles[] = {
    {20000, WEB, "orders.cancel", "_INBOX.web.2", "", "{\"order_id\":\"o-4712\"}", {NOBODY}, 0, 0},
    {20100, NOBODY, "_INBOX.web.2", "", "NATS/1.0 503\r\n\r\n", "", {WEB}, 0, 0},
    {30000, WEB, "orders.find", "_INBOX.web.3", "", "{\"order_id\":\"o-4713\"}", {ORDERS}, 0, 0},
    {40000, WEB, "orders.log", "", "", "{\"order_id\":\"o-4714\"}", {AUDIT, MAIL}, 0, WIRE_DROPPED_SLOW},
    {50000,
     NOBODY,
     "orders.seen",
     "",
     "",
     "{\"order_id\":\"o-4715\"}",
     {NOBODY},
     WIRE_EVENT_PUBLISHER_UNKNOWN | WIRE_EVENT_RECEIVERS_UNKNOWN,
     0},
    {60000, WEB, "orders.ask", "_INBOX.web.4", "", "{\"order_id\":\"o-4716\"}", {ORDERS, STOCK}, 0, 0},
    {60500, ORDERS, "_INBOX.web.4", "", "", "first", {WEB}, 0, 0},
    {60700,
     STOCK,
     "_INBOX.web.4",
     "",
     "NATS/1.0\r\nNats-Service-Error: no such order\r\n\r\n",
     "second",
     {WEB},
     0,
     0},
    {70000,
     WEB,
     "ORDERS.paid",
     "_INBOX.web.5",
     "NATS/1.0\r\nNats-Msg-Id: p1\r\n\r\n",
     "{\"order_id\":\"o-4717\"}",
     {NOBODY},
     WIRE_EVENT_RECEIVERS_UNKNOWN,
     0},
    {70300, NOBODY, "_INBOX.web.5", "", "", "{\"stream\":\"ORDERS\",\"seq\":12}", {WEB}, 0, 0},
    {70500,
     NOBODY,
     "ORDERS.paid",
     "$JS.ACK.ORDERS.mailer.1.12.1.1795420639000000000.0",
     "NATS/1.0\r\nNats-Msg-Id: p1\r\n\r\n",
     "{\"order_id\":\"o-4717\"}",
     {MAIL},
     0,
     0},
    {71000,
     MAIL,
     "$JS.ACK.ORDERS.mailer.1.12.1.1795420639000000000.0",
     "",
     "",
     "+ACK",
     {NOBODY},
     WIRE_EVENT_RECEIVERS_UNKNOWN,
     0},
};

static const struct line depot[] = {
    {200, ORDERS, "orders.copied", "", "", ORDER, {AUDIT}, 0, 0},
};

static void append(struct store_batch *batch, const struct wire_event *event)
{
	if (store_batch_append(batch, event) != 0)
		support_fail("an event does not fit into a block");
}

static void append_clients(struct store_batch *batch)
{
	for (uint64_t conn = 1; conn <= CLIENTS; conn++) {
		const struct wire_client client = {.name = wire_slice_str(names[conn - 1])};
		const struct wire_event event = {.kind = WIRE_EVENT_CONNECT,
						 .time_ns = START_NS - 1000 + (int64_t)conn,
						 .conn = conn,
						 .client = &client};
		append(batch, &event);
	}
}

static void append_line(struct store_batch *batch, const struct line *line)
{
	struct wire_receiver receivers[3];
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .flags = line->flags,
				   .time_ns = START_NS + line->us * 1000,
				   .conn = line->from,
				   .subject = wire_slice_str(line->subject),
				   .reply = wire_slice_str(line->reply),
				   .headers = wire_slice_str(line->headers),
				   .payload = wire_slice_str(line->payload),
				   .size = strlen(line->payload),
				   .receivers = receivers};
	while (event.receivers_len < 3 && line->to[event.receivers_len] != NOBODY) {
		uint32_t i = event.receivers_len++;
		receivers[i] = (struct wire_receiver){.conn = line->to[i], .sid = WIRE_LITERAL("1")};
	}
	event.receiver_count = event.receivers_len;
	if (line->outcome != WIRE_SENT) {
		receivers[event.receivers_len - 1].outcome = line->outcome;
		event.receiver_count--;
	}
	append(batch, &event);
}

static void append_gap(struct store_batch *batch, int64_t us)
{
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = START_NS + us * 1000,
					 .text = WIRE_LITERAL("No space left on device"),
					 .lost_messages = 7,
					 .from_ns = START_NS + us * 1000 - 200000,
					 .to_ns = START_NS + us * 1000};
	append(batch, &event);
}

static void append_shop(struct store_batch *batch)
{
	append_clients(batch);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		append_line(batch, &order[i]);
		if (i == 4)
			append_gap(batch, 2000);
	}
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		append_line(batch, &troubles[i]);
}

static void append_depot(struct store_batch *batch)
{
	append_clients(batch);
	for (size_t i = 0; i < sizeof(depot) / sizeof(depot[0]); i++)
		append_line(batch, &depot[i]);
}

/* ---- a damaged block inside a conversation ---- */

/* Append a batch as a block. Returns its bytes. */
static size_t put_block(FILE *file, struct store_encoder *encoder, struct store_batch *batch, uint64_t *seq)
{
	const unsigned char *bytes;
	int64_t len = store_encode(encoder, batch, *seq, 1, &bytes, NULL);

	if (len < 0 || fwrite(bytes, 1, (size_t)len, file) != (size_t)len)
		support_fail("cannot write a block");
	*seq += store_batch_events(batch);
	store_batch_reset(batch);
	return (size_t)len;
}

static void flip_bit(const char *path, size_t at)
{
	size_t len = 0;
	char *bytes = support_read_file(path, &len);

	bytes[at] ^= 4;
	support_write_file(path, bytes, len);
	free(bytes);
}

/* Clients and the first two lines; the reply to stock.get; the rest. */
static void write_broken(void)
{
	const char *path = "broken/00000000000000000001.seg";
	struct store_file_header header = {
	    .major = STORE_VERSION_MAJOR, .first_seq = 1, .created_ns = START_NS, .next_conn = 1};
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	struct store_encoder *encoder = store_encoder_open();
	struct store_batch *batch = store_batch_open();
	size_t ends[3] = {0}, at = sizeof(bytes);
	uint64_t seq = 1;

	memcpy(header.log_id, LOG_ID, sizeof(header.log_id));
	mkdir("broken", 0700);
	FILE *file = fopen(path, "w");
	store_file_header_put(bytes, &header);
	if (!file || fwrite(bytes, 1, sizeof(bytes), file) != sizeof(bytes))
		support_fail("%s", path);
	store_encoder_set_log(encoder, LOG_ID);
	append_clients(batch);
	for (size_t i = 0, block = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		append_line(batch, &order[i]);
		if (i == 1 || i == 2 || i == 5)
			ends[block++] = at += put_block(file, encoder, batch, &seq);
	}
	fclose(file);
	store_batch_close(batch);
	store_encoder_close(encoder);
	flip_bit(path, ends[1] - 2);
}

void sample_conversations_write(void)
{
	sample_log_write("shop", append_shop);
	sample_log_write("depot", append_depot);
	write_broken();
}
