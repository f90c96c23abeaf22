/* batch_model.h - a model of wire_batch_parse: its result must be that of wire_parse for each message of the batch. */
#ifndef SUPPORT_BATCH_MODEL_H
#define SUPPORT_BATCH_MODEL_H

#include "wire/batch.h"

/* Ask for a batch of at most `cap` messages in buf[0..len), which follows *first, and compare it with the messages that
 * wire_parse finds there: each must be equal, and the batch must end before a message that is missing or written in
 * another way. Returns NULL with *count, the messages of the batch; or a text that says what differs. */
const char *batch_model_compare(const struct wire_op *first, const char *buf, size_t len,
				const struct wire_limits *limits, uint32_t cap, uint32_t *count);

#endif
