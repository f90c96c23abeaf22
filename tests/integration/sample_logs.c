#include "sample_logs.h"
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

static const uint8_t LOG_ID[16] = "a sample log 16";

#define SLICE(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct wire_client checkout = {.address = SLICE("10.0.0.7:53122"),
					    .name = SLICE("checkout"),
					    .lang = SLICE("go"),
					    .version = SLICE("1.22.1"),
					    .user = SLICE("alice")};
static const struct wire_client stock = {.address = SLICE("10.0.0.8:40000"),
					 .name = SLICE("stock"),
					 .lang = SLICE("C"),
					 .version = SLICE("3.4.1")};
static const struct wire_client nameless = {.address = SLICE("[::1]:50123")};

static const struct wire_receiver to_stock[] = {{2, SLICE("1"), SLICE("workers"), WIRE_SENT}};
static const struct wire_receiver to_checkout[] = {{1, SLICE("7"), {0}, WIRE_SENT}};
static const struct wire_receiver to_two[] = {{2, SLICE("4"), {0}, WIRE_SENT},
					      {3, SLICE("1"), {0}, WIRE_DROPPED_SLOW}};

static struct wire_event at_ms(int64_t ms, enum wire_event_kind kind, uint64_t conn)
{
	return (struct wire_event){.kind = kind, .time_ns = START_NS + ms * 1000000 + 123456, .conn = conn};
}

static struct wire_event message(int64_t ms, uint64_t conn, const char *subject, struct wire_slice payload)
{
	struct wire_event event = at_ms(ms, WIRE_EVENT_MESSAGE, conn);

	event.subject = wire_slice_str(subject);
	event.payload = payload;
	event.size = payload.len;
	return event;
}

static void deliver(struct wire_event *event, const struct wire_receiver *receivers, uint32_t len,
		    uint32_t count)
{
	event->receivers = receivers;
	event->receivers_len = len;
	event->receiver_count = count;
}

static void append(struct store_batch *batch, const struct wire_event *event)
{
	if (store_batch_append(batch, event) != 0)
		support_fail("an event does not fit into a block");
}

static void append_connections(struct store_batch *batch)
{
	const struct wire_client *const clients[] = {&checkout, &stock, &nameless};

	for (uint64_t i = 0; i < 3; i++) {
		struct wire_event event = at_ms((int64_t)i, WIRE_EVENT_CONNECT, i + 1);

		event.client = clients[i];
		append(batch, &event);
	}
}

static void append_messages(struct store_batch *batch)
{
	struct wire_event event = message(100, 1, "orders.new", WIRE_LITERAL("{\"id\":4711,\"total\":12.5}"));

	deliver(&event, to_two, 2, 1);
	append(batch, &event);
	event = message(110, 1, "stock.get", WIRE_LITERAL("{\"sku\":\"a1\"}"));
	event.reply = WIRE_LITERAL("_INBOX.Xw3fW1tQ7yBz5Lk9.1");
	event.headers = WIRE_LITERAL("NATS/1.0\r\nTrace-Id: abc\r\nTag: one\r\nTag: two\r\n\r\n");
	deliver(&event, to_stock, 1, 1);
	append(batch, &event);
	event = message(111, 2, "_INBOX.Xw3fW1tQ7yBz5Lk9.1", WIRE_LITERAL("{\"stock\":3}"));
	deliver(&event, to_checkout, 1, 1);
	append(batch, &event);
	event = message(200, 3, "images.raw", WIRE_LITERAL("\x89PNG\r\n\x1a\n\x00\xff\033[2J"));
	deliver(&event, NULL, 0, 0);
	append(batch, &event);
	event = message(210, 3, "orders.eu.new",
			WIRE_LITERAL("{\n  \"id\": 4712,\n  \"ort\": \"K\xc3\xb6ln\"\n}"));
	deliver(&event, to_stock, 1, 1);
	append(batch, &event);
	event = message(220, 1, "orders.new", WIRE_LITERAL("0123456789"));
	event.size = 70000;
	event.flags = WIRE_EVENT_CUT;
	deliver(&event, to_stock, 1, 1);
	append(batch, &event);
}

