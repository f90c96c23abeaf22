/* matches.h - what the regular expressions of rules match in a text. Internal to wire/mask. */
#ifndef WIRE_MASK_MATCHES_H
#define WIRE_MASK_MATCHES_H

#include "wire/json.h"
#include "wire/mask/edits.h"
#include "wire/mask/plans.h"

struct wire_regex;

/* The expressions of a mask, compiled for one thread. */
struct wire__matches {
	const struct wire_mask *mask;
	struct wire_regex
	    *regexes[WIRE__MASK_RULES_MAX]; /* owned, by the number of the rule; NULL: another kind */
	struct wire__edits found;           /* the places of matches, whatever they hold */
	struct wire_json json;
};

/* False when out of memory; wire__matches_fini is due in either case. */
bool wire__matches_init(struct wire__matches *matches, const struct wire_mask *mask);
void wire__matches_fini(struct wire__matches *matches);

/* Find all matches of a plan's rules: matches->found, in order and without overlaps, with forms for plain text. False when a
 * limit is exceeded. */
bool wire__matches_find(struct wire__matches *matches, const struct wire__mask_plan *plan,
			struct wire_slice text);

/* Add to *edits, which hold those of JSON paths, what has been found in a JSON text, so that it stays JSON: parts of keys and
 * strings, and whole numbers and words. Strings with escapes are also searched as what they say. 1; 0 with *edits as they
 * were when the text is not JSON; -1 when a limit is exceeded. */
int wire__matches_in_json(struct wire__matches *matches, const struct wire__mask_plan *plan,
			  struct wire_slice text, struct wire__edits *edits);

#endif
