/* mask.h - rules about what must reach neither a log nor a screen, a page or an error text.
 *
 * A mask is made once, from the texts that the operator writes (docs/masking.md has their grammar), and then only read. Any
 * number of threads may apply it, each through a masker (masker.h) or a stage (stage.h) of its own. */
#ifndef WIRE_MASK_MASK_H
#define WIRE_MASK_MASK_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

struct wire_mask;

/* How the operator gives a rule. */
enum wire_mask_option {
	WIRE_MASK_VALUE,   /* --mask: [SUBJECT:]$.PATH or [SUBJECT:]header:NAME */
	WIRE_MASK_PAYLOAD, /* --mask-payload: SUBJECT */
	WIRE_MASK_REGEX,   /* --mask-regex: RE, /RE/ or SUBJECT:/RE/ */
	WIRE_MASK_SUBJECT, /* --mask-subject: SUBJECT=N */
};

/* Returns a mask without rules; NULL when out of memory. */
struct wire_mask *wire_mask_open(void);
/* Maskers of it must have been closed. NULL is allowed. */
void wire_mask_close(struct wire_mask *mask);

/* Add the rule in `text`. 0, or a negative code with *fault, which says what is wrong with the text and what to write. */
int wire_mask_add(struct wire_mask *mask, enum wire_mask_option option, const char *text,
		  struct wire_fault *fault);

/* Add the rules in the lines of a file: what --mask takes, or the words payload, regex or subject and what their option takes.
 * Blank lines, and lines that begin with #, are comments. 0, or a negative code with *fault, which names `file` and the
 * line. */
int wire_mask_add_lines(struct wire_mask *mask, struct wire_slice text, const char *file,
			struct wire_fault *fault);

/* Set the key of hashes from the text of a key file: 32 hexadecimal digits. 0, or a negative code with *fault. */
int wire_mask_set_key(struct wire_mask *mask, struct wire_slice text, struct wire_fault *fault);

/* 0; or a negative code with *fault: a rule asks for hashes, and there is no key. */
int wire_mask_check(const struct wire_mask *mask, struct wire_fault *fault);

/* Counted by all stages of the mask since it was opened. */
struct wire_mask_counts {
	uint64_t messages;  /* messages and deliveries that were changed */
	uint64_t malformed; /* of these, payloads under a rule about JSON that are not JSON: redacted whole */
	uint64_t
	    unjudged; /* of these, headers and payloads redacted whole: bytes were missed, or a limit was exceeded */
};

/* Call from any thread. */
void wire_mask_counts(const struct wire_mask *mask, struct wire_mask_counts *counts);

/* Call `each` for every rule that has matched nothing so far, with how the operator knows it: its text, or its number where the
 * text may be a secret itself. Returns their number; `each` may be NULL. Call from any thread. */
unsigned wire_mask_unmatched(const struct wire_mask *mask, void (*each)(void *context, const char *rule),
			     void *context);
unsigned wire_mask_rules(const struct wire_mask *mask);

#endif
