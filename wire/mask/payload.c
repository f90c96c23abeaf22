#include "wire/mask/payload.h"

static enum wire__payload_verdict cover_all(struct wire__edits *edits, struct wire_slice payload,
					    enum wire__payload_verdict verdict)
{
	wire__edits_cover(edits, payload.len, WIRE__EDIT_WHOLE, WIRE__MASK_NO_RULE);
	return verdict;
}

static void apply_payload_rule(const struct wire_mask *mask, unsigned rule, struct wire_slice payload,
			       struct wire__edits *edits)
{
	enum wire__edit_form form = WIRE__EDIT_WHOLE;
	switch (mask->rules[rule]->action) {
	case WIRE__MASK_REDACT: break;
	case WIRE__MASK_DROP: form = WIRE__EDIT_REMOVE; break;
	case WIRE__MASK_HASH:
		/* A string without blanks around it has the hash of what it says, as elsewhere. */
		form = *payload.data == '"' && payload.data[payload.len - 1] == '"' &&
			       wire_json_is_valid(payload, NULL)
			   ? WIRE__EDIT_VALUE_HASH
			   : WIRE__EDIT_TEXT_HASH;
	}
	wire__edits_cover(edits, payload.len, form, rule);
}

/* Add what regular expressions match. False when a limit is exceeded. */
static bool add_matches(struct wire__matches *matches, const struct wire__mask_plan *plan,
			struct wire_slice payload, struct wire__edits *edits)
{
	if (!wire__matches_find(matches, plan, payload))
		return false;
	int result = 0;
	if (matches->found.count > 0 || memchr(payload.data, '\\', payload.len))
		result = wire__matches_in_json(matches, plan, payload, edits);
	for (size_t i = 0; result == 0 && i < matches->found.count; i++)
		if (!wire__edits_add(edits, &matches->found.list[i]))
			result = -1;
	wire__edits_sort(edits);
	return result >= 0;
}

enum wire__payload_verdict wire__payload_judge(struct wire__scan *scan, struct wire__matches *matches,
					       const struct wire__mask_plan *plan, struct wire_slice payload,
					       bool is_partial, struct wire__edits *edits)
{
	const struct wire_mask *mask = matches->mask;
	edits->count = 0;
	if (payload.len == 0)
		return WIRE__PAYLOAD_JUDGED;
	if (plan->payload_rule != WIRE__MASK_NO_RULE) {
		apply_payload_rule(mask, plan->payload_rule, payload, edits);
		return WIRE__PAYLOAD_JUDGED;
	}
	if (is_partial && (plan->has[WIRE__MASK_JSON] || plan->has[WIRE__MASK_REGEX]))
		return cover_all(edits, payload, WIRE__PAYLOAD_UNJUDGED);
	if (plan->has[WIRE__MASK_JSON]) {
		enum wire__scan_result result = wire__scan_json(scan, mask, plan->begins, payload, edits);
		if (result != WIRE__SCAN_DONE)
			return cover_all(edits, payload,
					 result == WIRE__SCAN_MALFORMED ? WIRE__PAYLOAD_MALFORMED
									: WIRE__PAYLOAD_UNJUDGED);
	}
	if (plan->has[WIRE__MASK_REGEX] && !add_matches(matches, plan, payload, edits))
		return cover_all(edits, payload, WIRE__PAYLOAD_UNJUDGED);
	return WIRE__PAYLOAD_JUDGED;
}
