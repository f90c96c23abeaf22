/* subject_counts.h - counts by subject and by connection: the lists of a summary while they grow. Internal to store. */
#ifndef STORE_READ_SUBJECT_COUNTS_H
#define STORE_READ_SUBJECT_COUNTS_H

#include "store/format/table.h"
#include "store/read/summary.h"

struct store__subject_counts {
	struct store_summary *summary; /* owns the lists */
	struct store_summary_naming naming;
	struct store_table conns; /* indices of the clients */
	size_t clients_cap;
	size_t texts_bytes; /* that describe clients; bounded */
};

/* Count a message by its flags. */
static inline void store__summary_flags(struct store_summary *summary, uint32_t flags)
{
	summary->unknown_receivers += (flags & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
	summary->unknown_publishers += (flags & WIRE_EVENT_PUBLISHER_UNKNOWN) != 0;
	summary->masked_messages += (flags & WIRE_EVENT_MASKED) != 0;
}

/* 0 or -ENOMEM; in either case call store__subject_counts_fini. */
int store__subject_counts_init(struct store__subject_counts *counts, struct store_summary *summary,
			       struct store_summary_naming naming);
void store__subject_counts_fini(struct store__subject_counts *counts);

/* Add to the counts of a subject, by the name that it is counted under. 0 or -ENOMEM. */
int store__subject_counts_add(struct store__subject_counts *counts, struct wire_slice subject,
			      uint64_t messages, uint64_t bytes);

/* The entry of a connection, added when it is new (*is_new). Valid until the next one is added. 0 with *client NULL
 * when the list is full; or -ENOMEM. */
int store__subject_counts_client(struct store__subject_counts *counts, uint64_t conn,
				 struct store_summary_client **client, bool *is_new);

/* Keep a copy of a client's description, unless the entry has one. 0 or -ENOMEM. */
int store__subject_counts_describe(struct store__subject_counts *counts, struct store_summary_client *entry,
				   const struct wire_client *client);

/* Sort the lists. */
void store__subject_counts_sort(struct store__subject_counts *counts);

#endif
