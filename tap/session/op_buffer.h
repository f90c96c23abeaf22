/* op_buffer.h - the bytes of a stream that are not parsed yet: the input, and before it kept bytes of earlier inputs.
 * Internal to tap.
 *
 *   kept   [ consumed │ kept bytes ]      a copy of an operation's beginning
 *   input              [ borrowed ........ ]
 *
 * Most operations lie whole in the input and are never copied. */
#ifndef TAP_SESSION_OP_BUFFER_H
#define TAP_SESSION_OP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "tap/budget.h"
#include "wire/slice.h"

struct tap__op_buffer {
	struct wire_slice input;            /* borrowed, the part not consumed yet */
	char *kept;                         /* owned */
	size_t kept_at, kept_len, kept_cap; /* kept[kept_at..kept_len) are the kept bytes */
	size_t need; /* parse again when so many bytes are kept; 0 after any of them was consumed */
	struct tap_budget *budget;
};

/* Are there kept bytes? */
static inline bool tap__op_buffer_keeps(const struct tap__op_buffer *buffer)
{
	return buffer->kept_len > 0;
}

/* The kept bytes. */
static inline struct wire_slice tap__op_buffer_kept(const struct tap__op_buffer *buffer)
{
	return tap__op_buffer_keeps(buffer)
		   ? wire_slice(buffer->kept + buffer->kept_at, buffer->kept_len - buffer->kept_at)
		   : wire_slice(NULL, 0);
}

/* The next bytes, as far as they are contiguous. */
static inline struct wire_slice tap__op_buffer_rest(const struct tap__op_buffer *buffer)
{
	return tap__op_buffer_keeps(buffer) ? tap__op_buffer_kept(buffer) : buffer->input;
}

/* Consume bytes of the input. */
static inline void tap__op_buffer_advance_input(struct tap__op_buffer *buffer, size_t len)
{
	buffer->input.data += len;
	buffer->input.len -= len;
}

/* Consume kept bytes, or bytes of tap__op_buffer_rest. */
void tap__op_buffer_advance_kept(struct tap__op_buffer *buffer, size_t len);
void tap__op_buffer_advance_rest(struct tap__op_buffer *buffer, size_t len);

/* Move the first len bytes of the input to the kept ones. False when there is no memory. */
bool tap__op_buffer_keep_input(struct tap__op_buffer *buffer, size_t len);

/* Consume all kept bytes. Their memory stays valid until others are kept. */
void tap__op_buffer_forget_kept(struct tap__op_buffer *buffer);

/* Free the memory of kept bytes. */
void tap__op_buffer_free_kept(struct tap__op_buffer *buffer);

#endif
