/* stage.h - a sink that masks events and gives them to another sink.
 *
 * It runs in the thread of the source. What follows it never sees what the mask covers. */
#ifndef WIRE_MASK_STAGE_H
#define WIRE_MASK_STAGE_H

#include "wire/event.h"
#include "wire/mask/mask.h"

struct wire_mask_stage;

/* Put a stage before `sink`. Borrows both. NULL when out of memory. */
struct wire_mask_stage *wire_mask_stage_open(struct wire_mask *mask, struct wire_sink *sink);
void wire_mask_stage_close(struct wire_mask_stage *stage); /* NULL is allowed */

/* Valid while the stage is open. */
struct wire_sink *wire_mask_stage_sink(struct wire_mask_stage *stage);

#endif
