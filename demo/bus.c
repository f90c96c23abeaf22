#include "demo/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECT_TRIES = 10,
	CONNECT_MS = 10000,
	RECONNECT_WAIT_MS = 200,
	READY_MS = 10000,
	LAST_FLUSH_MS = 1000
};

/* ---- connection ---- */

static void ignore_error(natsConnection *connection, natsSubscription *sub, natsStatus status, void *closure)
{
	(void)connection;
	(void)sub;
	(void)status;
	(void)closure;
}

static natsStatus connect_as(natsConnection **connection, const char *url, const char *name)
{
	natsOptions *options = NULL;
	natsStatus status = natsOptions_Create(&options);
	if (status == NATS_OK)
		status = natsOptions_SetURL(options, url);
	if (status == NATS_OK && name)
		status = natsOptions_SetName(options, name);
	if (status == NATS_OK)
		status = natsOptions_SetSendAsap(options, true); /* else up to 1 ms is added to each hop */
	if (status == NATS_OK)
		status = natsOptions_SetReconnectWait(options, RECONNECT_WAIT_MS);
	if (status == NATS_OK)
		status = natsOptions_SetErrorHandler(options, ignore_error, NULL);
	if (status == NATS_OK)
		status = natsOptions_SetTimeout(options, CONNECT_MS);
	if (status == NATS_OK)
		status = natsConnection_Connect(connection, options);
	natsOptions_Destroy(options);
	return status;
}

int demo_bus_reconnect(struct demo_bus *bus, const struct demo_settings *settings, const char *name)
{
	natsConnection_Destroy(bus->connection);
	bus->connection = NULL;
	natsStatus status = connect_as(&bus->connection, settings->url, name);
	/* A machine on which all start at once may be too slow for the first try. */
	for (int tries = 1; status != NATS_OK && tries < CONNECT_TRIES; tries++) {
		nats_Sleep(RECONNECT_WAIT_MS);
		status = connect_as(&bus->connection, settings->url, name);
	}
	if (status == NATS_OK)
		return 0;
	fprintf(stderr, "demo: %s cannot connect to %s: %s\n", bus->name, settings->url,
		natsStatus_GetText(status));
	return -1;
}

int demo_bus_open(struct demo_bus *bus, const struct demo_settings *settings, const char *name)
{
	*bus = (struct demo_bus){0};
	sem_init(&bus->ended, 0, 0);
	snprintf(bus->name, sizeof(bus->name), "%s.%u", settings->name, settings->member);
	if (settings->truth) {
		bus->truth = demo_truth_open(settings->truth, bus->name);
		if (!bus->truth)
			return -1;
	}
	if (demo_bus_reconnect(bus, settings, name) == 0)
		return 0;
	demo_truth_close(bus->truth);
	sem_destroy(&bus->ended);
	return -1;
}

/* ---- subscriptions ---- */

struct demo_bus_subscription {
	struct demo_bus_subscription *next;
	natsSubscription *handle;
};

static void on_complete(void *closure)
{
	sem_post(closure);
}

natsStatus demo_bus_subscribe(struct demo_bus *bus, const char *subject, natsMsgHandler on_message,
			      void *closure)
{
	struct demo_bus_subscription *subscription = calloc(1, sizeof(*subscription));
	if (!subscription)
		return NATS_NO_MEMORY;
	natsStatus status =
	    natsConnection_Subscribe(&subscription->handle, bus->connection, subject, on_message, closure);
	if (status == NATS_OK)
		status = natsSubscription_SetOnCompleteCB(subscription->handle, on_complete, &bus->ended);
	if (status != NATS_OK) {
		natsSubscription_Destroy(subscription->handle);
		free(subscription);
		return status;
	}
	subscription->next = bus->subscriptions;
	bus->subscriptions = subscription;
	return NATS_OK;
}

/* Wait until no handler runs any more, which the closed connection brings about, and free the subscriptions. */
static void await_handlers(struct demo_bus *bus)
{
	while (bus->subscriptions) {
		struct demo_bus_subscription *subscription = bus->subscriptions;
		bus->subscriptions = subscription->next;
		while (sem_wait(&bus->ended) < 0)
			continue; /* a signal */
		natsSubscription_Destroy(subscription->handle);
		free(subscription);
	}
}

void demo_bus_close(struct demo_bus *bus)
{
	if (bus->connection)
		natsConnection_FlushTimeout(bus->connection, LAST_FLUSH_MS);
	natsConnection_Close(bus->connection);
	await_handlers(bus); /* they may publish, which fails now, and append to the ground truth */
	natsConnection_Destroy(bus->connection);
	demo_truth_close(bus->truth);
	sem_destroy(&bus->ended);
}

void demo_bus_report_ready(struct demo_bus *bus, const struct demo_settings *settings)
{
	natsConnection_FlushTimeout(bus->connection, READY_MS);
	if (settings->ready_fd >= 0 && write(settings->ready_fd, "r", 1) != 1)
		perror("demo: ready");
}

/* ---- a message ---- */

static bool has(const char *text)
{
	return text && text[0];
}

/* Put a key into the payload and into the record of the keys that the message carries. */
static void add_field(json_t *body, json_t *keys, const char *path, const char *value)
{
	json_object_set_new(body, path + strlen("$."), json_string(value));
	json_object_set_new(keys, path, json_string(value));
}

