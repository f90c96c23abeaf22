/* content.h - judge the headers and the payload of a message: what is covered, in the masker's edits. Counts what was redacted
 * whole, and notes which rules have matched. Internal to wire/mask. */
#ifndef WIRE_MASK_CONTENT_H
#define WIRE_MASK_CONTENT_H

#include "wire/mask/masker_layout.h"

/* Flags are those of the event. */
void wire__content_judge_headers(struct wire_masker *masker, const struct wire__mask_plan *plan,
				 struct wire_slice headers, uint32_t flags);
void wire__content_judge_payload(struct wire_masker *masker, const struct wire__mask_plan *plan,
				 struct wire_slice payload, uint32_t flags);

/* Add to one of the mask's counters, unless the masker's events are not counted. */
static inline void wire__content_count(const struct wire_masker *masker, _Atomic uint64_t *counter,
				       uint64_t number)
{
	if (masker->is_counted)
		atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

#endif
