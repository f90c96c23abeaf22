/* summary.h - totals of a log, from headers, dictionaries and columns alone: no payload is read. */
#ifndef STORE_SUMMARY_H
#define STORE_SUMMARY_H

#include "store/filter.h"

struct store_summary_subject {
	struct wire_slice subject; /* owned by the summary */
	uint64_t messages, bytes;
};

struct store_summary_client {
	uint64_t conn;
	struct wire_client client; /* slices owned by the summary; empty where unknown */
	uint64_t messages, bytes;  /* published */
	uint64_t deliveries;       /* received */
};

struct store_summary {
	uint64_t events, messages, payload_bytes; /* true sizes, headers included */
	uint64_t deliveries;
	uint64_t connections;                /* distinct connections described */
	uint64_t gaps, gap_messages;         /* gap events, and the messages they stand for */
	uint64_t errors;                     /* error events */
	int64_t first_time_ns, last_time_ns; /* of events; 0 when none */
	uint64_t first_seq, last_seq;
	uint64_t log_bytes; /* size of the segment files */
	uint64_t raw_bytes; /* what the blocks unpack to */
	uint64_t segments, blocks;
	uint64_t damaged_blocks;
	struct store_summary_subject *subjects; /* by falling messages */
	size_t subjects_len;
	struct store_summary_client *clients; /* by falling messages; filled only when asked for */
	size_t clients_len;
};

/* Sum up the log directory or segment at path, as far as filter (may be NULL) lets events pass. clients: fill
 * in the client table too (needs the columns, else dictionaries are enough when the filter has conditions on
 * subjects only). 0, or a negative code with *fault. *summary is to be given to store_summary_fini on success. */
int store_summary_read(struct store_summary *summary, const char *path, const struct store_filter *filter,
		       bool clients, struct wire_fault *fault);
void store_summary_fini(struct store_summary *summary);

#endif
