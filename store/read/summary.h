/* summary.h - the totals of a log, from headers, dictionaries and columns: payloads are read only when the filter
 * needs them. Of blocks that pass the filter as a whole only the dictionary is read. */
#ifndef STORE_READ_SUMMARY_H
#define STORE_READ_SUMMARY_H

#include "store/filter/filter.h"
#include "store/read/groups.h"
#include "wire/progress.h"
#include "wire/source.h"

/* A bound on memory. */
enum { STORE_SUMMARY_CLIENTS_MAX = 1 << 20 };

/* The name under which a subject is counted: itself, or that of a group. */
struct store_summary_naming {
	/* The name, valid until the next call. NULL: the subject itself. */
	struct wire_slice (*name)(void *context, struct wire_slice subject);
	void *context; /* borrowed */
};

struct store_summary_options {
	const struct store_filter *filter; /* borrowed; NULL = all events */
	bool clients; /* fill in the client table, too (needs the columns of all blocks) */
	struct store_summary_naming naming;
	struct wire_progress *progress; /* called for every block; borrowed; NULL = not wanted */
};

struct store_summary_client {
	uint64_t conn;
	struct wire_client client; /* slices owned by the summary; empty where unknown */
	char *texts;               /* what the slices point into */
	uint64_t messages, bytes;  /* published */
	uint64_t deliveries;       /* received */
	bool has_connected;        /* its connect event was seen */
};

struct store_summary {
	uint64_t events, messages;
	uint64_t bytes; /* of headers and payloads, true sizes */
	uint64_t deliveries;
	uint64_t unknown_receivers;  /* messages that may have other receivers than those that are known */
	uint64_t unknown_publishers; /* messages whose publisher is not known */
	uint64_t masked_messages;    /* messages whose payload or headers were masked on purpose */
	uint64_t connections;        /* distinct ones with a connect event, repeated or not */
	uint64_t gaps, gap_messages; /* gap events, and the messages they stand for */
	uint64_t errors;             /* error events */
	int64_t first_time_ns, last_time_ns; /* of the first and the last event; 0 when none */
	int64_t span_ns;                     /* from the first to the last, without clock steps */
	int64_t down_ns;                     /* of that, while nothing was logged (store/read/uptime.h) */
	struct wire_steps steps;             /* of the clock, between them */
	uint64_t first_seq, last_seq;
	uint64_t log_bytes;                   /* size of the segment files */
	uint64_t raw_bytes;                   /* what the blocks unpack to */
	uint64_t segments, blocks;            /* of the log, like the two above, whatever the filter */
	uint64_t damaged_blocks;              /* found while reading */
	uint64_t deleted_events;              /* that retention deleted while the log was read */
	uint64_t deleted_places;              /* places of them */
	struct store_groups subjects;         /* with messages; sorted */
	struct store_summary_client *clients; /* by falling messages; filled only when asked for */
	size_t clients_len;
};

/* Sum up events of the log directory or segment at path. 0, or a negative code with *fault. After success call
 * store_summary_fini. */
int store_summary_read(struct store_summary *summary, const char *path,
		       const struct store_summary_options *options, struct wire_fault *fault);
void store_summary_fini(struct store_summary *summary);

/* The time that rates are over. */
static inline int64_t store_summary_up_ns(const struct store_summary *summary)
{
	return summary->span_ns - summary->down_ns;
}

#endif
