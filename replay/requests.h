/* requests.h - the requests of one recording that may yet be answered, by where the answer goes. Internal to
 * replay. */
#ifndef REPLAY_REQUESTS_H
#define REPLAY_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

struct replay__subject;

/* The latest so many are known; a reply to an older one is a reply to something unknown. */
enum { REPLAY__REQUESTS_MAX = 1 << 18 };

struct replay__request {
	uint64_t inbox;                  /* hash of the reply subject */
	uint64_t key;                    /* whatever it is known by to whoever put it */
	int64_t time_ns;                 /* steady */
	struct replay__subject *replies; /* likewise */
	bool is_answered;
	bool is_shared; /* other requests had the same inbox: which of them is answered cannot be told */
	uint32_t next;  /* of the same bucket: its number + 1; 0 = the last */
};

/* A ring of requests, the oldest overwritten first. Zeroed = empty. */
struct replay__requests {
	struct replay__request *ring; /* owned */
	uint32_t *buckets;            /* owned; a number + 1, 0 = empty */
	uint32_t cap;                 /* of both; a power of two */
	uint64_t added;
};

void replay__requests_fini(struct replay__requests *requests);

/* Remember a request; `next` and `is_shared` are ours. Forgets one that has the same inbox, or the oldest where there is no
 * room: 1 with that one in *forgotten, else 0, or -ENOMEM. */
int replay__requests_put(struct replay__requests *requests, const struct replay__request *request,
			 struct replay__request *forgotten);

/* The request that is answered at this inbox, or NULL. Valid until the next put. */
struct replay__request *replay__requests_find(const struct replay__requests *requests, uint64_t inbox);

#endif
