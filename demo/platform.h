/* platform.h - the services of the demo platform: a table.
 *
 * An order passes through seven domains. Each service does one thing: it answers a request, or it carries out a command
 * and publishes an event when done, or it listens to events. Some call another service while they handle a message.
 * "{region}" in a subject stands for the region of the order. */
#ifndef DEMO_PLATFORM_H
#define DEMO_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

enum demo_action {
	DEMO_REPLIES,  /* to a request */
	DEMO_PUBLISHES /* `emits` after its work, or nothing when that is NULL */
};

/* Where a service puts the keys of the order into what it publishes. */
enum demo_keys {
	DEMO_KEYS_IN_PAYLOAD, /* workflow_id and order_id */
	DEMO_KEYS_IN_HEADER,  /* Workflow-Id */
	DEMO_KEYS_IN_BOTH,
	DEMO_ORDER_ONLY, /* order_id in the payload */
	DEMO_NO_KEYS
};

/* Planted in a run with faults. */
enum demo_trouble {
	DEMO_HEALTHY,
	DEMO_SLOWS_DOWN,    /* takes 50 times as long in the last third of the run */
	DEMO_FAILS,         /* replies with an error to one request of 20 */
	DEMO_IGNORES,       /* does not answer for one order of 20, however often it is asked */
	DEMO_FLAPS,         /* closes its connection every 3 s and connects again */
	DEMO_DUPLICATES,    /* publishes everything twice */
	DEMO_TAKES_MOST,    /* its first member subscribes eight times in the queue group */
	DEMO_LONELY_MEMBER, /* a queue group with one member */
};

struct demo_service {
	const char *name, *domain;
	const char *listens; /* subject or pattern */
	enum demo_action action;
	const char *emits; /* subject; NULL = none */
	const char *calls; /* subject of the request that it sends while it handles a message; NULL = none */
	unsigned work_us;
	unsigned members;     /* processes that share the messages in a queue group; 0 = 1, no group */
	unsigned concurrency; /* messages that one process handles at once; 0 = 1 */
	enum demo_keys keys;
	bool drops_context; /* does not pass on the trace context */
	enum demo_trouble trouble;
};

enum { DEMO_SERVICES = 57, DEMO_DOMAINS_MAX = 256 };

extern const struct demo_service demo_services[DEMO_SERVICES];

/* The service of that name; NULL when there is none. */
const struct demo_service *demo_service_find(const char *name);

/* The domain is in the comma-separated list; NULL is the list of all domains. */
bool demo_domain_is_in(const char *domain, const char *list);

/* A service that runs, given the domains that run, subscribes to the subject. Outside of "workflows", "events" and
 * "insight", the first token of a subject is the domain of the service. */
bool demo_subject_is_served(const char *subject, const char *domains);

/* Write the subject with "{region}" replaced; returns out. */
char *demo_subject_in_region(const char *subject, const char *region, char *out, size_t size);

#endif
