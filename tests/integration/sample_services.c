#include "sample_services.h"

#include <stdint.h>
#include <stdio.h>

#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/fail.h"
#include "wire/mark.h"

/* 2026-11-23T08:00:10Z */
#define START_NS (INT64_C(1795420810) * 1000000000)
#define MS       INT64_C(1000000)

enum { GATEWAY = 1, BILLING_1, BILLING_2, STOCK, AUDIT, NAMELESS };

struct log {
	struct store_batch *batch;
	int64_t clock_ns; /* what was added to the clock so far */
	bool has_delays;
};

static void append(struct log *log, const struct wire_event *event)
{
	if (store_batch_append(log->batch, event) != 0)
		support_fail("an event does not fit into a block");
}

static struct wire_event at(const struct log *log, int64_t ms, enum wire_event_kind kind, uint64_t conn)
{
	return (struct wire_event){.kind = kind, .time_ns = START_NS + ms * MS + log->clock_ns, .conn = conn};
}

static void connect_client(struct log *log, uint64_t conn, const char *name, const char *address)
{
	const struct wire_client client = {.name = wire_slice_str(name),
					   .address = wire_slice_str(address),
					   .user = wire_slice_str(conn == GATEWAY ? "web" : "service"),
					   .lang = WIRE_LITERAL("C")};
	struct wire_event event = at(log, 0, WIRE_EVENT_CONNECT, conn);

	event.client = &client;
	append(log, &event);
}

static void subscribe(struct log *log, uint64_t conn, const char *sid, const char *subject, const char *queue)
{
	struct wire_event event = at(log, 1, WIRE_EVENT_SUBSCRIBE, conn);

	event.sid = wire_slice_str(sid);
	event.subject = wire_slice_str(subject);
	event.queue = wire_slice_str(queue);
	append(log, &event);
}

/* Publish a message to one receiver, whose subscription has the sid "1", and deliver it 300 us later; 0: no
 * receiver. */
static void publish(struct log *log, int64_t ms, uint64_t conn, const char *subject, const char *reply,
		    uint64_t receiver)
{
	static const int64_t delay_ns[] = {300000};
	bool is_queue = receiver == BILLING_1 || receiver == BILLING_2;
	const struct wire_receiver to = {
	    .conn = receiver, .sid = WIRE_LITERAL("1"), .queue = wire_slice_str(is_queue ? "workers" : NULL)};
	struct wire_event event = at(log, ms, WIRE_EVENT_MESSAGE, conn);

	event.subject = wire_slice_str(subject);
	event.reply = wire_slice_str(reply);
	event.payload = WIRE_LITERAL("{\"id\":4711}");
	event.size = event.payload.len;
	event.receivers = &to;
	event.receivers_len = event.receiver_count = receiver != 0;
	event.delays_ns = log->has_delays && receiver != 0 ? delay_ns : NULL;
	append(log, &event);
}

/* A request to one responder, and its reply so many ms later; 0: none. */
static void ask(struct log *log, int64_t ms, const char *subject, uint64_t responder, int64_t took_ms)
{
	static unsigned number;
	char inbox[40];

	snprintf(inbox, sizeof(inbox), "_INBOX.Xw3fW1tQ7yBz5Lk9.%u", ++number);
	publish(log, ms, GATEWAY, subject, inbox, responder);
	if (took_ms > 0)
		publish(log, ms + took_ms, responder, inbox, NULL, GATEWAY);
}

static void add_clients(struct log *log)
{
	connect_client(log, GATEWAY, "gateway", "10.0.0.1:40000");
	connect_client(log, BILLING_1, "billing", "10.0.0.2:40000");
	connect_client(log, BILLING_2, "billing", "10.0.0.3:40000");
	connect_client(log, STOCK, "stock", "10.0.0.4:40000");
	connect_client(log, AUDIT, "audit", "10.0.0.5:40000");
	connect_client(log, NAMELESS, NULL, "10.0.0.6:40000");
	subscribe(log, GATEWAY, "1", "_INBOX.Xw3fW1tQ7yBz5Lk9.*", NULL);
	subscribe(log, BILLING_1, "1", "billing.charge", "workers");
	subscribe(log, BILLING_2, "1", "billing.charge", "workers");
	subscribe(log, STOCK, "1", "stock.*.get", NULL);
	subscribe(log, AUDIT, "1", "orders.>", NULL);
	subscribe(log, AUDIT, "2", "audit.never", NULL);
}