static void append_troubles(struct store_batch *batch)
{
	struct wire_event event = at_ms(300, WIRE_EVENT_ERROR, 3);

	event.text = WIRE_LITERAL("Permissions Violation for Publish to \"admin\"");
	append(batch, &event);
	event = at_ms(400, WIRE_EVENT_DISCONNECT, 3);
	event.text = WIRE_LITERAL("slow consumer: pending limit");
	event.lost_messages = 1500;
	event.lost_bytes = 96000;
	append(batch, &event);
	event = at_ms(500, WIRE_EVENT_GAP, 0);
	event.text = WIRE_LITERAL("No space left on device");
	event.lost_messages = 42;
	event.lost_bytes = 4200;
	event.from_ns = START_NS + 410000000;
	event.to_ns = START_NS + 490000000;
	append(batch, &event);
	event = at_ms(600, WIRE_EVENT_MARK, 0);
	event.text = WIRE_LITERAL("deploy of checkout 7");
	append(batch, &event);
}

static void append_log(struct store_batch *batch)
{
	append_connections(batch);
	append_messages(batch);
	append_troubles(batch);
}

static void append_line(struct store_batch *batch, int64_t ms, uint64_t conn, const char *subject,
			const char *reply, const char *payload)
{
	struct wire_event event = message(ms, conn, subject, wire_slice_str(payload));

	event.reply = wire_slice_str(reply);
	deliver(&event, NULL, 0, 1);
	append(batch, &event);
}

static void append_first(struct store_batch *batch)
{
	append_line(batch, 0, 1, "orders.new", "", "{\"id\":1,\"customer\":\"Smith\",\"total\":12.5}");
	append_line(batch, 1, 1, "stock.get", "_INBOX.Xw3fW1.1", "{\"sku\":\"a1\"}");
	append_line(batch, 2, 2, "_INBOX.Xw3fW1.1", "", "{\"stock\":3}");
	append_line(batch, 3, 3, "ticks", "", "one");
	append_line(batch, 4, 3, "ticks", "", "two");
	append_line(batch, 5, 3, "ticks", "", "three");
	append_line(batch, 6, 1, "orders.new", "", "{\"id\":2,\"customer\":\"Jones\",\"total\":99}");
	append_line(batch, 7, 1, "stock.get", "_INBOX.Xw3fW1.2", "{\"sku\":\"b7\"}");
	append_line(batch, 8, 2, "_INBOX.Xw3fW1.2", "", "{\"stock\":0}");
	append_line(batch, 9, 1, "orders.new", "", "{\"id\":3,\"customer\":\"Brown\",\"total\":7}");
}

static void append_again(struct store_batch *batch)
{
	append_line(batch, 900, 8, "ticks", "", "one");
	append_line(batch, 910, 6, "orders.new", "", "{\"id\":1,\"customer\":\"Smith\",\"total\":12.5}");
	append_line(batch, 920, 6, "stock.get", "_INBOX.p81mZZ.7", "{\"sku\":\"a1\"}");
	append_line(batch, 921, 6, "orders.new", "", "{\"id\":2,\"customer\":\"Jones\",\"total\":99}");
	append_line(batch, 922, 6, "stock.get", "_INBOX.p81mZZ.8", "{\"sku\":\"b7\"}");
	append_line(batch, 923, 7, "_INBOX.p81mZZ.8", "", "{\"stock\":0}");
	append_line(batch, 925, 7, "_INBOX.p81mZZ.7", "", "{\"stock\":3}");
	append_line(batch, 930, 8, "ticks", "", "two");
	append_line(batch, 940, 8, "ticks", "", "three");
	append_line(batch, 950, 6, "orders.new", "", "{\"id\":3,\"customer\":\"Brown\",\"total\":7}");
}

static void append_second(struct store_batch *batch)
{
	append_line(batch, 500, 6, "orders.new", "", "{\"id\":1,\"customer\":\"Smith\",\"total\":13.5}");
	append_line(batch, 510, 6, "stock.get", "_INBOX.q9.1", "{\"sku\":\"a1\"}");
	append_line(batch, 514, 7, "_INBOX.q9.1", "", "{\"stock\":3}");
	append_line(batch, 520, 8, "ticks", "", "three");
	append_line(batch, 530, 8, "ticks", "", "one");
	append_line(batch, 540, 8, "ticks", "", "two");
	append_line(batch, 550, 6, "stock.get", "_INBOX.q9.2", "{\"sku\":\"b7\"}");
	append_line(batch, 554, 7, "_INBOX.q9.2", "", "{\"stock\":\"none\"}");
	append_line(batch, 560, 6, "orders.new", "", "{\"id\":3,\"customer\":\"Brown\",\"total\":7}");
	append_line(batch, 570, 6, "orders.gone", "", "{\"id\":2}");
}

