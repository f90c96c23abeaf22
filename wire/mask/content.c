#include "wire/mask/content.h"

#include "wire/event.h"
#include "wire/mask/header_block.h"

static void note_rules(const struct wire_masker *masker)
{
	for (size_t i = 0; i < masker->edits.count; i++) {
		unsigned number = masker->edits.list[i].rule;
		if (number == WIRE__MASK_NO_RULE)
			continue;
		struct wire__mask_rule *rule = masker->mask->rules[number];
		if (!atomic_load_explicit(&rule->has_matched, memory_order_relaxed))
			rule->has_matched = true;
	}
}

static bool is_complete(struct wire_slice headers)
{
	return headers.len >= 4 && memcmp(headers.data + headers.len - 4, "\r\n\r\n", 4) == 0;
}

void wire__content_judge_headers(struct wire_masker *masker, const struct wire__mask_plan *plan,
				 struct wire_slice headers, uint32_t flags)
{
	const bool is_partial = (flags & WIRE_EVENT_PARTIAL) && !is_complete(headers);
	if (!wire__header_block_judge(&masker->matches, plan, headers, is_partial, &masker->edits))
		wire__content_count(masker, &masker->mask->unjudged, 1);
	note_rules(masker);
}

void wire__content_judge_payload(struct wire_masker *masker, const struct wire__mask_plan *plan,
				 struct wire_slice payload, uint32_t flags)
{
	const bool is_partial = (flags & (WIRE_EVENT_PARTIAL | WIRE_EVENT_CUT)) != 0;
	switch (
	    wire__payload_judge(&masker->scan, &masker->matches, plan, payload, is_partial, &masker->edits)) {
	case WIRE__PAYLOAD_JUDGED: break;
	case WIRE__PAYLOAD_MALFORMED: wire__content_count(masker, &masker->mask->malformed, 1); break;
	case WIRE__PAYLOAD_UNJUDGED: wire__content_count(masker, &masker->mask->unjudged, 1); break;
	}
	note_rules(masker);
}
