/* payload.h - what the rules cover of a payload. Internal to wire/mask. */
#ifndef WIRE_MASK_PAYLOAD_H
#define WIRE_MASK_PAYLOAD_H

#include "wire/mask/json_scan.h"
#include "wire/mask/matches.h"

enum wire__payload_verdict {
	WIRE__PAYLOAD_JUDGED,    /* the edits say what is covered, perhaps nothing */
	WIRE__PAYLOAD_MALFORMED, /* a rule asks for JSON, and it is not: the edits cover the whole */
	WIRE__PAYLOAD_UNJUDGED,  /* a limit was exceeded: likewise */
};

/* Find what the rules of a plan cover of a payload. `is_partial`: bytes of it are missing, so that it cannot be judged by
 * what it holds. *scan is memory for the scanner. */
enum wire__payload_verdict wire__payload_judge(struct wire__scan *scan, struct wire__matches *matches,
					       const struct wire__mask_plan *plan, struct wire_slice payload,
					       bool is_partial, struct wire__edits *edits);

#endif
