#include "trace/requests.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "wire/headers.h"

enum { CAP_MIN = 1024 };

void trace_requests_init(struct trace_requests *requests, uint32_t max, trace_request_forgotten *forgotten,
			 void *context)
{
	assert(max > 0 && (max & (max - 1)) == 0);
	*requests = (struct trace_requests){.max = max, .forgotten = forgotten, .context = context};
}

void trace_requests_fini(struct trace_requests *requests)
{
	free(requests->ring);
	free(requests->buckets);
	requests->ring = NULL;
	requests->buckets = NULL;
	requests->cap = 0;
}

static uint64_t hash_of(struct wire_slice subject)
{
	return XXH3_64bits(subject.data, subject.len);
}

/* ---- the hash table ---- */

static uint32_t *bucket_of(const struct trace_requests *requests, uint64_t hash)
{
	return &requests->buckets[hash & (requests->cap - 1)];
}

static struct trace_request *find(const struct trace_requests *requests, uint64_t hash)
{
	uint32_t next = requests->cap ? *bucket_of(requests, hash) : 0;
	while (next && requests->ring[next - 1].reply_hash != hash)
		next = requests->ring[next - 1].next;
	return next ? &requests->ring[next - 1] : NULL;
}

static void link_request(struct trace_requests *requests, uint32_t at)
{
	uint32_t *bucket = bucket_of(requests, requests->ring[at].reply_hash);
	requests->ring[at].next = *bucket;
	*bucket = at + 1;
}

static void unlink_request(struct trace_requests *requests, const struct trace_request *request)
{
	uint32_t number = (uint32_t)(request - requests->ring) + 1;
	uint32_t *link = bucket_of(requests, request->reply_hash);
	while (*link != number)
		link = &requests->ring[*link - 1].next;
	*link = request->next;
}

/* ---- the ring ---- */

static void forget(struct trace_requests *requests, struct trace_request *request, enum trace_forgotten why)
{
	unlink_request(requests, request);
	request->is_superseded = why == TRACE_SUPERSEDED;
	if (requests->forgotten)
		requests->forgotten(requests->context, request, why);
}

static void supersede(struct trace_requests *requests, struct trace_request *request)
{
	requests->superseded++;
	forget(requests, request, TRACE_SUPERSEDED);
}

static void evict(struct trace_requests *requests, struct trace_request *oldest)
{
	if (oldest->is_superseded)
		return;
	requests->evicted++;
	requests->evicted_unanswered += oldest->replies == 0 && !oldest->no_responders;
	forget(requests, oldest, TRACE_EVICTED);
}

/* Double the ring. Called before it has wrapped: requests keep their places. */
static int grow(struct trace_requests *requests)
{
	uint32_t cap = requests->cap ? requests->cap * 2 : CAP_MIN;
	if (cap > requests->max)
		cap = requests->max;
	struct trace_request *ring = realloc(requests->ring, cap * sizeof *ring);
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
		if (!requests->ring[at].is_superseded)
			link_request(requests, at);
	return 0;
}

int trace_requests_add(struct trace_requests *requests, const struct wire_event *request, uint64_t key,
		       void *owner)
{
	uint64_t hash = hash_of(request->reply);
	if (requests->added == requests->cap && requests->cap < requests->max && grow(requests) != 0)
		return -ENOMEM;
	struct trace_request *earlier = find(requests, hash);
	if (earlier)
		supersede(requests, earlier);
	uint32_t at = (uint32_t)(requests->added & (requests->cap - 1));
	if (requests->added >= requests->cap)
		evict(requests, &requests->ring[at]);
	requests->ring[at] = (struct trace_request){.key = key,
						    .owner = owner,
						    .asked_ns = request->steady_ns,
						    .is_shared = earlier != NULL,
						    .reply_hash = hash};
	link_request(requests, at);
	requests->added++;
	return 0;
}

/* ---- replies ---- */

const struct trace_request *trace_requests_reply(struct trace_requests *requests,
						 const struct wire_event *message)
{
	struct trace_request *request =
	    requests->added > 0 ? find(requests, hash_of(message->subject)) : NULL;
	if (!request)
		return NULL;
	if (trace_is_no_responders(message))
		request->no_responders = true;
	else
		request->replies++;
	return request;
}

int64_t trace_reply_after_ns(const struct trace_request *request, const struct wire_event *reply)
{
	return store_time_minus(reply->steady_ns, request->asked_ns);
}

bool trace_is_no_responders(const struct wire_event *message)
{
	struct wire_headers headers;
	return message->size == 0 && message->payload.len == 0 && message->headers.len > 0 &&
	       wire_headers_open(&headers, message->headers) == 0 &&
	       wire_slice_equal(headers.status, WIRE_LITERAL("503"));
}