static json_t *add_keys_to_body(struct demo_draft *draft)
{
	json_t *keys = json_object();
	bool has_workflow = draft->keys == DEMO_KEYS_IN_PAYLOAD || draft->keys == DEMO_KEYS_IN_BOTH;
	bool has_order = has_workflow || draft->keys == DEMO_ORDER_ONLY;
	if (has_workflow && has(draft->workflow))
		add_field(draft->body, keys, "$.workflow_id", draft->workflow);
	if (has_order && has(draft->order))
		add_field(draft->body, keys, "$.order_id", draft->order);
	if (has(draft->region))
		json_object_set_new(draft->body, "region", json_string(draft->region));
	return keys;
}

static natsStatus add_headers(struct demo_draft *draft, json_t *keys, natsMsg *msg)
{
	natsStatus status = natsMsgHeader_Set(msg, DEMO_ID_HEADER, draft->id);
	bool has_workflow = draft->keys == DEMO_KEYS_IN_HEADER || draft->keys == DEMO_KEYS_IN_BOTH;
	if (status == NATS_OK && has_workflow && has(draft->workflow)) {
		status = natsMsgHeader_Set(msg, DEMO_WORKFLOW_HEADER, draft->workflow);
		json_object_set_new(keys, "header:" DEMO_WORKFLOW_HEADER, json_string(draft->workflow));
	}
	if (status == NATS_OK && draft->error)
		status = natsMsgHeader_Set(msg, "Nats-Service-Error", draft->error);
	if (status == NATS_OK)
		status = demo_context_write(&draft->context, msg);
	return status;
}

void demo_bus_name_draft(struct demo_bus *bus, struct demo_draft *draft)
{
	snprintf(draft->id, sizeof(draft->id), "%s-%06u", bus->name,
		 atomic_fetch_add(&bus->published, 1) + 1);
}

/* The draft as a message of libnats, and its record for the ground truth. Takes draft->body. */
static natsStatus build(struct demo_bus *bus, struct demo_draft *draft, natsMsg **msg, json_t **record)
{
	if (!draft->id[0])
		demo_bus_name_draft(bus, draft);
	json_t *keys = add_keys_to_body(draft);
	char *text = json_dumps(draft->body, JSON_COMPACT);
	json_decref(draft->body);
	draft->body = NULL;
	natsStatus status = natsMsg_Create(msg, draft->subject, draft->reply_to, text, (int)strlen(text));
	free(text);
	if (status == NATS_OK)
		status = add_headers(draft, keys, *msg);
	*record = json_pack(
	    "{s:s, s:s?, s:s?, s:o, s:I, s:s, s:b, s:o, s:s?}", "publish", draft->id, "cause",
	    has(draft->cause) ? draft->cause : NULL, "after", has(draft->after) ? draft->after : NULL,
	    "received_ns", draft->received_ns ? json_integer(draft->received_ns) : json_null(),
	    "published_ns", (json_int_t)demo_wall_ns(), "subject", draft->subject, "reply", draft->is_reply,
	    "keys", keys, "trace", draft->context.style != DEMO_NO_CONTEXT ? draft->context.trace : NULL);
	return status;
}

/* Keep the record when the message was sent. */
static void finish(struct demo_bus *bus, const struct demo_draft *draft, natsStatus status, json_t *record)
{
	if (status == NATS_OK || status == NATS_TIMEOUT || status == NATS_NO_RESPONDERS) {
		demo_truth_append(bus->truth, record);
		return;
	}
	json_decref(record);
	if (status == NATS_CONNECTION_CLOSED)
		return; /* a handler that still ran when the client was stopped */
	fprintf(stderr, "demo: %s cannot publish to %s: %s\n", bus->name, draft->subject,
		natsStatus_GetText(status));
}

natsStatus demo_bus_publish(struct demo_bus *bus, struct demo_draft *draft)
{
	natsMsg *msg = NULL;
	json_t *record;
	natsStatus status = build(bus, draft, &msg, &record);
	if (status == NATS_OK)
		status = natsConnection_PublishMsg(bus->connection, msg);
	natsMsg_Destroy(msg);
	finish(bus, draft, status, record);
	return status;
}

bool demo_bus_request(struct demo_bus *bus, struct demo_draft *draft, int64_t timeout_ms,
		      struct demo_message *reply)
{
	natsMsg *msg = NULL, *answer = NULL;
	json_t *record;
	natsStatus status = build(bus, draft, &msg, &record);
	int64_t asked_ns = demo_steady_ns();
	if (status == NATS_OK)
		status = natsConnection_RequestMsg(&answer, bus->connection, msg, timeout_ms);
	int64_t latency_ns = demo_steady_ns() - asked_ns;
	natsMsg_Destroy(msg);
	finish(bus, draft, status, record);
	if (status != NATS_OK) {
		demo_truth_request(bus->truth, draft->id,
				   status == NATS_NO_RESPONDERS ? "no_responders" : "timeout", "",
				   latency_ns);
		return false;
	}
	demo_message_init(reply, answer);
	demo_truth_request(bus->truth, draft->id, "reply", reply->id, latency_ns);
	return true;
}

struct demo_draft demo_draft_after(const struct demo_message *message, const char *subject, json_t *body)
{
	return (struct demo_draft){.subject = subject,
				   .body = body,
				   .workflow = message->workflow,
				   .order = message->order,
				   .region = message->region,
				   .context = demo_context_child(&message->context),
				   .cause = message->id,
				   .received_ns = message->received_ns};
}
