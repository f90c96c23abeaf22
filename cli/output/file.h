/* file.h - the file that a command writes (-o FILE): whole, or not there.
 *
 * A regular file is written under another name beside it and renamed when it is complete, so that no reader ever takes a part for
 * the whole, and a failed run leaves an older file as it was. Anything else (a pipe, a terminal, /dev/stdout) is written directly. */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>

#include "wire/error.h"

struct cli_file {
	const char *path; /* borrowed; NULL: standard output */
	char *partial;    /* owned: the name while it is written; NULL: the file is written directly */
	int fd;
};

/* Open for writing; path may be NULL or "-": standard output. is_direct: readers follow the file while it is written. 0, or a negative
 * code with *fault. In either case call cli_file_fini. */
int cli_file_init(struct cli_file *file, const char *path, bool is_direct, struct wire_fault *fault);

/* Everything was written: give the file its name. 0, or a negative code with *fault. */
int cli_file_finish(struct cli_file *file, struct wire_fault *fault);

/* Close; remove what was not finished. */
void cli_file_fini(struct cli_file *file);

#endif
