/* latency.h - how long requests take: by subject, by requester, by responder, by interval; and who was slow or silent.
 *
 * Fed with the events of a source in order of time. Requests are paired with their replies as trace/requests.h says; times
 * are steady, so that a step of a recording's clock makes no latency. A JetStream acknowledgement ($JS.ACK) is no reply.
 *
 * The unknown is left out: a reply whose publisher is unknown has no responder, a latency without the times that it
 * needs is not counted. Nobody was subscribed when the server said so ("no responders") or when the receivers are known and
 * there are none.
 *
 * The memory is bounded: pairing takes half, tables and clients the rest. When a table is full, its further rows are
 * summed up in one; when pairing is, the oldest request is forgotten and counted. */
#ifndef TRACE_LATENCY_H
#define TRACE_LATENCY_H

#include "store/filter/filter.h"
#include "trace/clients.h"
#include "trace/inbox.h"
#include "trace/latency_rows.h"

struct trace_latency_options {
	size_t memory_bytes;
	enum trace_service_key key;
	bool folds_tokens;                   /* ids of subjects, not only inboxes */
	const struct trace_inboxes *inboxes; /* borrowed; NULL = those below _INBOX */
	const struct store_filter *filter;   /* which messages count as requests; borrowed; NULL = all */
	int64_t slow_ns;                     /* list requests whose first reply took longer; 0 = none */
	int64_t unanswered_ns;               /* list requests without a reply for so long; 0 = none */
	int64_t every_ns;                    /* count by intervals of this length; 0 = do not */
	size_t listed_max;                   /* of each of the two lists */
	size_t slowest_max;                  /* of the slowest of all */
};

struct trace_latency_result {
	bool has_events;
	int64_t first_ns, last_ns;      /* time of day of the first and the last event */
	int64_t span_ns;                /* between them, steady */
	uint64_t messages;              /* all */
	uint64_t gaps;                  /* gap events */
	struct trace_latency_row total; /* all requests */
	struct trace_names subjects;    /* numbers of rows of `by_subject` and `deliveries` */
	struct trace_latency_rows by_subject;
	struct trace_latency_rows by_requester; /* by number of service */
	struct trace_latency_rows by_responder; /* likewise; a request counts for each of its responders */
	struct trace_latency_rows
	    intervals; /* from base_ns on, each of every_ns; by the time of the request */
	struct trace_latency_rows
	    deliveries; /* by subject: publishing to delivery, of all messages; only count and latency */
	int64_t base_ns, base_steady_ns;        /* time of day; steady */
	uint32_t subject_others;                /* the name of subjects that found no room */
	struct trace_examples slow, unanswered; /* the longest ones; `seen` counts all */
	uint64_t
	    early_replies; /* replies that came before their requests: the clocks of merged logs disagree */
	uint64_t latency_unknown;       /* requests with a reply whose latency is not known */
	uint64_t seen_again;            /* requests that another log held, too; counted once */
	uint64_t more_responders;       /* requests with more responders than are counted */
	struct trace_memory row_memory; /* of the rows and the names */
	struct trace_memory memory; /* of what the rows count; refused: durations that are in no percentile */
};

struct trace_latency;

/* Borrows the source, whose events are to be added, and the options. NULL when out of memory. */
struct trace_latency *trace_latency_open(struct wire_source *source,
					 const struct trace_latency_options *options);
void trace_latency_close(struct trace_latency *latency);

/* Add the event that the source has just given. 0 or -ENOMEM. Hot: once for every event. */
int trace_latency_add(struct trace_latency *latency, const struct wire_event *event);

/* Some requests may still get their first reply. */
bool trace_latency_is_waiting(const struct trace_latency *latency);

/* No more events come. The result is valid until close. */
const struct trace_latency_result *trace_latency_end(struct trace_latency *latency);

/* The names of services. Valid until close. */
const struct trace_clients *trace_latency_clients(const struct trace_latency *latency);

#endif
