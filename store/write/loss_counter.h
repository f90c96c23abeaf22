/* loss_counter.h - count what could not be logged until a gap event states it. */
#ifndef STORE_WRITE_LOSS_COUNTER_H
#define STORE_WRITE_LOSS_COUNTER_H

#include "store/write/batch.h"

/* Zeroed = nothing was lost. */
struct store_loss_counter {
	uint64_t events;        /* lost; 0 = nothing was lost */
	uint64_t others;        /* the events among them that are no messages */
	uint64_t messages;      /* lost, those included that lost gap events stand for */
	uint64_t bytes;         /* of payloads and headers */
	int64_t from_ns, to_ns; /* times of the first and the last */
};

void store_loss_counter_add_event(struct store_loss_counter *loss, const struct wire_event *event);
void store_loss_counter_add(struct store_loss_counter *loss, const struct store_loss_counter *more);
void store_loss_counter_add_batch(struct store_loss_counter *loss, const struct store_batch *batch);

/* Append a gap event for the loss: its text is the reason, followed by how many events other than messages there were.
 * Its time is time_ns, but not before the loss ended. Returns what store_batch_append returns. */
int store_loss_counter_append(const struct store_loss_counter *loss, const char *reason, int64_t time_ns,
			      struct store_batch *batch);

#endif
