/* damage_gap.h - a gap event in the place of events that are lost, whose sequence numbers are known. Internal to store. */
#ifndef STORE_CARE_DAMAGE_GAP_H
#define STORE_CARE_DAMAGE_GAP_H

#include "store/write/segment_writer.h"

struct store__damage_gap {
	uint64_t from_seq, to_seq; /* both inclusive */
	uint64_t messages;         /* as far as they are known; 0 = unknown */
	int64_t from_ns, to_ns;    /* the lost events happened between these times */
	const char *text;
};

/* An upper bound on the events in this many bytes of a segment. */
uint64_t store__damage_gap_max_events(uint64_t bytes);

/* A block that holds one gap event, as owned bytes (free()), *len of them; *header (may be NULL) gets its header. NULL when
 * out of memory. */
unsigned char *store__damage_gap_block(const struct store__damage_gap *lost, const uint8_t log_id[16],
				       size_t *len, struct store_block_header *header);

/* Write a closed segment that holds only this gap event to a new file at path, and sync it. header: its file header, whose
 * first_seq is lost->from_seq. 0; or -ENOMEM or a negated errno, then there is no such file. */
int store__damage_gap_segment(const char *path, const struct store_file_header *header,
			      const struct store__damage_gap *lost);

#endif
