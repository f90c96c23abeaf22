/* stage.h - the staging block: events on their way to the disk, as one event loop appends them.
 *
 * Rows are fixed-size and hold numbers; bytes (payloads, replies, details of rare events) go to growing
 * buffers, copied once, so an append costs a few stores and no allocation once the buffers have grown. Distinct subjects,
 * subscribers and sets of receivers are numbered as they come; a hint lent with the event (wire/event.h)
 * saves the look-up. A stage belongs to one thread at a time; it is handed over whole. */
#ifndef STORE_WRITE_STAGE_H
#define STORE_WRITE_STAGE_H

#include "store/format/format.h"
#include "wire/batch.h"

struct store_stage;

/* An empty stage. NULL when out of memory. */
struct store_stage *store_stage_open(void);
void store_stage_close(struct store_stage *stage);

/* Forget the events, keep the memory (but no more than a few full blocks' worth). Gives the stage a new
 * stamp, so that hints of its earlier life are void. */
void store_stage_reset(struct store_stage *stage);

/* `full` is about to be handed over and `next`, which is empty, to be filled: it gets the tables by which subjects and
 * receivers are found, for they are in the caches. `full` can be encoded, but takes no more events. */
void store_stage_pass_on(struct store_stage *full, struct store_stage *next);

/* Append a copy of the event (its seq is ignored). 0; STORE_EFULL when the stage should be handed over first
 * (an empty stage always takes one event whose payload is within 64 MiB); -EMSGSIZE when it is too large for
 * any stage (128 MiB of headers and payload, 32 MiB of other texts); -ENOMEM. On failure nothing was appended.
 * The number of receivers follows from the receivers where they are given; of more than 2^20 only their number
 * is kept. */
int store_stage_append(struct store_stage *stage, const struct wire_event *event);

/* Append messages of a batch from `index` on, as they would be one by one; *template is what they have in common. Returns how
 * many were appended; 0 when store_stage_append has to be asked about the next one: it is not plain, its subject and
 * receivers have no number in this stage yet, or the stage is full. */
uint32_t store_stage_append_entries(struct store_stage *stage, const struct wire_event *template,
				    const struct wire_batch *messages, uint32_t index);

uint32_t store_stage_events(const struct store_stage *stage);
uint32_t store_stage_messages(const struct store_stage *stage);
/* Payload and header bytes held. */
uint64_t store_stage_bytes(const struct store_stage *stage);
/* Bytes of memory the stage holds on to. */
uint64_t store_stage_memory(const struct store_stage *stage);
/* Times of the earliest and the latest event; 0 when empty. */
int64_t store_stage_min_time_ns(const struct store_stage *stage);
int64_t store_stage_max_time_ns(const struct store_stage *stage);
/* Largest connection number. */
uint64_t store_stage_max_conn(const struct store_stage *stage);

#endif
