/* slice.h - bytes that somebody else owns.
 *
 * A slice borrows: it is valid as long as the buffer it points into. The function that fills it in names that
 * buffer. An empty slice may have data == NULL. */
#ifndef WIRE_SLICE_H
#define WIRE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct wire_slice {
	const char *data;
	size_t len; /* bytes */
};

/* The slice of a string literal, without its terminating NUL. */
#define WIRE_LITERAL(text) ((struct wire_slice){.data = (text), .len = sizeof(text) - 1})

static inline struct wire_slice wire_slice(const char *data, size_t len)
{
	return (struct wire_slice){.data = data, .len = len};
}

/* The slice of a NUL-terminated string; NULL gives the empty slice. */
static inline struct wire_slice wire_slice_str(const char *text)
{
	return wire_slice(text, text ? strlen(text) : 0);
}

static inline bool wire_slice_equal(struct wire_slice a, struct wire_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
