/* text_file.h - read a file record by record: lines of text, or records between NULs, or of CSV.
 *
 * Works on anything that can be read once from its beginning: files, pipes, standard input ("-"). Memory is that of the longest
 * record, which is bounded. A byte order mark at the beginning is passed over. Waits for a pipe no longer than the progress wants. */
#ifndef EXPORT_IMPORT_TEXT_FILE_H
#define EXPORT_IMPORT_TEXT_FILE_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/progress.h"
#include "wire/slice.h"

/* The JSON text of a message of 64 MiB whose bytes are all escaped as \u00xx is six times as long. */
enum { EXPORT__RECORD_BYTES_MAX = 400 << 20 };

enum export__record_end {
	EXPORT__LINES, /* records end with LF or NUL */
	EXPORT__ROWS,  /* with LF outside of quotes, which are quotes at the beginning of a value: CSV */
};

struct export__text_file {
	const char *path; /* borrowed */
	int fd;
	bool is_begun; /* a byte order mark was looked for */
	bool is_at_end;
	bool is_stopped; /* by the progress: what was read of the last record is not given out */
	uint64_t line;   /* number of the line where the record just read begins, from 1 */
	uint64_t next_line;
	char *data;                     /* owned */
	size_t start, len, cap;         /* unread bytes are data[start..len) */
	struct wire_progress *progress; /* borrowed; NULL = not wanted */
};

/* Make room for so many bytes, and for some more when it must grow. 0 or -ENOMEM. */
int export__reserve(char **data, size_t *cap, size_t bytes);

/* Open path; "-" is standard input. 0, or a negative code with *fault. In either case call export__text_file_fini. */
int export__text_file_init(struct export__text_file *file, const char *path, struct wire_progress *progress,
			   struct wire_fault *fault);
void export__text_file_fini(struct export__text_file *file);

/* The bytes that come next, at least `want` of them unless the file is shorter: no longer is waited. They are not consumed. 0, or a negative code with
 * *fault. */
int export__text_file_peek(struct export__text_file *file, size_t want, struct wire_slice *bytes,
			   struct wire_fault *fault);

/* The next record, without its end and without a CR before it; empty ones are skipped. 1 with *record, valid until the next call;
 * 0 at the end of the file; or a negative code with *fault. */
int export__text_file_next(struct export__text_file *file, enum export__record_end end,
			   struct wire_slice *record, struct wire_fault *fault);

/* Fill in *fault with "PATH, line N: " before the text. Returns code. */
int export__text_file_fault(const struct export__text_file *file, struct wire_fault *fault, int code,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