/* The messages of `first`, in the order and with the subjects they have there. */
static void append_masked(struct store_batch *batch)
{
	static const char *const subjects[] = {"orders.new",  "stock.get", "_INBOX.c7.1", "ticks",
					       "ticks",       "ticks",     "orders.new",  "stock.get",
					       "_INBOX.c7.2", "orders.new"};
	for (int i = 0; i < 10; i++) {
		struct wire_event event = message(i, 1, subjects[i], WIRE_LITERAL("****"));

		event.flags = WIRE_EVENT_MASKED;
		event.reply = wire_slice_str(i == 1 ? "_INBOX.c7.1" : i == 7 ? "_INBOX.c7.2" : "");
		deliver(&event, NULL, 0, 1);
		append(batch, &event);
	}
}

static void append_accounts(struct store_batch *batch)
{
	static const struct wire_client publisher = {.address = SLICE("10.0.0.7:53122"),
						     .name = SLICE("checkout"),
						     .user = SLICE("alice"),
						     .account = SLICE("SHOP")};
	static const struct wire_client nobody = {.address = SLICE("10.0.0.9:1"), .account = SLICE("SYS")};
	const struct wire_client *const clients[] = {&publisher, &nobody};

	for (uint64_t i = 0; i < 2; i++) {
		struct wire_event event = at_ms((int64_t)i, WIRE_EVENT_CONNECT, i + 1);

		event.client = clients[i];
		append(batch, &event);
	}
}

static void append_partly(struct store_batch *batch)
{
	static const int64_t one_ns[] = {52113}, two_ns[] = {-800, WIRE_DELAY_UNKNOWN};
	struct wire_event event;

	append_accounts(batch);
	event = message(10, 1, "orders.new", WIRE_LITERAL("seen on its way"));
	deliver(&event, to_checkout, 1, 1);
	event.delays_ns = one_ns;
	append(batch, &event);
	event = message(11, 1, "orders.new", WIRE_LITERAL("one of two"));
	deliver(&event, to_two, 2, 1);
	event.delays_ns = two_ns;
	append(batch, &event);
	event = message(12, 0, "orders.new", WIRE_LITERAL("from a subscription"));
	event.flags = WIRE_EVENT_PUBLISHER_UNKNOWN | WIRE_EVENT_RECEIVERS_UNKNOWN;
	append(batch, &event);
	event = message(13, 0, "orders.new", WIRE_LITERAL("to one that is known"));
	event.flags = WIRE_EVENT_PUBLISHER_UNKNOWN;
	deliver(&event, to_checkout, 1, 1);
	append(batch, &event);
	event = message(14, 1, "cards.paid", WIRE_LITERAL("{\"card\":\"****\"}"));
	event.flags = WIRE_EVENT_MASKED;
	deliver(&event, NULL, 0, 0);
	append(batch, &event);
}

static void append_mark(struct store_batch *batch, int64_t ms, const char *text)
{
	struct wire_event event = at_ms(ms, WIRE_EVENT_MARK, 0);

	event.text = wire_slice_str(text);
	append(batch, &event);
}

/* A message a second, of ten seconds each `paid` about orders; the others about invoices. */
static void append_minutes(struct store_batch *batch, int from_s, int to_s, int paid)
{
	for (int s = from_s; s < to_s; s++) {
		char subject[40];

		snprintf(subject, sizeof(subject), "orders.%d.paid", 4000 + s % 7);
		append_line(batch, s * 1000, 1, s % 10 < paid ? subject : "invoices.new", "", "{}");
	}
}

/* Reports, of which there are as many in both logs, and which are ten times larger in the second. */
static void append_reports(struct store_batch *batch, const char *payload)
{
	for (int s = 0; s < 60; s++)
		append_line(batch, s * 1000, 1, "reports.hourly", "", payload);
}

