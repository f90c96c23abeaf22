#include "demo/fault_clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/bus.h"
#include "demo/raw_client.h"
#include "demo/stop.h"

enum { LARGE_BYTES = 1023 * 1024, BURST = 4000, SESSIONS = 5, REQUEST_MS = 1000 };

/* When a tick takes place. */
struct moment {
	unsigned count;  /* of ticks before */
	double progress; /* of the run, from 0 to 1 */
	struct leak **leaks;
};

/* A client made of a subscription of its own and of something that it does again and again. */
struct fault_client {
	const char *name, *subscribes; /* NULL = nothing */
	int64_t period_ms;
	void (*tick)(struct demo_bus *bus, const struct moment *now); /* NULL = nothing */
	const char *user; /* with the same password; NULL = none */
	bool is_nameless;
	int (*run)(const struct demo_settings *settings); /* instead of all this */
};

static void ignore_message(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	(void)connection;
	(void)sub;
	(void)closure;
	natsMsg_Destroy(msg);
}

static void publish(struct demo_bus *bus, const char *subject, json_t *body)
{
	struct demo_draft draft = {.subject = subject, .body = body, .keys = DEMO_NO_KEYS};
	demo_bus_publish(bus, &draft);
}

static void click(struct demo_bus *bus, const struct moment *now)
{
	publish(bus, "analytics.clicks.raw",
		json_pack("{s:i, s:s}", "x", (int)(now->count * 37 % 1280), "page", "/cart"));
}

static void see_sessions(struct demo_bus *bus, const struct moment *now)
{
	char subject[64];
	for (unsigned i = 0; i < SESSIONS; i++) {
		snprintf(subject, sizeof(subject), "sessions.%08x%08x.seen", arc4random(), now->count);
		publish(bus, subject, json_pack("{s:s}", "browser", "firefox"));
	}
}

static void archive(struct demo_bus *bus, const struct moment *now)
{
	char *scan = malloc(LARGE_BYTES);
	if (!scan)
		return;
	memset(scan, 'a' + (int)(now->count % 26), LARGE_BYTES);
	publish(bus, "documents.archive", json_pack("{s:s#}", "scan", scan, (int)LARGE_BYTES));
	free(scan);
}

static void report(struct demo_bus *bus, const struct moment *now)
{
	for (int row = 0; now->count == 0 && row < BURST; row++)
		publish(bus, "reports.rows", json_pack("{s:i, s:f}", "row", row, "total", row * 1.25));
}

static void ask(struct demo_bus *bus, const char *subject)
{
	struct demo_draft draft = {.subject = subject, .body = json_object(), .keys = DEMO_NO_KEYS};
	struct demo_message reply;
	if (demo_bus_request(bus, &draft, REQUEST_MS, &reply))
		demo_message_fini(&reply);
}

static void poll_flag(struct demo_bus *bus, const struct moment *now)
{
	(void)now;
	ask(bus, "customer.consent.check");
}

/* A request that catalog-sync sent with an inbox of its own, whose subscription it never ends. */
struct leak {
	struct leak *next;
	struct demo_bus *bus;
	char id[DEMO_ID_MAX];
	int64_t asked_ns;
};

static void free_leaks(struct leak *leaks)
{
	while (leaks) {
		struct leak *next = leaks->next;
		free(leaks);
		leaks = next;
	}
}

static void on_catalog_reply(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	(void)connection;
	(void)sub;
	struct leak *leak = closure;
	const char *id, *outcome = natsMsg_IsNoResponders(msg) ? "no_responders" : "reply";
	if (natsMsgHeader_Get(msg, DEMO_ID_HEADER, &id) != NATS_OK)
		id = "";
	demo_truth_request(leak->bus->truth, leak->id, outcome, id, demo_steady_ns() - leak->asked_ns);
	natsMsg_Destroy(msg);
}

static void sync_catalog(struct demo_bus *bus, const struct moment *now)
{
	natsInbox *inbox = NULL;
	struct leak *leak = calloc(1, sizeof(*leak));
	struct demo_draft draft = {
	    .subject = "stock.bin.locate", .body = json_object(), .keys = DEMO_NO_KEYS};
	if (!leak || natsInbox_Create(&inbox) != NATS_OK ||
	    demo_bus_subscribe(bus, inbox, on_catalog_reply, leak) != NATS_OK) {
		json_decref(draft.body);
		natsInbox_Destroy(inbox);
		free(leak);
		return;
	}
	draft.reply_to = inbox;
	demo_bus_name_draft(bus, &draft);
	leak->bus = bus;
	leak->asked_ns = demo_steady_ns();
	leak->next = *now->leaks;
	*now->leaks = leak;
	memcpy(leak->id, draft.id, sizeof(leak->id));
	demo_bus_publish(bus, &draft);
	natsInbox_Destroy(inbox);
}

