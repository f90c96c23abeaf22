/* requests.h - pair the requests of one recording with their replies, in bounded memory.
 *
 * A request is a message with a reply subject. A reply is a later message to that subject. A request may get no reply,
 * one, or several. When nobody is subscribed the server itself sends a "no responders" message: an empty one with
 * status 503.
 *
 * Replies are found by the whole reply subject, by a hash of 64 bits: nats.c and nats.go generate a new last token for
 * each request (trace/inbox.h), and other clients may use any subject, inbox or not. A client that uses a subject again
 * supersedes its earlier request: later replies go to the newer one, which is marked as shared, because it cannot be
 * known which of the two they answer.
 *
 * The `max` newest requests are remembered. A further one evicts the oldest, answered or not; evictions are counted,
 * and a reply to an evicted request is not found. */
#ifndef TRACE_REQUESTS_H
#define TRACE_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/format/table.h"
#include "wire/event.h"

struct trace_request {
	/* The caller's: what it knows the request by. */
	uint64_t key;
	void *owner;
	int64_t asked_ns;   /* steady */
	uint32_t replies;   /* so far, without "no responders" */
	bool no_responders; /* the server said so */
	bool is_shared;     /* an earlier request had the same reply subject */
	/* Internal. */
	bool is_superseded;
	bool is_outside; /* the reply subject is not below TRACE_INBOX_PREFIX */
	uint64_t reply_hash;
};

/* Why a request is no longer remembered. */
enum trace_forgotten { TRACE_EVICTED, TRACE_SUPERSEDED, TRACE_ENDED };

typedef void trace_request_forgotten(void *context, const struct trace_request *request,
				     enum trace_forgotten why);

/* A ring of requests, and a table of those that are not superseded, by the hashes of their reply subjects. */
struct trace_requests {
	uint32_t max;                       /* a power of two */
	trace_request_forgotten *forgotten; /* may be NULL; must not call back into this module */
	void *context;
	struct trace_request *ring; /* owned */
	uint32_t cap;               /* of the ring; a power of two */
	struct store_table table;   /* to indices of the ring */
	uint64_t added;
	uint64_t
	    outside; /* requests that are remembered with a reply subject that is not below TRACE_INBOX_PREFIX */
	uint64_t superseded, evicted;
};

/* Allocates nothing yet. max is a power of two, 4 or more. */
void trace_requests_init(struct trace_requests *requests, uint32_t max, trace_request_forgotten *forgotten,
			 void *context);
void trace_requests_fini(struct trace_requests *requests);

/* Remember a message that has a reply subject. Calls `forgotten` for the requests that this supersedes and evicts. 0, or
 * -ENOMEM with nothing remembered. */
int trace_requests_add(struct trace_requests *requests, const struct wire_event *request, uint64_t key,
		       void *owner);

/* The same in two steps with other work in between, during which memory comes into the cache. The first returns the hash of the
 * reply subject for the second. Hot. */
uint64_t trace_requests_fetch(const struct trace_requests *requests, struct wire_slice reply);
int trace_requests_add_fetched(struct trace_requests *requests, const struct wire_event *request,
			       uint64_t reply_hash, uint64_t key, void *owner);

/* The request that a message answers, after counting the message as its reply; NULL when it answers none that is
 * remembered. Valid until the next trace_requests_add. */
const struct trace_request *trace_requests_reply(struct trace_requests *requests,
						 const struct wire_event *message);

/* The request that a message to this subject would answer, NULL when none is remembered. Counts nothing. Valid until the next
 * trace_requests_add. Hot: once for every message. */
struct trace_request *trace_requests_find(const struct trace_requests *requests, struct wire_slice subject);

/* Count a message as a reply to the request. Its headers are needed when it has no payload. */
void trace_request_count_reply(struct trace_request *request, const struct wire_event *message);

/* Forget all requests, in the order in which they were added: calls `forgotten` for each, with TRACE_ENDED. */
void trace_requests_end(struct trace_requests *requests);

/* How long after its request a reply came, by steady time: not counting steps of the recording's clock. Negative when
 * it came before. */
int64_t trace_reply_after_ns(const struct trace_request *request, const struct wire_event *reply);

/* The message is the server's "no responders": no payload and status 503, as natsMsg_IsNoResponders of nats.c has it. */
bool trace_is_no_responders(const struct wire_event *message);

#endif
