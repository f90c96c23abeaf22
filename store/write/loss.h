/* loss.h - what could not be logged, counted until a gap event can say so. */
#ifndef STORE_WRITE_LOSS_H
#define STORE_WRITE_LOSS_H

#include "store/write/stage.h"

/* Zeroed = nothing was lost. */
struct store_loss {
	uint64_t events;        /* that came to be recorded; 0 = nothing was lost */
	uint64_t others;        /* those of them that are no messages */
	uint64_t messages;      /* and those that gap events among them stand for */
	uint64_t bytes;         /* of payloads and headers */
	int64_t from_ns, to_ns; /* the times of what was lost lie within */
};

void store_loss_add_event(struct store_loss *loss, const struct wire_event *event);
void store_loss_add(struct store_loss *loss, const struct store_loss *more);
void store_loss_add_stage(struct store_loss *loss, const struct store_stage *stage);

/* Append a gap event that tells of the loss: its text is the reason, and how many events there were that are no
 * messages. As store_stage_append. */
int store_loss_append(const struct store_loss *loss, const char *reason, struct store_stage *stage);

#endif
