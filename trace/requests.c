#include "trace/requests.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/inbox.h"
#include "trace/memory.h"
#include "wire/headers.h"

/* The place in the table of the request that will be evicted after so many more is fetched. */
enum { EVICTED_SOON = 16 };

void trace_requests_init(struct trace_requests *requests, uint32_t max, trace_request_forgotten *forgotten,
			 void *context)
{
	assert(max >= 4 && (max & (max - 1)) == 0);
	*requests = (struct trace_requests){.max = max, .forgotten = forgotten, .context = context};
}

void trace_requests_fini(struct trace_requests *requests)
{
	free(requests->ring);
	store_table_fini(&requests->table);
	requests->ring = NULL;
	requests->cap = 0;
}

static uint64_t hash_of(struct wire_slice subject)
{
	return XXH3_64bits(subject.data, subject.len);
}

static struct trace_request *find(const struct trace_requests *requests, uint64_t hash)
{
	uint32_t probe = 0, at;
	while (requests->cap > 0 && store_table_next(&requests->table, hash, &probe, &at))
		if (requests->ring[at].reply_hash == hash)
			return &requests->ring[at];
	return NULL;
}

/* ---- the ring ---- */

static void forget(struct trace_requests *requests, struct trace_request *request, enum trace_forgotten why)
{
	store_table_remove(&requests->table, request->reply_hash, (uint32_t)(request - requests->ring));
	requests->outside -= request->is_outside;
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
	forget(requests, oldest, TRACE_EVICTED);
}

/* Double the ring. Called before it has wrapped: requests keep their places. */
static int grow(struct trace_requests *requests)
{
	if (!requests->table.slots && store_table_init(&requests->table) != 0)
		return -ENOMEM;
	return trace_grow(&requests->ring, &requests->cap, (uint64_t)requests->cap + 1,
			  sizeof *requests->ring, NULL)
		   ? 0
		   : -ENOMEM;
}

/* Fetch the place of a hash in the table into the cache. */
static void fetch(const struct trace_requests *requests, uint64_t hash)
{
	__builtin_prefetch(&requests->table.slots[hash & requests->table.mask], 1);
}

uint64_t trace_requests_fetch(const struct trace_requests *requests, struct wire_slice reply)
{
	uint64_t hash = hash_of(reply);
	if (requests->cap > 0)
		fetch(requests, hash);
	if (requests->added >= requests->cap && requests->cap > 0)
		fetch(requests,
		      requests->ring[(requests->added + EVICTED_SOON) & (requests->cap - 1)].reply_hash);
	return hash;
}

int trace_requests_add_fetched(struct trace_requests *requests, const struct wire_event *request,
			       uint64_t reply_hash, uint64_t key, void *owner)
{
	bool is_outside = !trace_has_inbox_prefix(request->reply);
	if (requests->added == requests->cap && requests->cap < requests->max && grow(requests) != 0)
		return -ENOMEM;
	if (store_table_reserve(&requests->table, 1) != 0)
		return -ENOMEM;
	struct trace_request *earlier = find(requests, reply_hash);
	if (earlier)
		supersede(requests, earlier);
	uint32_t at = (uint32_t)(requests->added & (requests->cap - 1));
	if (requests->added >= requests->cap)
		evict(requests, &requests->ring[at]);
	requests->ring[at] = (struct trace_request){.key = key,
						    .owner = owner,
						    .asked_ns = request->steady_ns,
						    .is_shared = earlier != NULL,
						    .is_outside = is_outside,
						    .reply_hash = reply_hash};
	store_table_add(&requests->table, reply_hash, at);
	requests->outside += is_outside;
	requests->added++;
	return 0;
}

int trace_requests_add(struct trace_requests *requests, const struct wire_event *request, uint64_t key,
		       void *owner)
{
	return trace_requests_add_fetched(requests, request, hash_of(request->reply), key, owner);
}

/* ---- replies ---- */

struct trace_request *trace_requests_find(const struct trace_requests *requests, struct wire_slice subject)
{
	if (requests->outside == 0 && !trace_has_inbox_prefix(subject))
		return NULL;
	return find(requests, hash_of(subject));
}

void trace_request_count_reply(struct trace_request *request, const struct wire_event *message)
{
	if (trace_is_no_responders(message))
		request->no_responders = true;
	else
		request->replies++;
}

const struct trace_request *trace_requests_reply(struct trace_requests *requests,
						 const struct wire_event *message)
{
	struct trace_request *request = trace_requests_find(requests, message->subject);
	if (request)
		trace_request_count_reply(request, message);
	return request;
}

void trace_requests_end(struct trace_requests *requests)
{
	uint64_t remembered = requests->added < requests->cap ? requests->added : requests->cap;
	for (uint64_t number = requests->added - remembered; number < requests->added; number++) {
		struct trace_request *request = &requests->ring[number & (requests->cap - 1)];
		if (!request->is_superseded && requests->forgotten)
			requests->forgotten(requests->context, request, TRACE_ENDED);
	}
	if (requests->cap > 0)
		store_table_clear(&requests->table);
	requests->added = requests->outside = 0;
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
