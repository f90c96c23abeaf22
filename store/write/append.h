/* append.h - put events into a batch. */
#ifndef STORE_WRITE_APPEND_H
#define STORE_WRITE_APPEND_H

#include "store/write/batch.h"
#include "wire/batch.h"

/* Append a copy of the event (its seq is ignored). 0; STORE_EFULL when the batch should be handed over first
 * (an empty batch always takes one event whose payload is within 64 MiB); -EMSGSIZE when it is too large for
 * any batch (128 MiB of headers and payload, 32 MiB of other texts); -ENOMEM. On failure nothing was appended.
 * The number of receivers follows from the receivers where they are given; of more than 2^20 only their number
 * is kept. */
int store_batch_append(struct store_batch *batch, const struct wire_event *event);

/* Append messages of a batch from `index` on, as they would be one by one; *template is what they have in common. Returns how
 * many were appended; 0 when store_batch_append has to be asked about the next one: it is not plain, its subject and
 * receivers have no number in this batch yet, or the batch is full. */
uint32_t store_batch_append_entries(struct store_batch *batch, const struct wire_event *template,
				    const struct wire_batch *messages, uint32_t index);

#endif
