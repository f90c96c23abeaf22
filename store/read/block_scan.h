/* select.h - which events of a block a filter lets pass, found by loading as little of the block as will do.
 * Internal to store. */
#ifndef STORE_READ_BLOCK_SCAN_H
#define STORE_READ_BLOCK_SCAN_H

#include "store/read/connection_names.h"
#include "store/read/filter.h"

struct store__block_scan {
	const struct store_filter *filter; /* borrowed; NULL = everything */
	struct store_filter *everything;   /* owned: what stands in for no filter */
	bool payloads;                     /* load headers and payloads of blocks with events that pass */
	struct store_block *block;
	struct store__connection_names roster;

	unsigned char *subjects; /* by subject of the block: it passes */
	bool all_subjects;       /* each of them does, and so does having none where there is such an event */
	uint32_t subjects_cap;
	uint32_t *rows; /* events that pass, but for what store_filter_passes_content says; by rising index */
	uint32_t count; /* of rows */
};

/* 0 or -ENOMEM; in any case to be given to store__block_scan_fini. */
int store__block_scan_init(struct store__block_scan *select, const struct store_filter *filter,
			   bool payloads);
void store__block_scan_fini(struct store__block_scan *select);

/* Load the dictionary of the block the walk is at and judge its subjects. 1 when events may pass, 0 when none
 * can, or a negative code: STORE_EDAMAGE, -ENOMEM or another negated errno. */
int store__block_scan_subjects(struct store__block_scan *select, struct store__block_cursor *walk);

/* After that: load what else is needed, fill in rows and count. 0 or a negative code. */
int store__block_scan_rows(struct store__block_scan *select, struct store__block_cursor *walk);

#endif
