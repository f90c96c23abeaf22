#include "replay/requests.h"

#include <errno.h>
#include <stdlib.h>

enum { REQUESTS_MIN = 1024 };

void replay__requests_fini(struct replay__requests *requests)
{
	free(requests->ring);
	free(requests->buckets);
	*requests = (struct replay__requests){0};
}

static uint32_t *bucket_of(const struct replay__requests *requests, uint64_t inbox)
{
	return &requests->buckets[inbox & (requests->cap - 1)];
}

static void link_in(struct replay__requests *requests, uint32_t at)
{
	uint32_t *bucket = bucket_of(requests, requests->ring[at].inbox);
	requests->ring[at].next = *bucket;
	*bucket = at + 1;
}

static void unlink_oldest(struct replay__requests *requests, uint32_t at)
{
	uint32_t *link = bucket_of(requests, requests->ring[at].inbox);
	while (*link != at + 1)
		link = &requests->ring[*link - 1].next;
	*link = requests->ring[at].next;
}

/* Only ever called when the ring is full and has not begun to overwrite: places stay as they are. */
static int grow(struct replay__requests *requests)
{
	uint32_t cap = requests->cap ? requests->cap * 2 : REQUESTS_MIN;
	struct replay__request *ring = realloc(requests->ring, cap * sizeof *ring);
	if (ring)
		requests->ring = ring;
	uint32_t *buckets = calloc(cap, sizeof *buckets);
	if (!ring || !buckets) {
		free(buckets);
		return -ENOMEM;
	}
	free(requests->buckets);
	requests->buckets = buckets;
	requests->cap = cap;
	for (uint32_t at = 0; at < requests->added; at++)
		link_in(requests, at);
	return 0;
}

/* In the place of one that has the same inbox. */
static void replace(struct replay__request *known, const struct replay__request *request)
{
	uint32_t next = known->next;
	*known = *request;
	known->next = next;
	known->is_shared = true;
}

int replay__requests_put(struct replay__requests *requests, const struct replay__request *request,
			 struct replay__request *forgotten)
{
	struct replay__request *known = replay__requests_find(requests, request->inbox);
	if (known) {
		*forgotten = *known;
		replace(known, request);
		return 1;
	}
	if (requests->added == requests->cap && requests->cap < REPLAY__REQUESTS_MAX && grow(requests) != 0)
		return -ENOMEM;
	uint32_t at = (uint32_t)(requests->added & (requests->cap - 1));
	bool is_full = requests->added >= requests->cap;
	if (is_full) {
		*forgotten = requests->ring[at];
		unlink_oldest(requests, at);
	}
	requests->ring[at] = *request;
	link_in(requests, at);
	requests->added++;
	return is_full;
}

struct replay__request *replay__requests_find(const struct replay__requests *requests, uint64_t inbox)
{
	uint32_t next = requests->cap ? *bucket_of(requests, inbox) : 0;
	while (next && requests->ring[next - 1].inbox != inbox)
		next = requests->ring[next - 1].next;
	return next ? &requests->ring[next - 1] : NULL;
}
