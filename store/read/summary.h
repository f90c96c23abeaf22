/* summary.h - totals of a log, from headers, dictionaries and columns alone: no payload is read, unless the filter
 * looks into it. Blocks that pass the filter as a whole cost their dictionary only. */
#ifndef STORE_READ_SUMMARY_H
#define STORE_READ_SUMMARY_H

#include "store/read/filter.h"
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
	bool has_connected;        /* a connect event was seen */
};

struct store_summary {
	uint64_t events, messages, payload_bytes; /* true sizes, headers included */
	uint64_t deliveries;
	uint64_t unknown_receivers;  /* messages that may have other receivers than those that are known */
	uint64_t unknown_publishers; /* messages whose publisher is not known */
	uint64_t masked_messages;    /* messages whose payload or headers were masked on purpose */
	uint64_t connections;        /* distinct ones with a connect event, be it repeated */
	uint64_t gaps, gap_messages; /* gap events, and the messages they stand for */
	uint64_t errors;             /* error events */
	int64_t first_time_ns, last_time_ns; /* of the first and the last event; 0 when none */
	int64_t span_ns;                     /* from the first to the last, without clock steps */
	struct wire_steps steps;             /* of the clock, between them */
	uint64_t first_seq, last_seq;
	uint64_t log_bytes;                     /* size of the segment files */
	uint64_t raw_bytes;                     /* what the blocks unpack to */
	uint64_t segments, blocks;              /* of the log, like the two above, whatever the filter */
	uint64_t damaged_blocks;                /* met on the way */
	uint64_t deleted_events;                /* that retention took while the log was read */
	uint64_t deleted_places;                /* where it did */
	struct store_summary_subject *subjects; /* with messages; by falling messages, then by name */
	size_t subjects_len;
	uint64_t other_messages, other_bytes; /* of subjects beyond the first STORE_SUMMARY_SUBJECTS_MAX */
	struct store_summary_client *clients; /* by falling messages; filled only when asked for */
	size_t clients_len;
};

/* Sum up the log directory or segment at path, as far as filter (may be NULL) lets events pass. clients: fill
 * in the client table too (needs the columns of all blocks). 0, or a negative code with *fault. *summary is to be
 * given to store_summary_fini on success. */
int store_summary_read(struct store_summary *summary, const char *path, const struct store_filter *filter,
		       bool clients, struct wire_fault *fault);
void store_summary_fini(struct store_summary *summary);

#endif
