/* batch_rows.h - write the next row of a batch: common to append.c and append_any.c. Internal to store. */
#ifndef STORE_WRITE_BATCH_ROWS_H
#define STORE_WRITE_BATCH_ROWS_H

#include "store/write/batch_layout.h"

static inline bool store__batch_trusts(const struct store_batch *batch, const struct wire_intern_hint *hint)
{
	return hint && hint->stamp == batch->stamp;
}

/* Write to a sparse column of the next row. */
#define STORE__PUT_SPARSE(batch, id, name, value)                      \
	do {                                                           \
		if ((value) != 0) {                                    \
			(batch)->rows.name[(batch)->events] = (value); \
			(batch)->sparse |= 1u << (id);                 \
		}                                                      \
	} while (0)

static inline void store__batch_add_origin(struct store_batch *batch, const struct wire_event *event)
{
	batch->rows.origins[batch->origins++] = (struct store__origin){
	    .time_ns = event->time_ns, .conn = event->conn, .first_row = batch->events};
	if (event->conn > batch->max_conn)
		batch->max_conn = event->conn;
	if (batch->events == 0)
		batch->min_time_ns = batch->max_time_ns = event->time_ns;
	if (event->time_ns < batch->min_time_ns)
		batch->min_time_ns = event->time_ns;
	if (event->time_ns > batch->max_time_ns)
		batch->max_time_ns = event->time_ns;
}

/* Add an origin, unless the event shares that of the event before it, as most do. */
static inline void store__batch_note_origin(struct store_batch *batch, const struct wire_event *event)
{
	const struct store__origin *last = &batch->rows.origins[batch->origins > 0 ? batch->origins - 1 : 0];
	batch->kinds |= 1u << event->kind;
	if (batch->origins == 0 || last->time_ns != event->time_ns || last->conn != event->conn)
		store__batch_add_origin(batch, event);
}

/* Write the dense columns of the next row, which completes it. */
static inline void store__batch_add_row(struct store_batch *batch, const struct wire_event *event,
					uint32_t subject, uint32_t receivers)
{
	store__batch_note_origin(batch, event);
	uint32_t row = batch->events++;
	batch->rows.subject[row] = subject;
	batch->rows.payload_bytes[row] = (uint32_t)event->payload.len;
	batch->rows.receivers[row] = receivers;
}

/* How many receivers got the message. receivers: index of a set + 1, or 0. */
static inline uint32_t store__batch_receiver_count(const struct store_batch *batch,
						   const struct wire_event *event, uint32_t receivers)
{
	return receivers > 0 ? store__batch_set(batch, receivers - 1)->sent : event->receiver_count;
}

static inline void store__batch_count_message(struct store_batch *batch, const struct wire_event *event,
					      uint32_t receivers)
{
	batch->messages++;
	batch->payload_bytes += event->size + event->headers.len;
	batch->deliveries += store__batch_receiver_count(batch, event, receivers);
}

#endif
