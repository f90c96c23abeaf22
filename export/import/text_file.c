#include "export/import/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 18 };

static const char *name_of(const struct export__text_file *file)
{
	return strcmp(file->path, "-") == 0 ? "standard input" : file->path;
}

int export__text_file_init(struct export__text_file *file, const char *path, struct wire_progress *progress,
			   struct wire_fault *fault)
{
	*file = (struct export__text_file){.path = path, .progress = progress, .next_line = 1};
	file->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		return wire_fault_set(fault, -errno, "%s: %s", path, wire_error_text(-errno));
	return 0;
}

void export__text_file_fini(struct export__text_file *file)
{
	if (file->fd > STDIN_FILENO)
		close(file->fd);
	free(file->data);
	*file = (struct export__text_file){.fd = -1};
}

int export__text_file_fault(const struct export__text_file *file, struct wire_fault *fault, int code,
			    const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return wire_fault_set(fault, code, "%s, line %llu: %s", name_of(file), (unsigned long long)file->line,
			      text);
}

/* ---- the buffer ---- */

static int grow(struct export__text_file *file, struct wire_fault *fault)
{
	size_t cap = file->cap ? file->cap * 2 : 2 * READ_BYTES;
	char *data = realloc(file->data, cap);

	if (!data)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", name_of(file));
	file->data = data;
	file->cap = cap;
	return 0;
}

/* Make room for a read after the unread bytes. */
static int make_room(struct export__text_file *file, struct wire_fault *fault)
{
	if (file->start > 0) {
		memmove(file->data, file->data + file->start, file->len - file->start);
		file->len -= file->start;
		file->start = 0;
	}
	if (file->len > EXPORT__RECORD_BYTES_MAX) {
		file->line = file->next_line;
		return export__text_file_fault(file, fault, -EFBIG, "a record of more than %d MiB",
					       EXPORT__RECORD_BYTES_MAX >> 20);
	}
	return file->cap - file->len < READ_BYTES ? grow(file, fault) : 0;
}

/* Read more. 0 or a negative code with *fault; is_at_end is set at the end of the file. */
static int read_more(struct export__text_file *file, struct wire_fault *fault)
{
	int error = make_room(file, fault);
	ssize_t got;

	if (error)
		return error;
	do
		got = read(file->fd, file->data + file->len, READ_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return wire_fault_set(fault, -errno, "%s: %s", name_of(file), wire_error_text(-errno));
	file->is_at_end = got == 0 || !wire_progress_passed(file->progress, (uint64_t)got);
	file->len += (size_t)got;
	return 0;
}

int export__text_file_peek(struct export__text_file *file, size_t want, struct wire_slice *bytes,
			   struct wire_fault *fault)
{
	int error = 0;

	while (file->len - file->start < want && !file->is_at_end && !error)
		error = read_more(file, fault);
	*bytes = wire_slice(file->data + file->start, file->len - file->start);
	return error;
}

/* ---- records ---- */

/* How far the search for the end of a record has come. */
struct search {
	size_t at; /* bytes of the record that were looked at */
	uint64_t lines;
	bool is_quoted;
};

/* The end of the record of lines, or NULL. A NUL ends a record, too: `nats sub --dump=-`. */
static const char *find_line_end(struct search *search, const char *data, size_t len)
{
	const char *from = data + search->at;
	const char *end = memchr(from, '\n', len - search->at);
	size_t until = end ? (size_t)(end - from) : len - search->at;
	const char *zero = memchr(from, '\0', until);

	search->at = len;
	return zero ? zero : end;
}

/* Likewise of a row. A quote inside a quoted value is doubled, which turns the state twice. */
static const char *find_row_end(struct search *search, const char *data, size_t len)
{
	for (; search->at < len; search->at++) {
		char c = data[search->at];

		if (c == '"')
			search->is_quoted = !search->is_quoted;
		else if (c == '\n' && !search->is_quoted)
			return data + search->at;
		search->lines += c == '\n';
	}
	return NULL;
}

/* Read up to the end of a record; *end is NULL at the end of the file. */
static int find_end(struct export__text_file *file, enum export__record_end kind, struct search *search,
		    const char **end, struct wire_fault *fault)
{
	for (;;) {
		const char *data = file->data + file->start;
		size_t len = file->len - file->start;

		*end = NULL;
		if (len > search->at)
			*end = kind == EXPORT__ROWS ? find_row_end(search, data, len)
						    : find_line_end(search, data, len);
		if (*end || file->is_at_end)
			return 0;
		int error = read_more(file, fault);
		if (error)
			return error;
	}
}

static int next_record(struct export__text_file *file, enum export__record_end kind,
		       struct wire_slice *record, struct wire_fault *fault)
{
	struct search search = {0};
	const char *end;
	int error = find_end(file, kind, &search, &end, fault);

	if (error)
		return error;
	const char *data = file->data + file->start;
	size_t len = end ? (size_t)(end - data) : file->len - file->start;
	file->line = file->next_line;
	file->next_line += search.lines + (end && *end == '\n');
	file->start += len + (end != NULL);
	*record = wire_slice(data, len > 0 && data[len - 1] == '\r' ? len - 1 : len);
	return end || len > 0;
}

int export__text_file_next(struct export__text_file *file, enum export__record_end end,
			   struct wire_slice *record, struct wire_fault *fault)
{
	int status;

	while ((status = next_record(file, end, record, fault)) > 0 && record->len == 0)
		;
	return status;
}
