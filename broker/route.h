/* route.h - where messages on one subject go, worked out once and kept per publishing connection; inside this folder.
 *
 * A route is valid while the sublist's generation of its subject is the one it was made with. Everything a delivery
 * needs is prepared: heads to be copied ("MSG subject sid "), receivers as the event shows them, and the memos that
 * sinks may leave on them. The hot path only reads. */
#ifndef BROKER_ROUTE_H
#define BROKER_ROUTE_H

#include "broker/sublist.h"
#include "wire/event.h"

enum { BROKER__ROUTES_MAX = 1024 }; /* per connection */

struct broker__receiver {
	struct broker__sub *sub;
	struct broker_client *client;
	const char *head; /* "HMSG subject sid ": MSG begins one byte later */
	uint32_t head_len;
	bool is_denied; /* a deny rule of the receiver: it is told nothing */
};

/* Queue members of one name, from every pattern that matches: one of them gets the message. */
struct broker__pick {
	struct broker__receiver *members;
	struct wire_receiver *described; /* of the members */
	struct wire_memo *memos;         /* of the receivers of a message when this member was picked */
	uint32_t members_len;
};

struct broker__route {
	struct broker__route *slot_next;
	uint64_t hash, generation;
	struct wire_slice subject;
	bool may_publish; /* by the permission lists; replies granted are not in this */
	bool is_reserved; /* a subject of clusters, which nats-server lets nobody publish to */
	bool is_plain;    /* no queue groups, nobody denied: the common case */
	struct broker__receiver *receivers;
	uint32_t receivers_len, picks_len;
	struct broker__pick *picks;
	/* As the event shows them: first the plain receivers, then room for one picked member per queue group. */
	struct wire_receiver *described;
	struct wire_memo subject_memo, receivers_memo;
	size_t bytes; /* of memory */
};

struct broker__routes {
	struct broker__route *last; /* most publishers stay with a subject for a while */
	struct broker__route **slots;
	uint32_t slots_len, count;
};

/* The route for a subject that `publisher` publishes to, valid at the moment; borrowed until the next call. NULL
 * when out of memory. */
struct broker__route *broker__route_find(struct broker_client *publisher, struct wire_slice subject);

/* Equal subjects of equal length. Hot: a call to memcmp costs more than comparing what subjects have. */
static inline bool broker__is_same_subject(const char *a, const char *b, size_t len)
{
	size_t at = 0;
	for (; at + 8 <= len; at += 8)
		if (memcmp(a + at, b + at, 8) != 0)
			return false;
	if (len >= 8)
		return memcmp(a + len - 8, b + len - 8, 8) == 0;
	for (; at < len; at++)
		if (a[at] != b[at])
			return false;
	return true;
}

/* The same route again without a look-up, or NULL. */
static inline struct broker__route *broker__route_again(const struct broker__routes *routes,
							const struct broker__sublist *list,
							struct wire_slice subject)
{
	struct broker__route *last = routes->last;
	if (last && last->subject.len == subject.len &&
	    broker__is_same_subject(last->subject.data, subject.data, subject.len) &&
	    last->generation == broker__sublist_generation(list, last->hash))
		return last;
	return NULL;
}

/* Forget all routes of a client. */
void broker__routes_clear(struct broker_client *client);

#endif
