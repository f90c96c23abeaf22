/* summary.h - the totals of a log, from headers, dictionaries and columns: payloads are read only when the filter
 * needs them. Of blocks that pass the filter as a whole only the dictionary is read. */
#ifndef STORE_READ_SUMMARY_H
#define STORE_READ_SUMMARY_H

#include "store/filter/filter.h"
#include "wire/source.h"

/* A bound on memory, as a log may hold a new subject for every message. */
enum { STORE_SUMMARY_SUBJECTS_MAX = 1 << 20, STORE_SUMMARY_CLIENTS_MAX = 1 << 20 };

struct store_summary_subject {
	struct wire_slice subject; /* owned by the summary */
	uint64_t messages, bytes;
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
	uint64_t events, messages, payload_bytes; /* true sizes, headers included */
	uint64_t deliveries;
	uint64_t unknown_receivers;  /* messages that may have other receivers than those that are known */
	uint64_t unknown_publishers; /* messages whose publisher is not known */
	uint64_t masked_messages;    /* messages whose payload or headers were masked on purpose */
	uint64_t connections;        /* distinct ones with a connect event, repeated or not */
	uint64_t gaps, gap_messages; /* gap events, and the messages they stand for */
	uint64_t errors;             /* error events */
	int64_t first_time_ns, last_time_ns; /* of the first and the last event; 0 when none */
	int64_t span_ns;                     /* from the first to the last, without clock steps */
	struct wire_steps steps;             /* of the clock, between them */
	uint64_t first_seq, last_seq;
	uint64_t log_bytes;                     /* size of the segment files */
	uint64_t raw_bytes;                     /* what the blocks unpack to */
	uint64_t segments, blocks;              /* of the log, like the two above, whatever the filter */
	uint64_t damaged_blocks;                /* found while reading */
	uint64_t deleted_events;                /* that retention deleted while the log was read */
	uint64_t deleted_places;                /* places of them */
	struct store_summary_subject *subjects; /* with messages; by falling messages, then by name */
	size_t subjects_len;
	uint64_t other_messages, other_bytes; /* of subjects beyond the first STORE_SUMMARY_SUBJECTS_MAX */
	struct store_summary_client *clients; /* by falling messages; filled only when asked for */
	size_t clients_len;
};

/* Sum up the events of the log directory or segment at path that pass the filter (NULL: all). clients: fill in the
 * client table, too (needs the columns of all blocks). 0, or a negative code with *fault. After success call
 * store_summary_fini. */
int store_summary_read(struct store_summary *summary, const char *path, const struct store_filter *filter,
		       bool clients, struct wire_fault *fault);
void store_summary_fini(struct store_summary *summary);

#endif
