/* notices.h - events that other threads add to those of a subscription: outages, connections, marks. Internal to tap.
 *
 * Their times are those of the monotonic clock until they are given out. The lock is taken once for a notice, and never for
 * a message. */
#ifndef TAP_SUBSCRIBER_NOTICES_H
#define TAP_SUBSCRIBER_NOTICES_H

#include <pthread.h>

#include "wire/event_copy.h"

/* That wait, and bytes of their texts; further ones are counted. */
enum { TAP__NOTICES_MAX = 1 << 16, TAP__NOTICES_BYTES = 16 << 20 };

struct tap__notice {
	struct tap__notice *next;
	struct wire_event_copy copy;
};

struct tap__notices {
	pthread_mutex_t lock;
	struct tap__notice *first, *last; /* owned */
	uint32_t count;                   /* that wait; atomic */
	size_t bytes;                     /* of their texts */
	_Atomic uint64_t lost;            /* for which there was no room, or no memory */
};

void tap__notices_init(struct tap__notices *notices);
void tap__notices_fini(struct tap__notices *notices);

/* Add a copy of the event. From any thread. */
void tap__notices_add(struct tap__notices *notices, const struct wire_event *event);

/* The oldest notice; NULL when there is none. It is owned by the notices until tap__notices_remove. */
const struct wire_event *tap__notices_first(struct tap__notices *notices);
/* Remove the oldest notice. */
void tap__notices_remove(struct tap__notices *notices);

/* Hot: once for every message. */
static inline bool tap__notices_are_empty(const struct tap__notices *notices)
{
	return __atomic_load_n(&notices->count, __ATOMIC_ACQUIRE) == 0;
}

#endif
