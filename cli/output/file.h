/* file.h - the file that a command writes (-o FILE): whole, or not there.
 *
 * A regular file is written under another name beside it and renamed when it is complete, so that no reader ever takes a part for
 * the whole, and a failed run leaves an older file as it was. Symbolic links are followed, and an older file's mode and owner are kept.
 * Anything else (a pipe, a terminal, what is below /dev or /proc) is written directly. */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>

#include "wire/error.h"

struct cli_file {
	char *path;    /* owned, links resolved; NULL: standard output */
	char *partial; /* owned: the name while it is written; NULL: the file is written directly */
	int fd;
	bool empties; /* it is a regular file that is written directly */
};

/* Open for writing; path may be NULL, "-" or /dev/stdout: standard output. is_direct: readers follow the file while it is written. interrupt_fd: give
 * up with -EINTR when it is readable, while a pipe has no reader. 0, or a negative code with *fault. In either case call
 * cli_file_fini. */
int cli_file_init(struct cli_file *file, const char *path, bool is_direct, int interrupt_fd,
		  struct wire_fault *fault);

/* Call before the first byte is written: empties a file that is written directly. As `begin` of struct export_out; context is the
 * file. */
int cli_file_begin(void *context);

/* Everything was written: give the file its name. 0, or a negative code with *fault. */
int cli_file_finish(struct cli_file *file, struct wire_fault *fault);

/* Close; remove what was not finished. */
void cli_file_fini(struct cli_file *file);

#endif
