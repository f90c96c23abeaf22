#include "sample_platform.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/fail.h"

#define US     INT64_C(1000)
#define MS     INT64_C(1000000)
#define SECOND INT64_C(1000000000)
/* 2026-11-23T13:55:00Z, and 14:00 the day before. */
#define TODAY_NS     (INT64_C(1795442100) * SECOND)
#define YESTERDAY_NS (INT64_C(1795356000) * SECOND)

#define INBOX_OF(client) "_INBOX." client "7yBz5Lk9Qw3fW1tX"

enum {
	GATEWAY = 1,
	ORDERS_1,
	ORDERS_2,
	BILLING_1,
	BILLING_2,
	STOCK,
	MAIL,
	AUDIT,
	PRICES,
	DASHBOARD,
	REPORTS,
	DASHBOARD_AGAIN, /* the dashboard after it was cut off */
	NOBODY = 0,
	RECEIVERS_MAX = 3,
	ORDER_SECONDS = 3, /* from one order to the next */
	MINUTE = 60,
};

static const struct {
	const char *name, *lang, *version, *user;
} clients[] = {
    [GATEWAY] = {"gateway", "nats.js", "2.29.1", "web"},
    [ORDERS_1] = {"orders", "go", "1.37.0", NULL},
    [ORDERS_2] = {"orders", "go", "1.37.0", NULL},
    [BILLING_1] = {"billing", "go", "1.31.0", NULL},
    [BILLING_2] = {"billing", "go", "1.37.0", NULL},
    [STOCK] = {"stock", "python3", "2.9.0", NULL},
    [MAIL] = {"mail", "C", "3.9.1", NULL},
    [AUDIT] = {"audit", "java", "2.20.4", NULL},
    [PRICES] = {"prices", "rust", "0.38.0", NULL},
    [DASHBOARD] = {"dashboard", "nats.ws", "1.30.0", "web"},
    [REPORTS] = {"reports", ".NET", "2.4.0", NULL},
    [DASHBOARD_AGAIN] = {"dashboard", "nats.ws", "1.30.0", "web"},
};

/* An event with texts of its own. */
struct planned {
	struct wire_event event;
	struct wire_receiver receivers[RECEIVERS_MAX];
	struct wire_client client;
	char *texts[6];
	uint32_t texts_len;
};

struct plan {
	struct planned **list; /* owned, each one too */
	size_t len, cap;
	uint64_t first_conn; /* 0 or 20: connections of today have other numbers */
	unsigned inboxes;
};

/* ---- events ---- */

static struct planned *add(struct plan *plan, int64_t ns, enum wire_event_kind kind, uint64_t client)
{
	if (plan->len == plan->cap) {
		plan->cap = plan->cap ? 2 * plan->cap : 1024;
		plan->list = realloc(plan->list, plan->cap * sizeof(*plan->list));
	}
	struct planned *planned = calloc(1, sizeof(*planned));
	if (!plan->list || !planned)
		support_fail("out of memory");
	plan->list[plan->len++] = planned;
	planned->event.kind = kind;
	planned->event.time_ns = ns;
	planned->event.seq = plan->len; /* equal times stay in this order */
	planned->event.conn = client == NOBODY ? 0 : plan->first_conn + client;
	return planned;
}