static void note(struct demo_bus *bus, const struct moment *now)
{
	publish(bus, "insight.note", json_pack("{s:i}", "line", (int)now->count));
}

static void sense(struct demo_bus *bus, const struct moment *now)
{
	if (now->progress < 0.5)
		publish(bus, "doors.main.state", json_pack("{s:b}", "open", now->count % 5 == 0));
}

static void ship_log(struct demo_bus *bus, const struct moment *now)
{
	if (now->progress > 0.5 || now->count % 10 == 0)
		publish(bus, "logs.debug", json_pack("{s:i}", "line", (int)now->count));
}

static void overreach(struct demo_bus *bus, const struct moment *now)
{
	publish(bus, "billing.revenue.eu", json_pack("{s:i}", "correction", (int)now->count));
}

static const struct fault_client clients[] = {
    {.name = "click-collector", .period_ms = 200, .tick = click},
    {.name = "fax-gateway", .subscribes = "fax.outbound.*", .period_ms = 1000},
    {.name = "session-tracker", .subscribes = "sessions.>", .period_ms = 25, .tick = see_sessions},
    {.name = "document-archive", .subscribes = "documents.archive", .period_ms = 5000, .tick = archive},
    {.name = "report-batch",
     .subscribes = "reports.rows",
     .period_ms = 0,
     .tick = report}, /* 0 = half of the run */
    {.name = "flag-poller", .period_ms = 100, .tick = poll_flag},
    {.name = "catalog-sync", .period_ms = 200, .tick = sync_catalog},
    {.name = "anonymous", .period_ms = 1000, .tick = note, .is_nameless = true},
    {.name = "reporting-bot",
     .subscribes = "events.billing.*",
     .period_ms = 3000,
     .tick = overreach,
     .user = "reporting"},
    {.name = "door-sensor", .subscribes = "doors.>", .period_ms = 250, .tick = sense},
    {.name = "log-shipper", .subscribes = "logs.>", .period_ms = 50, .tick = ship_log},
    {.name = "old-scanner", .run = demo_raw_old_scanner},
    {.name = "wall-board", .run = demo_raw_wall_board},
};

static const struct fault_client *find(const char *name)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		if (strcmp(clients[i].name, name) == 0)
			return &clients[i];
	return NULL;
}

static void run_ticks(const struct fault_client *client, struct demo_bus *bus,
		      const struct demo_settings *settings, struct leak **leaks)
{
	double run_ns = settings->seconds * 1e9;
	int64_t period_ns = client->period_ms ? client->period_ms * 1000000 : (int64_t)(run_ns / 2);
	struct moment now = {.leaks = leaks};
	for (; !demo_stop_wait(period_ns, false); now.count++) {
		now.progress = (double)(demo_steady_ns() - settings->started_ns) / run_ns;
		if (client->tick)
			client->tick(bus, &now);
	}
}

static const char *url_of(const struct demo_settings *settings, const struct fault_client *client, char *out,
			  size_t size)
{
	const char *host = strstr(settings->url, "://");
	if (!client->user || !host)
		return settings->url;
	snprintf(out, size, "nats://%s:%s@%s", client->user, client->user, host + strlen("://"));
	return out;
}

static int run_client(const struct fault_client *client, struct demo_settings settings)
{
	char url[256];
	struct demo_bus bus;
	struct leak *leaks = NULL;
	settings.url = url_of(&settings, client, url, sizeof(url));
	if (demo_bus_open(&bus, &settings, client->is_nameless ? NULL : client->name) < 0)
		return 1;
	natsStatus status = NATS_OK;
	if (client->subscribes)
		status = demo_bus_subscribe(&bus, client->subscribes, ignore_message, NULL);
	demo_bus_report_ready(&bus, &settings);
	run_ticks(client, &bus, &settings, &leaks);
	demo_bus_close(&bus);
	free_leaks(leaks);
	return status == NATS_OK ? 0 : 1;
}

int demo_fault_run(const struct demo_settings *settings)
{
	const struct fault_client *client = find(settings->name);
	if (client)
		return client->run ? client->run(settings) : run_client(client, *settings);
	fprintf(stderr, "demo: no client with a fault is named \"%s\"\n", settings->name);
	return 2;
}
