/* batch_model.h - what wire_parse says of the messages of a batch, one by one: what wire_batch_parse has to say at once. */
#ifndef SUPPORT_BATCH_MODEL_H
#define SUPPORT_BATCH_MODEL_H

#include "wire/batch.h"

/* Ask for a batch of at most `cap` messages in buf[0..len), which follows *first, and compare it with the messages that
 * wire_parse finds there: each must be exactly that, and the batch must end where the next one is not there or is written in
 * another way. Returns NULL with *count, the messages of the batch; or what differs. */
const char *batch_model_compare(const struct wire_op *first, const char *buf, size_t len,
				const struct wire_limits *limits, uint32_t cap, uint32_t *count);

#endif
