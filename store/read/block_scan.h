/* block_scan.h - the events of one block that pass a filter, found by loading as little of the block as possible.
 * Internal to store. */
#ifndef STORE_READ_BLOCK_SCAN_H
#define STORE_READ_BLOCK_SCAN_H

#include "store/filter/passes.h"
#include "store/read/connection_names.h"
#include "store/read/decode.h"

/* The largest difference in time of two events that a log may have in the wrong order. Event loops hand their blocks
 * over when these are 20 ms old, and later when they are busy; clocks that were set by 100 ms and more are no
 * disorder. */
#define STORE_REORDER_NS INT64_C(50000000)

struct store__block_scan {
	const struct store_filter *filter; /* borrowed */
	bool payloads;                     /* load headers and payloads of blocks with events that pass */
	struct store_block *block;
	int content_error; /* why its headers and payloads cannot be read; 0 = none, or not tried */

	unsigned char *subjects;        /* by subject of the block: it passes */
	struct store__decided *decided; /* by subject, and one for none: parts of the filter's expression */
	bool none_passes;               /* events without a subject */
	bool all_subjects; /* all of them pass, and so do events without a subject, if there are any */
	uint32_t subjects_cap;
	bool
	    may_lose; /* set by the caller before store__block_scan_rows: deliveries in the block never reached their receiver */
	uint32_t *rows;              /* events that may pass, by rising index */
	uint32_t count;              /* of rows */
	bool is_decided;             /* all of them pass: store__filter_passes_content need not be asked */
	struct store__buffer sorted; /* memory of store__block_scan_sort */
};

/* 0 or -ENOMEM; in any case call store__block_scan_fini. */
int store__block_scan_init(struct store__block_scan *scan, const struct store_filter *filter, bool payloads);
void store__block_scan_fini(struct store__block_scan *scan);

/* Load the dictionary of block `entry` and check its subjects. 1 when events may pass, 0 when none
 * can, or a negative code: STORE_EDAMAGE, -ENOMEM or another negated errno. */
int store__block_scan_subjects(struct store__block_scan *scan, struct store_segment_reader *segment,
			       size_t entry);

/* After that: load what else is needed, fill in rows and count. 0 or a negative code. */
int store__block_scan_rows(struct store__block_scan *scan, struct store_segment_reader *segment, size_t entry,
			   struct store__connection_names *names);

/* After store__block_scan_rows: load headers and payloads, unless they are loaded. 0 or a negative code. */
int store__block_scan_content(struct store__block_scan *scan, struct store_segment_reader *segment,
			      size_t entry);

/* After that: put rows into order of time where they are out of order by at most STORE_REORDER_NS, as in blocks that were
 * made of several. Rows of equal times keep their order. Where the clock was set back, rows stay before or after that place.
 * 0 or -ENOMEM. */
int store__block_scan_sort(struct store__block_scan *scan);

#endif