/* A text that lives as long as the event. NULL stays empty. */
static struct wire_slice own(struct planned *planned, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (!format || vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		planned->texts[planned->texts_len++] = text;
	return wire_slice_str(text);
}

static void connect_client(struct plan *plan, int64_t ns, uint64_t client)
{
	struct planned *planned = add(plan, ns, WIRE_EVENT_CONNECT, client);

	planned->client = (struct wire_client){.name = wire_slice_str(clients[client].name),
					       .lang = wire_slice_str(clients[client].lang),
					       .version = wire_slice_str(clients[client].version),
					       .user = wire_slice_str(clients[client].user)};
	planned->client.address =
	    own(planned, "10.0.1.%d:%d", (int)(9 + client), (int)(40000 + 17 * (plan->first_conn + client)));
	planned->event.client = &planned->client;
}

static void subscribe(struct plan *plan, int64_t ns, uint64_t client, const char *sid, const char *subject,
		      const char *queue)
{
	struct planned *planned = add(plan, ns, WIRE_EVENT_SUBSCRIBE, client);

	planned->event.sid = wire_slice_str(sid);
	planned->event.subject = wire_slice_str(subject);
	planned->event.queue = wire_slice_str(queue);
}

static void note(struct plan *plan, int64_t ns, enum wire_event_kind kind, uint64_t client, const char *text)
{
	add(plan, ns, kind, client)->event.text = wire_slice_str(text);
}

/* A message; its receivers are ended by NOBODY. */
struct message {
	uint64_t from;
	uint64_t to[RECEIVERS_MAX];
	const char *reply, *headers;
};

static const char *queue_of(uint64_t client)
{
	return client == ORDERS_1 || client == ORDERS_2     ? "orders"
	       : client == BILLING_1 || client == BILLING_2 ? "billing"
							    : NULL;
}

/* Replies come to a subscription of their own. */
static void add_receivers(const struct plan *plan, struct planned *planned, const struct message *message,
			  bool is_reply)
{
	struct wire_event *event = &planned->event;

	event->receivers = planned->receivers;
	for (; event->receivers_len < RECEIVERS_MAX && message->to[event->receivers_len];
	     event->receivers_len++) {
		uint64_t client = message->to[event->receivers_len];
		planned->receivers[event->receivers_len] =
		    (struct wire_receiver){.conn = plan->first_conn + client,
					   .sid = wire_slice_str(is_reply ? "2" : "1"),
					   .queue = wire_slice_str(is_reply ? NULL : queue_of(client))};
	}
	event->receiver_count = event->receivers_len;
}

static void publish(struct plan *plan, int64_t ns, const struct message *message, const char *subject,
		    const char *format, ...)
{
	struct planned *planned = add(plan, ns, WIRE_EVENT_MESSAGE, message->from);
	va_list args;
	char *payload;

	planned->event.subject = own(planned, "%s", subject);
	planned->event.reply = own(planned, message->reply ? "%s" : NULL, message->reply);
	planned->event.headers = own(planned, message->headers ? "%s" : NULL, message->headers);
	va_start(args, format);
	if (vasprintf(&payload, format, args) < 0)
		support_fail("out of memory");
	va_end(args);
	planned->texts[planned->texts_len++] = payload;
	planned->event.payload = wire_slice_str(payload);
	planned->event.size = planned->event.payload.len;
	add_receivers(plan, planned, message, strncmp(subject, "_INBOX.", 7) == 0);
}

static void make_inbox(struct plan *plan, const char *prefix, char inbox[64])
{
	snprintf(inbox, 64, "%s.%u", prefix, ++plan->inboxes);
}

/* ---- an order ---- */

struct order {
	int64_t ns; /* when it comes */
	int number;
	uint64_t orders, billing; /* who works on it */
	const char *country;
	int cents;
	bool is_express;
};

/* A charge takes 8 ms, sometimes 180; sometimes it fails, or nothing comes back. Returns when the reply came. */
static int64_t charge(struct plan *plan, const struct order *order)
{
	char inbox[64];
	int64_t asked_ns = order->ns + 4 * MS;
	bool is_refused = order->number % 40 == 12, is_silent = order->number % 60 == 45;
	int64_t took_ns = order->number % 25 == 3 ? 180 * MS : 8 * MS;

	make_inbox(plan, order->orders == ORDERS_1 ? INBOX_OF("ord") : INBOX_OF("ore"), inbox);
	publish(plan, asked_ns, &(struct message){order->orders, {order->billing}, inbox, NULL},
		"billing.charge", "{\"order\":%d,\"amount\":%d.%02d}", order->number, order->cents / 100,
		order->cents % 100);
	if (is_silent)
		return asked_ns + 2 * SECOND;
	const char *headers =
	    is_refused
		? "NATS/1.0\r\nNats-Service-Error: card declined\r\nNats-Service-Error-Code: 402\r\n\r\n"
		: NULL;
	publish(plan, asked_ns + took_ns, &(struct message){order->billing, {order->orders}, NULL, headers},
		inbox,
		is_refused ? "{\"order\":%d,\"error\":\"card declined\"}" : "{\"order\":%d,\"charged\":true}",
		order->number);
	return asked_ns + took_ns;
}

static void look_up_stock(struct plan *plan, const struct order *order)
{
	char inbox[64];
	int article = order->number % 9;

	make_inbox(plan, order->orders == ORDERS_1 ? INBOX_OF("ord") : INBOX_OF("ore"), inbox);
	publish(plan, order->ns + 1 * MS, &(struct message){order->orders, {STOCK}, inbox, NULL}, "stock.get",
		"{\"sku\":\"a-%d\"}", article);
	publish(plan, order->ns + 3 * MS, &(struct message){STOCK, {order->orders}, NULL, NULL}, inbox,
		"{\"sku\":\"a-%d\",\"left\":%d}", article, 40 - order->number % 37);
}

/* Every fiftieth is published twice. */
static void say_paid(struct plan *plan, const struct order *order, int64_t ns)
{
	char subject[40], headers[100];

	snprintf(subject, sizeof(subject), "orders.%s.paid", order->country);
	snprintf(headers, sizeof(headers), "NATS/1.0\r\nNats-Msg-Id: paid-%d\r\n\r\n", order->number);
	for (int i = 0; i < (order->number % 50 == 20 ? 2 : 1); i++)
		publish(plan, ns + i * 900 * MS,
			&(struct message){order->orders, {AUDIT, MAIL}, NULL, headers}, subject,
			"{\"order\":%d,\"total\":%d.%02d}", order->number, order->cents / 100,
			order->cents % 100);
	publish(plan, ns + 3 * MS, &(struct message){MAIL, {NOBODY}, NULL, NULL}, "mail.sent",
		"{\"order\":%d,\"to\":\"customer-%d@example.com\"}", order->number, order->number % 211);
}

static void add_order(struct plan *plan, int64_t ns, int number)
{
	const struct order order = {.ns = ns,
				    .number = number,
				    .orders = number % 2 ? ORDERS_1 : ORDERS_2,
				    .billing = number % 4 ? BILLING_1 : BILLING_2,
				    .country = number % 3 ? "eu" : "us",
				    .cents = 990 + number * 37 % 30000,
				    .is_express = number % 5 == 1};
	char inbox[64], headers[200];

	make_inbox(plan, INBOX_OF("gwy"), inbox);
	snprintf(headers, sizeof(headers),
		 "NATS/1.0\r\nPriority: %s\r\ntraceparent: "
		 "00-0af7651916cd43dd8448eb211c%06d-00000000000000a1-01\r\n\r\n",
		 order.is_express ? "high" : "normal", number);
	publish(plan, ns, &(struct message){GATEWAY, {order.orders, AUDIT}, inbox, headers}, "orders.new",
		"{\"order\":%d,\"country\":\"%s\",\"total\":%d.%02d,\"express\":%s}", number, order.country,
		order.cents / 100, order.cents % 100, order.is_express ? "true" : "false");
	look_up_stock(plan, &order);
	int64_t charged_ns = charge(plan, &order);
	bool is_paid = number % 40 != 12 && number % 60 != 45;
	if (is_paid)
		say_paid(plan, &order, charged_ns + 500 * US);
	publish(plan, charged_ns + MS, &(struct message){order.orders, {GATEWAY}, NULL, NULL}, inbox,
		"{\"order\":%d,\"ok\":%s}", number, is_paid ? "true" : "false");
}

/* ---- the rest of the bus ---- */

static void add_price(struct plan *plan, int64_t ns, int tick, uint64_t dashboard)
{
	static const char *const pairs[] = {"EUR-USD", "EUR-GBP", "EUR-CHF"};
	static const int middle[] = {10834, 8571, 9412};
	int bid = middle[tick % 3] + tick * 7 % 50;
	char subject[40];

	snprintf(subject, sizeof(subject), "prices.%s", pairs[tick % 3]);
	publish(plan, ns, &(struct message){PRICES, {dashboard}, NULL, NULL}, subject, "{\"bid\":%d.%04d}",
		bid / 10000, bid % 10000);
}

static void add_report(struct plan *plan, int64_t ns, int minute)
{
	publish(plan, ns, &(struct message){REPORTS, {GATEWAY}, NULL, NULL}, "reports.daily",
		"%%PDF-1.7 report %d %*s", minute, 20000 + 1500 * minute, "%%EOF");
}

/* A request that nobody could answer. */
static void add_coupon(struct plan *plan, int64_t ns, int number)
{
	char inbox[64];

	make_inbox(plan, INBOX_OF("gwy"), inbox);
	publish(plan, ns, &(struct message){GATEWAY, {NOBODY}, inbox, NULL}, "coupons.check",
		"{\"coupon\":\"SPRING%d\"}", number);
	publish(plan, ns + 200 * US, &(struct message){NOBODY, {GATEWAY}, NULL, "NATS/1.0 503\r\n\r\n"},
		inbox, "%s", "");
}

static void add_clients(struct plan *plan, int64_t ns)
{
	note(plan, ns, WIRE_EVENT_MARK, NOBODY, "start tapedeck 0.1.0");
	for (uint64_t client = GATEWAY; client <= REPORTS; client++)
		connect_client(plan, ns + (int64_t)client * MS, client);
	ns += 20 * MS;
	subscribe(plan, ns, GATEWAY, "1", "reports.>", NULL);
	subscribe(plan, ns, GATEWAY, "2", INBOX_OF("gwy") ".*", NULL);
	subscribe(plan, ns, ORDERS_1, "2", INBOX_OF("ord") ".*", NULL);
	subscribe(plan, ns, ORDERS_2, "2", INBOX_OF("ore") ".*", NULL);
	subscribe(plan, ns, ORDERS_1, "1", "orders.new", "orders");
	subscribe(plan, ns, ORDERS_2, "1", "orders.new", "orders");
	subscribe(plan, ns, BILLING_1, "1", "billing.charge", "billing");
	subscribe(plan, ns, BILLING_2, "1", "billing.charge", "billing");
	subscribe(plan, ns, STOCK, "1", "stock.*", NULL);
	subscribe(plan, ns, MAIL, "1", "orders.*.paid", NULL);
	subscribe(plan, ns, AUDIT, "1", "orders.>", NULL);
	subscribe(plan, ns, DASHBOARD, "1", "prices.>", NULL);
}

static void add_traffic(struct plan *plan, int64_t start_ns, int seconds, int first_order)
{
	for (int second = 1; second < seconds; second++) {
		int64_t ns = start_ns + second * SECOND;
		if (second % ORDER_SECONDS == 0)
			add_order(plan, ns + 137 * MS, first_order + second / ORDER_SECONDS);
		if (second % MINUTE == 30)
			add_report(plan, ns, second / MINUTE);
		if (second % 10 == 5)
			publish(plan, ns + 400 * MS, &(struct message){GATEWAY, {NOBODY}, NULL, NULL},
				"metrics.web", "{\"requests\":%d}", 100 + second * 13 % 40);
	}
}

static void add_yesterday(struct plan *plan)
{
	add_clients(plan, YESTERDAY_NS);
	add_traffic(plan, YESTERDAY_NS, 10 * MINUTE, 3100);
	for (int second = 2; second < 10 * MINUTE; second += 10)
		publish(plan, YESTERDAY_NS + second * SECOND, &(struct message){MAIL, {NOBODY}, NULL, NULL},
			"mail.queue", "{\"waiting\":%d}", second % 7);
	note(plan, YESTERDAY_NS + 10 * MINUTE * SECOND, WIRE_EVENT_MARK, NOBODY, "stop tapedeck 0.1.0");
}

/* The dashboard stops reading at 14:04, is cut off at 14:04:30 and comes back as another connection. */
static void add_dashboard(struct plan *plan)
{
	const int deaf = 540, cut_off = 570, again = 575;

	for (int second = 1; second < 15 * MINUTE; second++)
		add_price(plan, TODAY_NS + second * SECOND + 50 * MS, second,
			  second <= cut_off ? DASHBOARD
			  : second > again  ? DASHBOARD_AGAIN
					    : NOBODY);
	struct planned *left =
	    add(plan, TODAY_NS + cut_off * SECOND + 60 * MS, WIRE_EVENT_DISCONNECT, DASHBOARD);
	left->event.text = WIRE_LITERAL("Slow Consumer (Write Deadline)");
	left->event.lost_messages = (uint64_t)(cut_off - deaf);
	left->event.lost_bytes = left->event.lost_messages * 14;
	connect_client(plan, TODAY_NS + again * SECOND, DASHBOARD_AGAIN);
	subscribe(plan, TODAY_NS + again * SECOND + MS, DASHBOARD_AGAIN, "1", "prices.>", NULL);
}

static void add_today(struct plan *plan)
{
	plan->first_conn = 20;
	add_clients(plan, TODAY_NS);
	add_traffic(plan, TODAY_NS, 15 * MINUTE, 4550);
	add_dashboard(plan);
	for (int i = 0; i < 3; i++)
		add_coupon(plan, TODAY_NS + (200 + 200 * i) * SECOND, i);
	note(plan, TODAY_NS + 10 * MINUTE * SECOND, WIRE_EVENT_MARK, NOBODY, "remark deploying billing 1.4");
	note(plan, TODAY_NS + 700 * SECOND, WIRE_EVENT_ERROR, REPORTS,
	     "Permissions Violation for Publish to \"admin.reset\"");
}

/* ---- the log ---- */

static int by_time(const void *a, const void *b)
{
	const struct wire_event *first = &(*(struct planned *const *)a)->event;
	const struct wire_event *second = &(*(struct planned *const *)b)->event;

	if (first->time_ns != second->time_ns)
		return first->time_ns < second->time_ns ? -1 : 1;
	return first->seq < second->seq ? -1 : 1;
}

static void write_plan(struct plan *plan, struct store_producer *producer)
{
	struct store_batch *batch = store_producer_batch(producer);

	qsort(plan->list, plan->len, sizeof(*plan->list), by_time);
	for (size_t i = 0; i < plan->len; i++) {
		if (store_batch_append(batch, &plan->list[i]->event) == 0)
			continue;
		store_producer_submit(producer, batch);
		while (!(batch = store_producer_batch(producer)))
			;
		if (store_batch_append(batch, &plan->list[i]->event) != 0)
			support_fail("an event does not fit into a block");
	}
	store_producer_submit(producer, batch);
}

static void free_plan(struct plan *plan)
{
	for (size_t i = 0; i < plan->len; i++) {
		for (uint32_t j = 0; j < plan->list[i]->texts_len; j++)
			free(plan->list[i]->texts[j]);
		free(plan->list[i]);
	}
	free(plan->list);
}

void sample_platform_write(void)
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;
	struct plan plan = {0};

	add_yesterday(&plan);
	add_today(&plan);
	store_writer_options_init(&options);
	if (store_writer_open(&writer, "log", &options, &fault) != 0)
		support_fail("%s", fault.text);
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	write_plan(&plan, producer);
	store_producer_close(producer);
	store_writer_close(writer);
	free_plan(&plan);
}