static void append_short_reports(struct store_batch *batch)
{
	append_reports(batch, "0123456789");
}

static void append_long_reports(struct store_batch *batch)
{
	char payload[101];

	memset(payload, '0', sizeof(payload) - 1);
	payload[sizeof(payload) - 1] = '\0';
	append_reports(batch, payload);
}

static void append_restarted(struct store_batch *batch)
{
	append_mark(batch, 0, "start tapedeck 0.1.0");
	append_minutes(batch, 1, 300, 10);
	append_mark(batch, 300 * 1000, "stop tapedeck 0.1.0");
	append_mark(batch, 600 * 1000, "start tapedeck 0.1.0");
	append_minutes(batch, 601, 900, 4);
	append_mark(batch, (900 - 3600) * 1000, "clock step -3600.000000000 s");
	append_minutes(batch, 901 - 3600, 960 - 3600, 10);
}

/* Write an unfinished segment of blocks as they are: batch by batch, one block each. */
static void put_block(FILE *file, struct store_encoder *encoder, struct store_batch *batch, uint64_t *seq)
{
	const unsigned char *bytes;
	int64_t len = store_encode(encoder, batch, *seq, 1, &bytes, NULL);

	if (len < 0 || fwrite(bytes, 1, (size_t)len, file) != (size_t)len)
		support_fail("cannot write a block");
	*seq += store_batch_events(batch);
	store_batch_reset(batch);
}

static FILE *open_segment(const char *dir, uint16_t major)
{
	struct store_file_header header = {
	    .major = major, .first_seq = 1, .created_ns = START_NS, .next_conn = 1};
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	char path[300];

	memcpy(header.log_id, LOG_ID, sizeof(header.log_id));
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/00000000000000000001.seg", dir);
	FILE *file = fopen(path, "w");
	store_file_header_put(bytes, &header);
	if (!file || fwrite(bytes, 1, sizeof(bytes), file) != sizeof(bytes))
		support_fail("%s", path);
	return file;
}

/* Blocks of one message each, 50 ms apart, the first at 105 ms. */
static void write_blocks(const char *dir, uint16_t major, int blocks, const char *subject)
{
	FILE *file = open_segment(dir, major);
	struct store_encoder *encoder = store_encoder_open();
	struct store_batch *batch = store_batch_open();
	uint64_t seq = 1;

	store_encoder_set_log(encoder, LOG_ID);
	for (int i = 0; i < blocks; i++) {
		char payload[20];
		snprintf(payload, sizeof(payload), "number %d", i + 1);
		struct wire_event event = message(105 + 50 * i, 9, subject, wire_slice_str(payload));
		append(batch, &event);
		put_block(file, encoder, batch, &seq);
	}
	store_batch_close(batch);
	store_encoder_close(encoder);
	fclose(file);
}

/* Flip a bit in the last frame of the second block of three equally long ones. */
static void damage(const char *path)
{
	size_t len = 0;
	char *bytes = support_read_file(path, &len);

	bytes[len - (len - STORE_FILE_HEADER_BYTES) / 3 - 2] ^= 4;
	support_write_file(path, bytes, len);
	free(bytes);
}

void sample_logs_write(void)
{
	sample_log_write("log", append_log);
	sample_log_write("first", append_first);
	sample_log_write("again", append_again);
	sample_log_write("second", append_second);
	sample_log_write("partly", append_partly);
	sample_log_write("masked", append_masked);
	sample_log_write("restarted", append_restarted);
	sample_log_write("short_reports", append_short_reports);
	sample_log_write("long_reports", append_long_reports);
	write_blocks("older", 1, 2, "yesterday"); /* plain payloads, the only form of version 1 */
	write_blocks("other", STORE_VERSION_MAJOR, 2, "other.tick");
	write_blocks("damaged", STORE_VERSION_MAJOR, 3, "bits.and.pieces");
	damage("damaged/00000000000000000001.seg");
	write_blocks("newer", STORE_VERSION_MAJOR_MAX + 1, 1, "tomorrow");
	mkdir("empty", 0700);
	mkdir("foreign", 0700);
	support_write_file("foreign/letter.txt", "hello\n", 6);
}
