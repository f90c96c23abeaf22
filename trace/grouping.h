/* grouping.h - count messages by something that they have in common: subject, publisher, receiver, size, …
 *
 * Every analysis that shows one row for each of something counts here. Fed with the events of a source. Names of rows:
 *
 *   subject        as trace/fold.h folds it
 *   client         the publisher's name, or "(no name) 10.0.0.7"; "(unknown)"
 *   conn           the publisher and its connection number, "checkout#1"
 *   receiver       as client, of each receiver that got the message; "(nobody)"; "(unknown)" when there may be others
 *   queue          the queue group of each receiver that got the message; "(no queue group)" for plain subscriptions; "(nobody)"
 *   header         the first value of the header; "(none)"
 *   kind           the kind of the event; the only one that counts events of every kind
 *   size           the class of the payload's size: "0 B", "1 B", "2 to 3 B", …, powers of two
 *
 * By receiver and queue group a message counts once for each receiver, so that shares add up to more than all messages. */
#ifndef TRACE_GROUPING_H
#define TRACE_GROUPING_H

#include "store/read/groups.h"
#include "trace/clients.h"
#include "trace/fold.h"

/* In the order of the words of `stat --by`. */
enum trace_group_key {
	TRACE_GROUP_SUBJECT,
	TRACE_GROUP_CLIENT,
	TRACE_GROUP_CONN,
	TRACE_GROUP_RECEIVER,
	TRACE_GROUP_QUEUE,
	TRACE_GROUP_HEADER,
	TRACE_GROUP_KIND,
	TRACE_GROUP_SIZE,
	TRACE_GROUP_KEYS
};

struct trace_grouping_options {
	enum trace_group_key key;
	const char *header;      /* the key of TRACE_GROUP_HEADER, in any case; borrowed */
	struct trace_fold *fold; /* of subjects; borrowed */
	/* Optional. Called for each row that an event counts in, with its name. 0 or -ENOMEM, which ends trace_grouping_add. */
	int (*counted)(void *context, struct wire_slice name, const struct wire_event *event);
	void *context;
};

/* Zeroed before trace_grouping_init. */
struct trace_grouping {
	struct trace_grouping_options options;
	struct store_groups groups; /* sorted by trace_grouping_end */
	struct trace_clients clients;
	uint64_t counted, bytes;   /* messages, or events by kind; each once */
	int64_t first_ns, last_ns; /* steady; of all events */
	int64_t first_time_ns, last_time_ns;
	uint64_t events;
};

/* Borrows the source, whose events are to be added, and what the options point to. 0 or -ENOMEM; in either case call
 * trace_grouping_fini. */
int trace_grouping_init(struct trace_grouping *grouping, struct wire_source *source,
			const struct trace_grouping_options *options);
void trace_grouping_fini(struct trace_grouping *grouping);

/* Count the event that the source has just given. Its headers must be there for TRACE_GROUP_HEADER. 0 or -ENOMEM. Hot: once for
 * every event. */
int trace_grouping_add(struct trace_grouping *grouping, const struct wire_event *event);

/* No more events come: sort the rows, by size by rising size, else by falling messages. */
void trace_grouping_end(struct trace_grouping *grouping);

#endif
