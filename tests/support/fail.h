/* fail.h - end a test program that cannot go on: no folder, no memory, no child process. Not for failures of
 * the tested program. */
#ifndef SUPPORT_FAIL_H
#define SUPPORT_FAIL_H

#include <stddef.h>

/* Print the text and errno's meaning to stderr, and abort. */
void support_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* realloc that does not fail. Free with free. */
void *support_grow(void *memory, size_t bytes);

#endif
