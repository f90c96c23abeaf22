/* lost.h - a gap event in the place of events whose sequence numbers are known to be lost. Internal to store. */
#ifndef STORE_CARE_DAMAGE_GAP_H
#define STORE_CARE_DAMAGE_GAP_H

#include "store/write/segment_writer.h"

struct store__damage_gap {
	uint64_t from_seq, to_seq; /* both inclusive */
	uint64_t messages;         /* as far as they are known; 0 = unknown */
	int64_t from_ns, to_ns;    /* the times of what was lost lie within */
	const char *text;
};

/* As many events at most as so many bytes of a segment can hold. */
uint64_t store__damage_gap_max_events(uint64_t bytes);

/* The block of one gap event that stands for what was lost, as owned bytes (free()), *len of them. NULL when out of
 * memory. header (may be NULL) gets what its header says. */
unsigned char *store__damage_gap_block(const struct store__damage_gap *lost, const uint8_t log_id[16],
				       size_t *len, struct store_block_header *header);

/* Write a closed segment that holds nothing but this gap event, flushed, to a new file at path. header: its file header,
 * whose first_seq is lost->from_seq. 0, -ENOMEM or a negated errno; then there is no such file. */
int store__damage_gap_segment(const char *path, const struct store_file_header *header,
			      const struct store__damage_gap *lost);

#endif
