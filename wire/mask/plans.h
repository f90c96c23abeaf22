/* plans.h - which rules apply to the messages of a subject, remembered for the subjects met last. Internal to wire/mask. */
#ifndef WIRE_MASK_PLANS_H
#define WIRE_MASK_PLANS_H

#include "wire/mask/buffer.h"
#include "wire/mask/types.h"

enum { WIRE__PLANS = 256, WIRE__PLAN_SUBJECT_MAX = 256 /* bytes; longer ones are not remembered */ };

struct wire__mask_plan {
	char subject[WIRE__PLAN_SUBJECT_MAX];
	size_t subject_len; /* SIZE_MAX: of no subject */
	uint64_t rules[WIRE__MASK_RULE_WORDS];
	bool has[WIRE__MASK_KINDS];
	unsigned payload_rule; /* the first rule about whole payloads, or WIRE__MASK_NO_RULE */
	uint64_t begins[WIRE__MASK_STEP_WORDS]; /* of the JSON rules (steps.h) */
	struct wire__mask_buffer masked;        /* the subject as it may be shown; empty: as it is */
};

struct wire__plans {
	const struct wire_mask *mask;
	struct wire__mask_plan *cache; /* owned, WIRE__PLANS */
	struct wire__mask_plan other;  /* of a subject that is too long to be remembered */
};

/* False when out of memory; wire__plans_fini is due in either case. */
bool wire__plans_init(struct wire__plans *plans, struct wire_mask *mask);
void wire__plans_fini(struct wire__plans *plans);

/* The plan for messages of a subject; valid until the next call. NULL when out of memory. */
const struct wire__mask_plan *wire__plans_find(struct wire__plans *plans, struct wire_slice subject);

static inline bool wire__mask_plan_has_rule(const struct wire__mask_plan *plan, unsigned rule)
{
	return plan->rules[rule / 64] >> rule % 64 & 1;
}

#endif
