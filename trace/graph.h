/* graph.h - which services send what to whom: how often, how much; and what reaches nobody.
 *
 * Fed with the events of a source. Messages are counted by publishing service and subject, deliveries by these and the
 * receiving service. A message nobody was to get is unheard; one whose receivers are not known is not. A subscription that no
 * message reached, though it was made within the events, is unfed, unless a message of a matching subject has unknown
 * receivers. Subscriptions of inboxes are left out.
 *
 * A queue group is a queue and the subject of its subscriptions (or, when these were made before the events begin, that of the first
 * message that they got). The memory is bounded; what finds no room is counted. */
#ifndef TRACE_GRAPH_H
#define TRACE_GRAPH_H

#include "store/filter/filter.h"
#include "trace/clients.h"
#include "trace/hidden.h"
#include "trace/inbox.h"
#include "trace/pairs.h"

struct trace_graph_options {
	size_t memory_bytes;
	enum trace_service_key key;
	bool folds_tokens;                   /* ids of subjects, not only inboxes */
	const struct trace_inboxes *inboxes; /* borrowed; NULL = those below _INBOX */
	const struct store_filter *filter;   /* which messages count; borrowed; NULL = all */
};

struct trace_graph_subject {
	uint64_t messages, bytes;
	uint64_t deliveries, dropped; /* to receivers that are known; and those that did not happen */
	uint64_t most_deliveries;     /* of one message */
	uint64_t unheard;             /* messages that nobody was to get */
	uint64_t unknown_receivers;   /* messages that may have receivers that are not known */
};

/* The value of `published`: pairs of publishing service and subject. */
struct trace_graph_published {
	uint64_t messages, bytes; /* headers and payloads */
	uint64_t sizes;           /* of the payloads alone */
};

/* The value of `edges`: pairs of a number of `published` and receiving service. */
struct trace_graph_edge {
	uint64_t messages, bytes, sizes; /* delivered; likewise */
	uint64_t dropped;
};

/* The value of `subscribed`: pairs of a number of `interests` and service. */
struct trace_graph_subscribed {
	uint64_t made; /* subscriptions, ended ones too */
	uint64_t open; /* at the end of the events */
	uint64_t deliveries;
	uint64_t others;  /* deliveries that the filter rules out */
	int64_t since_ns; /* the first was made; time of day */
};

/* The value of `interests`: pairs of the subject of a subscription and a name of `queues`. Members of a queue group are
 * connections. */
struct trace_graph_interest {
	uint64_t deliveries;
	bool is_asked_for; /* by the filter: the subject passes it */
	uint32_t members;  /* of a queue group, those that left too */
	/* At the end of the events: */
	uint32_t first; /* its members are member_order[first], …; the one with most deliveries comes first */
	uint64_t most, least; /* deliveries of a member */
};

/* The value of `members`: pairs of a number of `interests` with a queue and a client. */
struct trace_graph_member {
	uint64_t deliveries;
	bool has_left;
};

struct trace_graph_result {
	bool has_events;
	int64_t first_ns, last_ns; /* time of day of the first and the last event */
	int64_t span_ns;           /* between them, steady */
	uint64_t messages, bytes, deliveries, gaps;
	uint64_t subscribes;         /* subscribe events: without any, who listens in vain is not known */
	uint64_t unknown_receivers;  /* messages that may have receivers that are not known */
	struct trace_names subjects; /* folded, of messages and subscriptions */
	struct trace_graph_subject *by_subject; /* by number of subject */
	uint32_t subject_others;                /* the number for subjects that found no room */
	struct trace_names queues;              /* the first is the empty one: no queue group */
	struct trace_pairs published, edges, interests, subscribed, members;
	uint32_t *member_order;     /* numbers of `members`, group by group */
	struct trace_hidden hidden; /* subjects with unknown receivers, at the end of the events */
	struct trace_memory memory;
	uint64_t left_out; /* counts that found no room in one of the tables */
};

struct trace_graph;

/* Borrows the source, whose events are to be added, and the options. NULL when out of memory. */
struct trace_graph *trace_graph_open(struct wire_source *source, const struct trace_graph_options *options);
void trace_graph_close(struct trace_graph *graph);

/* Add the event that the source has just given. 0 or -ENOMEM. Hot: once for every event. */
int trace_graph_add(struct trace_graph *graph, const struct wire_event *event);

/* No more events come. The result is valid until close. NULL when out of memory. */
const struct trace_graph_result *trace_graph_end(struct trace_graph *graph);

/* The clients and services. Valid until close. */
const struct trace_clients *trace_graph_clients(const struct trace_graph *graph);

#endif
