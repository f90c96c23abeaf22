/* output.h - the pending output of one client, inside this folder.
 *
 *	first ─▶ chunk ─▶ chunk ─▶ last      the kernel takes bytes from the front, messages are appended at the end
 *	         ▲ sent          at ▲  ▲ end
 *
 * Chunks come from a pool that all clients of a loop share; a client without pending output holds none. Appending
 * is on the hot path: room for a whole message is one comparison with `end`, which stands where the chunk or the
 * client's limit ends, whichever comes first. */
#ifndef BROKER_OUTPUT_H
#define BROKER_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "wire/slice.h"

enum {
	BROKER__CHUNK_SMALL = 4096 - 64,
	BROKER__CHUNK_LARGE = 64 * 1024 - 64, /* usable bytes */
	BROKER__SLACK = 32,                   /* bytes after every buffer that broker__copy may touch */
	BROKER__GATHER_MAX = 64,
};

/* Memory at rest is kept for the next output until it was not needed for a while: the first access to a new page takes as
 * long as copying it, on some virtual machines as copying a hundred. */
#define BROKER__POOL_KEPT (64u * 1024 * 1024)

struct broker__chunk {
	struct broker__chunk *next;
	uint32_t cap, used; /* used: of chunks before the last, whose end is output->at */
	uint32_t sent;      /* bytes the kernel has taken */
	uint32_t messages;  /* messages whose last byte is here */
	uint32_t first_op; /* where the first operation begins that does not continue from the chunk before */
	char data[];
};

struct broker__pool {
	struct broker__chunk *small, *large; /* at rest */
	size_t resting_bytes, in_use_bytes;
	bool was_used; /* since the last trim */
};

struct broker__output {
	char *at, *end;
	struct broker__chunk *first, *last;
	struct broker__pool *pool;
	int64_t base;      /* pending bytes = base + those in the last chunk */
	uint64_t max;      /* pending bytes allowed */
	size_t queued;     /* begun by the last write (net/stream.h) and not taken yet */
	bool starts_large; /* this client's output was recently more than a small chunk */
};

/* Free what is at rest in a pool; what is in use must have been dropped. */
void broker__pool_fini(struct broker__pool *pool);
/* Free chunks at rest unless they were needed since the last call. True when some are left. */
bool broker__pool_trim(struct broker__pool *pool);

void broker__output_init(struct broker__output *output, struct broker__pool *pool, uint64_t max);
/* Release the chunks, except those with the first `queued` bytes. */
void broker__output_drop(struct broker__output *output);
void broker__output_set_max(struct broker__output *output, uint64_t max);

static inline uint64_t broker__output_pending(const struct broker__output *output)
{
	return output->last ? (uint64_t)(output->base + (output->at - output->last->data)) : 0;
}

/* Copy len bytes; up to BROKER__SLACK - 1 bytes after both ends may be read and written. Hot: short texts, nearly all, are
 * copied without a call. */
static inline void broker__copy(char *to, const char *from, size_t len)
{
	if (len > 256) {
		memcpy(to, from, len);
		return;
	}
	for (size_t i = 0; i < len; i += 16)
		memcpy(to + i, from + i, 16);
}

/* Append to the last chunk: the caller has checked that there is room. */
static inline void broker__output_append(struct broker__output *output, const char *data, size_t len)
{
	broker__copy(output->at, data, len);
	output->at += len;
}

static inline size_t broker__output_room(const struct broker__output *output)
{
	return (size_t)(output->end - output->at);
}

/* Append pieces as one text, whatever the room. 0; -ENOBUFS when it would exceed the client's limit; -ENOMEM. On
 * failure nothing is appended. */
int broker__output_put(struct broker__output *output, const struct wire_slice *pieces, unsigned count);

/* Count a message whose last byte was just appended. */
static inline void broker__output_count_message(struct broker__output *output)
{
	output->last->messages++;
}

/* Point bufs at what the kernel should take next. The number filled in, at most cap. */
unsigned broker__output_gather(struct broker__output *output, uv_buf_t *bufs, unsigned cap);

/* The kernel has taken len bytes from the front. */
void broker__output_sent(struct broker__output *output, size_t len);

/* The messages that the kernel has not taken whole. */
uint64_t broker__output_unsent_messages(const struct broker__output *output);

#endif