static void set_clock_back(struct log *log, int64_t ms)
{
	char text[WIRE_MARK_TEXT];
	const int64_t by_ns = -3600000 * MS;

	log->clock_ns += by_ns;
	struct wire_event event = at(log, ms, WIRE_EVENT_MARK, 0);
	event.text = wire_slice_str(wire_mark_step(text, by_ns));
	append(log, &event);
}

static void add_gap(struct log *log, int64_t ms)
{
	struct wire_event event = at(log, ms, WIRE_EVENT_GAP, 0);

	event.text = WIRE_LITERAL("No space left on device");
	event.lost_messages = 3;
	event.from_ns = event.time_ns - 500 * MS;
	event.to_ns = event.time_ns;
	append(log, &event);
}

/* Every second one charge, by three of four to the first of billing; in every tenth one it is slow. */
static void add_charges(struct log *log, int from_s, int to_s)
{
	char subject[40];

	for (int s = from_s; s < to_s; s++) {
		ask(log, 1000 * s + 10, "billing.charge", s % 4 ? BILLING_1 : BILLING_2, s % 10 ? 5 : 120);
		snprintf(subject, sizeof(subject), "stock.%d.get", s);
		ask(log, 1000 * s + 400, subject, STOCK, 2);
		publish(log, 1000 * s + 500, GATEWAY, "orders.new", NULL, AUDIT);
	}
	publish(log, 1000 * to_s, NAMELESS, "lost.report", NULL, 0);
}

static void add_troubles(struct log *log, int64_t ms)
{
	ask(log, ms, "billing.charge", BILLING_2, 0);
	publish(log, ms + 1, GATEWAY, "prices.get", "_INBOX.Xw3fW1tQ7yBz5Lk9.none", 0);
	publish(log, ms + 2, GATEWAY, "orders.count", "_INBOX.Xw3fW1tQ7yBz5Lk9.two", AUDIT);
	publish(log, ms + 4, AUDIT, "_INBOX.Xw3fW1tQ7yBz5Lk9.two", NULL, GATEWAY);
	publish(log, ms + 9, STOCK, "_INBOX.Xw3fW1tQ7yBz5Lk9.two", NULL, GATEWAY);
}

static void add_services(struct log *log)
{
	add_clients(log);
	log->has_delays = true;
	add_charges(log, 1, 41);
	log->has_delays = false;
	add_troubles(log, 42000);
	publish(log, 50000, GATEWAY, "stock.7.get", "_INBOX.Xw3fW1tQ7yBz5Lk9.later", STOCK);
	set_clock_back(log, 50002);
	publish(log, 50003, STOCK, "_INBOX.Xw3fW1tQ7yBz5Lk9.later", NULL, GATEWAY);
	ask(log, 60000, "billing.charge", BILLING_1, 0);
	add_gap(log, 61000);
	add_charges(log, 70, 76);
	ask(log, 77000, "billing.charge", BILLING_1, 0);
	publish(log, 77500, GATEWAY, "orders.new", "_INBOX.Xw3fW1tQ7yBz5Lk9.far", AUDIT);
}

static void add_elsewhere(struct log *log)
{
	connect_client(log, GATEWAY, "relay", "10.0.1.1:40000");
	publish(log, 77520, GATEWAY, "_INBOX.Xw3fW1tQ7yBz5Lk9.far", NULL, 0);
}

/* Names that would drive the terminal, or end the string that a drawing puts them in. */
static void add_hostile(struct log *log)
{
	connect_client(log, GATEWAY, "web\033[31m", "10.0.2.1:40000");
	connect_client(log, STOCK, "a\"b\\c", "10.0.2.2:40000");
	publish(log, 10, GATEWAY, "clear.\033[2J", NULL, STOCK);
}

static void write_log(const char *dir, void (*fill)(struct log *log))
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;

	store_writer_options_init(&options);
	if (store_writer_open(&writer, dir, &options, &fault) != 0)
		support_fail("%s", fault.text);
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct log log = {.batch = store_producer_batch(producer)};
	fill(&log);
	store_producer_submit(producer, log.batch);
	store_producer_close(producer);
	store_writer_close(writer);
}

void sample_services_write(void)
{
	write_log("services", add_services);
	write_log("elsewhere", add_elsewhere);
	write_log("hostile", add_hostile);
}
