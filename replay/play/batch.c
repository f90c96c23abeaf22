#include "replay/play/batch.h"

#include <stdlib.h>

struct replay_batch *replay_batch_open(void)
{
	struct replay_batch *batch = calloc(1, sizeof *batch);
	if (!batch)
		return NULL;
	batch->cap = REPLAY_BATCH_BYTES;
	batch->bytes = malloc(batch->cap);
	if (batch->bytes)
		return batch;
	free(batch);
	return NULL;
}

void replay_batch_close(struct replay_batch *batch)
{
	if (!batch)
		return;
	free(batch->bytes);
	free(batch);
}

void replay_batch_reset(struct replay_batch *batch)
{
	batch->count = batch->taken = 0;
	batch->len = 0;
	if (batch->cap <= REPLAY_BATCH_BYTES)
		return;
	/* Do not keep the memory of one large message. */
	char *shrunk = realloc(batch->bytes, REPLAY_BATCH_BYTES);
	if (!shrunk)
		return;
	batch->bytes = shrunk;
	batch->cap = REPLAY_BATCH_BYTES;
}

bool replay_batch_reserve(struct replay_batch *batch, size_t bytes)
{
	if (batch->count < REPLAY_BATCH_MESSAGES && bytes <= batch->cap - batch->len)
		return true;
	if (batch->count > 0)
		return false;
	char *grown = realloc(batch->bytes, bytes);
	if (!grown)
		return false;
	batch->bytes = grown;
	batch->cap = bytes;
	return true;
}

const char *replay_batch_put(struct replay_batch *batch, const char *bytes, size_t len)
{
	char *copy = batch->bytes + batch->len;
	if (len > 0)
		memcpy(copy, bytes, len);
	batch->len += len;
	return copy;
}

const char *replay_batch_put_text(struct replay_batch *batch, struct wire_slice text)
{
	const char *copy = replay_batch_put(batch, text.data, text.len);
	batch->bytes[batch->len++] = '\0';
	return copy;
}
