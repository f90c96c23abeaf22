/* presence.h - who is connected at a moment of a recording, and to what they are subscribed.
 *
 * Fed with the events of a source up to that moment; connect events that are repeated at the start of a segment are needed, too.
 * A stop and a start of the recording end the connections that came before it: their ends were not seen.
 *
 * A subscription whose subscribe event was not recorded is known by its deliveries. Its subject is then the first one that it
 * got, among those asked for. The memory is bounded; what finds no room is counted. */
#ifndef TRACE_PRESENCE_H
#define TRACE_PRESENCE_H

#include "trace/clients.h"
#include "trace/memory.h"

/* A time that is not known: it was before the events began. */
#define TRACE_PRESENCE_BEFORE INT64_MIN

struct trace_presence_options {
	size_t memory_bytes;
	struct wire_slice asked; /* deliveries of which subjects count, a pattern; empty = all. Borrowed */
};

struct trace_present_client {
	bool is_here;
	int64_t since_ns;             /* when it connected, or TRACE_PRESENCE_BEFORE */
	int64_t last_ns;              /* when it last published or received */
	uint64_t published, received; /* messages */
	uint32_t subscriptions;       /* that are open, inboxes included */
};

struct trace_present_subscription {
	uint32_t client;         /* a number of trace_presence_clients */
	uint32_t subject, queue; /* numbers of `names` */
	bool is_recorded;        /* its subscribe event was seen; else it is known by deliveries only */
	int64_t since_ns;        /* when it was made, or TRACE_PRESENCE_BEFORE */
	int64_t last_ns;         /* its last delivery that counts; meaningless when received is 0 */
	uint64_t received;       /* deliveries that count */
};

struct trace_presence_result {
	uint64_t events;
	int64_t last_ns;      /* the time of the last event */
	int64_t stopped_ns;   /* when the recording stopped; TRACE_PRESENCE_BEFORE: it goes on */
	int64_t last_left_ns; /* when the last client left; TRACE_PRESENCE_BEFORE: none has */
	uint64_t subscribes;  /* subscribe events: without any, only those who got something are known */
	struct trace_names names;
	struct trace_present_client *clients; /* by client's number */
	uint32_t clients_len;
	uint32_t here;                                    /* how many of them are connected */
	struct trace_present_subscription *subscriptions; /* those that are open at the end, in no order */
	uint32_t subscriptions_len;
	uint64_t left_out; /* how often a client or a subscription found no room */
};

struct trace_presence;

/* Borrows the source, whose events are to be added. NULL when out of memory. */
struct trace_presence *trace_presence_open(struct wire_source *source,
					   const struct trace_presence_options *options);
void trace_presence_close(struct trace_presence *presence);

/* Add the event that the source has just given. Hot: once for every event. */
void trace_presence_add(struct trace_presence *presence, const struct wire_event *event);

/* No more events come. Valid until close. */
const struct trace_presence_result *trace_presence_end(struct trace_presence *presence);

/* Who the clients are. Valid until close. */
const struct trace_clients *trace_presence_clients(const struct trace_presence *presence);

#endif
