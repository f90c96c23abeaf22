/* append.h - put events into a batch. */
#ifndef STORE_WRITE_APPEND_H
#define STORE_WRITE_APPEND_H

#include "store/write/batch.h"
#include "wire/batch.h"

/* Append a copy of the event; its seq is ignored. Returns 0; STORE_EFULL when the batch must be handed over first (an empty
 * batch takes any event that is not too large); -EMSGSIZE when the event is too large for any batch (128 MiB of headers
 * and payload, 32 MiB of other texts); or -ENOMEM. On failure the batch is as it was. Where receivers are given,
 * receiver_count is ignored; of more than 2^20 receivers only the number is kept. */
int store_batch_append(struct store_batch *batch, const struct wire_event *event);

/* Append messages->entries from `index` on, with the same result as one by one. *template holds what they have in common.
 * Returns how many were appended. 0: call store_batch_append for the next one, because it is not plain, or its subject or
 * receivers have no number in this batch yet, or the batch is full. */
uint32_t store_batch_append_entries(struct store_batch *batch, const struct wire_event *template,
				    const struct wire_batch *messages, uint32_t index);

#endif
