/* message.h - a received message: its id, its trace context, and the keys of the order that it carries. */
#ifndef DEMO_MESSAGE_H
#define DEMO_MESSAGE_H

#include <jansson.h>
#include <nats/nats.h>
#include <stdint.h>

#include "demo/trace_context.h"

/* The header that identifies every message of the demo. */
#define DEMO_ID_HEADER       "Demo-Id"
#define DEMO_WORKFLOW_HEADER "Workflow-Id"

enum { DEMO_ID_MAX = 64, DEMO_KEY_MAX = 24 };

struct demo_message {
	natsMsg *msg; /* owned */
	json_t *body; /* owned; NULL when the payload is no JSON object */
	char id[DEMO_ID_MAX];
	char workflow[DEMO_KEY_MAX], order[DEMO_KEY_MAX],
	    region[DEMO_KEY_MAX]; /* "" = it does not carry it */
	struct demo_context context;
	int64_t received_ns; /* wall clock: when its handler got it */
};

/* Takes msg. */
void demo_message_init(struct demo_message *message, natsMsg *msg);
void demo_message_fini(struct demo_message *message);

/* The decimal number at the end of a key such as "wf-000123"; 0 when it has none. */
unsigned demo_key_number(const char *key);

int64_t demo_wall_ns(void);
int64_t demo_steady_ns(void);

#endif
