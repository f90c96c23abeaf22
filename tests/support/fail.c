#include "support/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void support_fail(const char *format, ...)
{
	int code = errno;
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, code ? ": %s\n" : "\n", strerror(code));
	abort();
}

void *support_grow(void *memory, size_t bytes)
{
	void *grown = realloc(memory, bytes);
	if (!grown && bytes > 0)
		support_fail("no memory for %zu bytes", bytes);
	return grown;
}
