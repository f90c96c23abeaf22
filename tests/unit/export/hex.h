/* hex.h - bytes that a test gives as hexadecimal digits, and what a decoder makes of them. */
#ifndef TESTS_UNIT_EXPORT_HEX_H
#define TESTS_UNIT_EXPORT_HEX_H

#include <stdio.h>
#include <stdlib.h>

#include "export/decode/values.h"

/* The bytes, in memory that ends where they do; spaces between digits are passed over. Owned by the caller (free data). */
static inline struct wire_slice unhex(const char *digits)
{
	char *bytes = malloc(strlen(digits) / 2 + 1);
	size_t len = 0;
	unsigned byte;

	for (int read = 0; sscanf(digits, " %2x%n", &byte, &read) == 1; digits += read)
		bytes[len++] = (char)byte;
	char *exact = malloc(len ? len : 1);
	if (len > 0)
		memcpy(exact, bytes, len);
	free(bytes);
	return wire_slice(exact, len);
}

/* What an output in memory keeps, NUL-terminated. Owned by the caller. */
static inline char *kept_text(struct export_out *out)
{
	const struct wire_slice kept = export_out_kept(out);

	return strndup(kept.data, kept.len);
}

typedef int decode_values(struct wire_slice in, struct export__values *values, struct wire_fault *fault);

/* The text that the bytes become; NULL with *fault when they do not. Owned by the caller. */
static inline char *decode_hex(decode_values *decode, const char *digits, struct wire_fault *fault)
{
	const struct wire_slice in = unhex(digits);
	struct export__values values;
	struct export_out out;
	char *text = NULL;

	if (export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX) != 0)
		abort();
	export__values_init(&values, &out);
	*fault = (struct wire_fault){0};
	if (decode(in, &values, fault) == 0)
		text = kept_text(&out);
	export_out_fini(&out);
	free((char *)in.data);
	return text;
}

#endif
