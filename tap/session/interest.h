/* interest.h - who subscribes to what: the subscriptions of all servers that a message can reach, by subject.
 * Internal to tap.
 *
 * Subscriptions lie in buckets: one for each literal subject, one for each first token of a pattern, and one for the
 * patterns that begin with a wildcard. A message looks into three buckets. What it finds is a route, which all messages
 * on the subject share until a subscription comes or goes. */
#ifndef TAP_SESSION_INTEREST_H
#define TAP_SESSION_INTEREST_H

#include "tap/session/subs.h"

enum { TAP__ROUTES = 8192, TAP__LANES = 1024 }; /* powers of two */

/* The subscriptions that match a subject at one time. Counted. */
struct tap__route {
	uint32_t holds;
	uint32_t count;
	uint32_t lanes; /* how many times a message is received in all */
	uint64_t hash, generation;
	struct tap_budget *budget;
	uint64_t bytes;          /* of the budget */
	struct tap__sub *subs[]; /* held; those of a queue group one after the other */
};

struct tap__interest {
	struct tap__sub **buckets;
	size_t count, cap;   /* of subscriptions and of buckets; cap: a power of two, or 0 */
	uint64_t generation; /* of routes; rises when a subscription comes or goes */
	int64_t changed_ns;  /* when a SUB or an UNSUB was seen last; INT64_MIN = never */
	struct tap__route *routes[TAP__ROUTES];
	struct tap__lane *lanes[TAP__LANES]; /* of queue groups, by name: chains */
	struct tap_budget *budget;
};

/* Zeroed but for the budget. No subscription may be listed any more. */
void tap__interest_fini(struct tap__interest *interest);

/* List a subscription whose SUB was seen. Members of one queue group share a lane from then on. False when there is no
 * memory. */
bool tap__interest_add(struct tap__interest *interest, struct tap__sub *sub);

/* It has certainly gone. One that is not listed is left alone. */
void tap__interest_remove(struct tap__interest *interest, struct tap__sub *sub);

/* The hash of a subject at a server. */
uint64_t tap__subject_hash(uint32_t server, struct wire_slice subject);

/* Find the route of a subject, and remember it. NULL when there is no memory, or too much to search through. */
struct tap__route *tap__interest_find(struct tap__interest *interest, uint32_t server,
				      struct wire_slice subject, uint64_t hash);

/* Hot: the route of a subject; to be released. NULL as above. */
static inline struct tap__route *tap__interest_route(struct tap__interest *interest, uint32_t server,
						     struct wire_slice subject, uint64_t hash)
{
	struct tap__route *route = interest->routes[hash & (TAP__ROUTES - 1)];
	if (!route || route->hash != hash || route->generation != interest->generation)
		route = tap__interest_find(interest, server, subject, hash);
	if (route)
		route->holds++;
	return route;
}

void tap__route_free(struct tap__route *route);

static inline void tap__route_release(struct tap__route *route)
{
	if (route && --route->holds == 0)
		tap__route_free(route);
}

#endif
