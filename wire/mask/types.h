/* types.h - what a mask is inside. Internal to wire/mask. */
#ifndef WIRE_MASK_TYPES_H
#define WIRE_MASK_TYPES_H

#include <stdatomic.h>

#include "wire/json_path.h"
#include "wire/mask/mask.h"

enum {
	WIRE__MASK_RULES_MAX = 256,
	WIRE__MASK_RULE_WORDS = WIRE__MASK_RULES_MAX / 64,
	/* Steps of all JSON paths: bits of a set. The steps of a path are neighbours in one word. */
	WIRE__MASK_STEP_WORDS = 16,
	WIRE__MASK_STEPS_MAX = WIRE__MASK_STEP_WORDS * 64,
	WIRE__MASK_KEY_LENGTHS = 32, /* keys of so many bytes and more are told apart by their text only */
	WIRE__MASK_HASH_BYTES = 16,  /* a hash as text: hexadecimal digits */
	WIRE__MASK_NO_RULE = WIRE__MASK_RULES_MAX,
};

enum wire__mask_action { WIRE__MASK_REDACT, WIRE__MASK_DROP, WIRE__MASK_HASH };

enum wire__mask_kind {
	WIRE__MASK_JSON,
	WIRE__MASK_HEADER,
	WIRE__MASK_PAYLOAD,
	WIRE__MASK_REGEX,
	WIRE__MASK_SUBJECT,
	WIRE__MASK_KINDS
};

struct wire__mask_rule {
	enum wire__mask_kind kind;
	enum wire__mask_action action;
	char *name;                 /* owned: for reports */
	char *subject;              /* owned: the pattern that messages must match; NULL: all */
	char *text;                 /* owned: the name of a header, the expression of a regex; else NULL */
	struct wire_json_path path; /* JSON */
	unsigned token;             /* SUBJECT: from 1 */
	atomic_bool has_matched;
};

/* The steps of all JSON paths, as bits. */
struct wire__mask_steps {
	unsigned words;                                          /* in use */
	const struct wire_json_step *step[WIRE__MASK_STEPS_MAX]; /* borrowed from the rules */
	uint8_t rule[WIRE__MASK_STEPS_MAX];                      /* of a last step */
	uint16_t first[WIRE__MASK_RULES_MAX];                    /* the first step of a rule's path */
	uint64_t last[WIRE__MASK_STEP_WORDS];                    /* the last steps of their paths */
	uint64_t deep[WIRE__MASK_STEP_WORDS];                    /* ..key: also looked for farther down */
	uint64_t any[WIRE__MASK_STEP_WORDS];                     /* * */
	uint64_t indexed[WIRE__MASK_STEP_WORDS];                 /* [7] */
	uint64_t named[WIRE__MASK_STEP_WORDS];                   /* keys, those of `deep` included */
	uint64_t named_of[WIRE__MASK_KEY_LENGTHS][WIRE__MASK_STEP_WORDS]; /* by the bytes of the key */
};

struct wire__mask_key {
	uint64_t low, high;
};

struct wire_mask {
	struct wire__mask_rule *rules[WIRE__MASK_RULES_MAX]; /* owned */
	unsigned count;
	struct wire__mask_steps steps;
	struct wire__mask_key key;
	bool has_key;
	bool keeps_length; /* every rule about payloads leaves their length as it is */
	bool has[WIRE__MASK_KINDS];
	bool is_by_subject; /* some rule depends on the subject */
	_Atomic uint64_t messages, malformed, unjudged;
};

#endif
