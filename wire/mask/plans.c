#include "wire/mask/plans.h"

#include <stdlib.h>

#include "wire/mark.h"
#include "wire/mask/rule.h"
#include "wire/mask/steps.h"
#include "wire/mask/tokens.h"
#include "wire/subject.h"

bool wire__plans_init(struct wire__plans *plans, struct wire_mask *mask)
{
	*plans = (struct wire__plans){.mask = mask, .cache = calloc(WIRE__PLANS, sizeof *plans->cache)};
	for (unsigned i = 0; plans->cache && i < WIRE__PLANS; i++)
		plans->cache[i].subject_len = SIZE_MAX;
	return plans->cache != NULL;
}

void wire__plans_fini(struct wire__plans *plans)
{
	for (unsigned i = 0; plans->cache && i < WIRE__PLANS; i++)
		wire__mask_buffer_fini(&plans->cache[i].masked);
	wire__mask_buffer_fini(&plans->other.masked);
	free(plans->cache);
	*plans = (struct wire__plans){0};
}

/* ---- making one ---- */

/* Rules about JSON without a subject leave remarks out: these are text, which would be redacted whole. */
static bool applies(const struct wire__mask_rule *rule, struct wire_slice subject)
{
	if (rule->kind == WIRE__MASK_SUBJECT)
		return false;
	if (rule->subject)
		return wire__mask_rule_is_about(rule, subject);
	return rule->kind != WIRE__MASK_JSON || !wire_mark_is_remark(subject);
}

static void add_rule(struct wire__mask_plan *plan, const struct wire_mask *mask, unsigned number)
{
	const struct wire__mask_rule *rule = mask->rules[number];
	plan->rules[number / 64] |= UINT64_C(1) << number % 64;
	plan->has[rule->kind] = true;
	if (rule->kind == WIRE__MASK_JSON)
		wire__mask_steps_begin(&mask->steps, number, plan->begins);
	if (rule->kind == WIRE__MASK_PAYLOAD && plan->payload_rule == WIRE__MASK_NO_RULE)
		plan->payload_rule = number;
}

/* False when out of memory. */
static bool make_plan(struct wire__mask_plan *plan, const struct wire_mask *mask, struct wire_slice subject)
{
	struct wire__mask_buffer masked = plan->masked;
	*plan = (struct wire__mask_plan){
	    .subject_len = SIZE_MAX, .payload_rule = WIRE__MASK_NO_RULE, .masked = masked};
	plan->masked.len = 0;
	for (unsigned i = 0; i < mask->count; i++)
		if (applies(mask->rules[i], subject))
			add_rule(plan, mask, i);
	if (mask->has[WIRE__MASK_SUBJECT] && !wire__mask_tokens(mask, subject, false, &plan->masked))
		return false;
	if (subject.len <= WIRE__PLAN_SUBJECT_MAX) {
		plan->subject_len = subject.len;
		memcpy(plan->subject, subject.data ? subject.data : "", subject.len);
	}
	return true;
}

/* ---- finding one ---- */

/* A place in the cache; which subjects share one does not matter. */
static unsigned place_of(struct wire_slice subject)
{
	uint64_t hash = subject.len;
	size_t at = 0;
	for (uint64_t word; at + 8 <= subject.len; at += 8) {
		memcpy(&word, subject.data + at, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	}
	for (; at < subject.len; at++)
		hash = (hash ^ (unsigned char)subject.data[at]) * 0x9e3779b97f4a7c15;
	return (unsigned)(hash >> 32) % WIRE__PLANS;
}

static bool is_of(const struct wire__mask_plan *plan, struct wire_slice subject)
{
	return plan->subject_len == subject.len &&
	       (subject.len == 0 || memcmp(plan->subject, subject.data, subject.len) == 0);
}

/* Hot: once for each message, or each batch of messages. */
const struct wire__mask_plan *wire__plans_find(struct wire__plans *plans, struct wire_slice subject)
{
	if (!plans->mask->is_by_subject && !wire_mark_is_remark(subject))
		subject = wire_slice("", 0);
	struct wire__mask_plan *plan =
	    subject.len > WIRE__PLAN_SUBJECT_MAX ? &plans->other : &plans->cache[place_of(subject)];
	if (is_of(plan, subject) || make_plan(plan, plans->mask, subject))
		return plan;
	return NULL;
}
