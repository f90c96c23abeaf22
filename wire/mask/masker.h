/* masker.h - apply a mask to events, in one thread.
 *
 * Memory is bounded by a few times the largest payload; it shrinks after a large one. */
#ifndef WIRE_MASK_MASKER_H
#define WIRE_MASK_MASKER_H

#include "wire/event.h"
#include "wire/mask/mask.h"

struct wire_masker;

/* Borrows the mask. `is_counted`: what is masked counts in wire_mask_counts; no for what is masked elsewhere as well. NULL when
 * out of memory. */
struct wire_masker *wire_masker_open(struct wire_mask *mask, bool is_counted);
void wire_masker_close(struct wire_masker *masker); /* NULL is allowed */

/* Replace in *event what the mask covers: payload, headers, subjects, and texts that quote a subject. A message or delivery that
 * was changed is flagged WIRE_EVENT_MASKED; its size stays the true one, and wire_event_true_subject the true subject, for those who choose events. What replaces them is the masker's memory until the
 * next call. True when the event was changed. Where memory is short the whole payload is dropped. */
bool wire_masker_event(struct wire_masker *masker, struct wire_event *event);

/* The subject, or the pattern of a subscription, as it may be shown. Valid until the next call. */
struct wire_slice wire_masker_subject(struct wire_masker *masker, struct wire_slice subject);

/* A text for people that may quote subjects, as it may be shown. Valid until the next call. */
struct wire_slice wire_masker_text(struct wire_masker *masker, struct wire_slice text);

#endif
