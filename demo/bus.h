/* bus.h - a client of the demo: a connection whose every message has an id, and leaves a line in the ground truth. */
#ifndef DEMO_BUS_H
#define DEMO_BUS_H

#include <jansson.h>
#include <nats/nats.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "demo/message.h"
#include "demo/platform.h"
#include "demo/settings.h"
#include "demo/truth.h"

struct demo_bus_subscription;

struct demo_bus {
	natsConnection *connection;
	struct demo_truth *truth; /* NULL = keeps none */
	char name[48];            /* of the process, its member number included */
	atomic_uint published;
	struct demo_bus_subscription *subscriptions; /* a list */
	sem_t ended; /* one post for each subscription whose last handler has returned */
};

/* A message to publish. */
struct demo_draft {
	const char *subject, *reply_to; /* reply_to may be NULL */
	json_t *body;                   /* taken; the keys are added to it */
	enum demo_keys keys;
	bool is_reply;
	const char *error; /* of a service that failed, for the header Nats-Service-Error; NULL = none */
	/* Of the order; NULL or "" = unknown. */
	const char *workflow, *order, *region;
	struct demo_context context;
	/* The message that the client was handling when it published this one. */
	const char *cause, *after; /* ids; NULL or "" = none */
	int64_t received_ns;       /* of the cause; 0 = none */
	/* Given by demo_bus_name_draft, or when it is published. */
	char id[DEMO_ID_MAX];
};

/* Connect under the client name (NULL = without one) and begin the ground truth. 0, or -1 with a message printed and
 * nothing left open. The bus must not move in memory until it is closed. */
int demo_bus_open(struct demo_bus *bus, const struct demo_settings *settings, const char *name);

/* Subscribe. `on_message` takes each message, on a thread of the subscription; no such call runs any more when
 * demo_bus_close returns. NATS_OK, or the error of libnats. */
natsStatus demo_bus_subscribe(struct demo_bus *bus, const char *subject, natsMsgHandler on_message,
			      void *closure);

/* Close the connection, without ending the subscriptions before; then the ground truth. */
void demo_bus_close(struct demo_bus *bus);

/* Close the connection and open another; the ids go on. 0, or -1 with a message printed and no connection. */
int demo_bus_reconnect(struct demo_bus *bus, const struct demo_settings *settings, const char *name);

/* Give the draft its id before it is published: for a request whose reply may come before the publish has returned. */
void demo_bus_name_draft(struct demo_bus *bus, struct demo_draft *draft);

/* Publish; takes draft->body. NATS_OK, or the error, which was printed. */
natsStatus demo_bus_publish(struct demo_bus *bus, struct demo_draft *draft);

/* Publish a request and wait for its reply. True with *reply filled in; the caller calls demo_message_fini. */
bool demo_bus_request(struct demo_bus *bus, struct demo_draft *draft, int64_t timeout_ms,
		      struct demo_message *reply);

/* A draft of a message that the handler of `message` publishes: its cause, keys and a child of its context. */
struct demo_draft demo_draft_after(const struct demo_message *message, const char *subject, json_t *body);

/* Report to the process that started this one that the subscriptions are in effect. */
void demo_bus_report_ready(struct demo_bus *bus, const struct demo_settings *settings);

#endif
