/* json_scan.h - find in one pass over a JSON text the values that rules cover. Internal to wire/mask.
 *
 * Runs for every message that is recorded. The grammar is that of wire/json.h; no tokens are made, and nothing is allocated but
 * room for edits. */
#ifndef WIRE_MASK_JSON_SCAN_H
#define WIRE_MASK_JSON_SCAN_H

#include "wire/mask/edits.h"
#include "wire/mask/steps.h"

enum { WIRE__SCAN_DEPTH_MAX = 512 };

/* An object or array that is open. */
struct wire__scan_frame {
	uint64_t set[WIRE__MASK_STEP_WORDS]; /* what its members may match (steps.h) */
	size_t index;                        /* of its next member */
	bool is_object, is_idle;             /* idle: the set is empty */
};

struct wire__scan {
	const struct wire_mask *mask;
	struct wire__edits *edits;
	const char *at, *end, *start;
	unsigned depth;
	unsigned covered_depth; /* of the open container that a rule covers; 0: none */
	struct wire__edit covered;
	bool is_too_much; /* the text is deeper, or has more to be replaced, than the limits allow */
	struct wire__scan_frame frames[WIRE__SCAN_DEPTH_MAX + 2]; /* by depth, from 1 */
};

enum wire__scan_result { WIRE__SCAN_DONE, WIRE__SCAN_MALFORMED, WIRE__SCAN_TOO_MUCH };

/* Add to *edits what is to be replaced in the text. `begins` is the set of the paths' first steps. *scan is memory for the
 * scanner. Unless the result is WIRE__SCAN_DONE, the edits mean nothing. */
enum wire__scan_result wire__scan_json(struct wire__scan *scan, const struct wire_mask *mask,
				       const uint64_t *begins, struct wire_slice text,
				       struct wire__edits *edits);

#endif
