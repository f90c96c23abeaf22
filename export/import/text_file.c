#include "export/import/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 18, LOOK_MS = 100, CAP_MAX = EXPORT__RECORD_BYTES_MAX + 2 * READ_BYTES };

static const char *name_of(const struct export__text_file *file)
{
	return strcmp(file->path, "-") == 0 ? "standard input" : file->path;
}

int export__text_file_init(struct export__text_file *file, const char *path, struct wire_progress *progress,
			   struct wire_fault *fault)
{
	*file = (struct export__text_file){.path = path, .progress = progress, .next_line = 1};
	/* Without waiting for the writer of a FIFO: await_bytes does that. */
	file->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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

int export__reserve(char **data, size_t *cap, size_t bytes)
{
	size_t wanted = *cap + *cap / 2;

	if (bytes <= *cap)
		return 0;
	if (wanted > CAP_MAX)
		wanted = CAP_MAX;
	if (wanted < bytes)
		wanted = bytes;
	char *grown = realloc(*data, wanted);
	if (!grown)
		return -ENOMEM;
	*data = grown;
	*cap = wanted;
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
	int error = export__reserve(&file->data, &file->cap, file->len + READ_BYTES);
	return error ? wire_fault_set(fault, error, "%s: out of memory", name_of(file)) : 0;
}

/* Wait until there is something to read, or the end. A signal is seen by the progress, since it may be blocked. False: stop. */
static bool await_bytes(const struct export__text_file *file)
{
	struct pollfd wait = {.fd = file->fd, .events = POLLIN};

	while (poll(&wait, 1, file->progress ? LOOK_MS : -1) <= 0)
		if (!wire_progress_passed(file->progress, 0))
			return false;
	return true;
}

static ssize_t read_some(struct export__text_file *file)
{
	ssize_t got;

	do {
		file->is_stopped = !await_bytes(file);
		got = file->is_stopped ? 0 : read(file->fd, file->data + file->len, READ_BYTES);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	return got;
}

/* Read more. 0 or a negative code with *fault; is_at_end is set at the end of the file. */
static int read_more(struct export__text_file *file, struct wire_fault *fault)
{
	int error = make_room(file, fault);

	if (error)
		return error;
	ssize_t got = read_some(file);
	if (got < 0)
		return wire_fault_set(fault, -errno, "%s: %s", name_of(file), wire_error_text(-errno));
	file->is_stopped |= got > 0 && !wire_progress_passed(file->progress, (uint64_t)got);
	file->is_at_end = got == 0 || file->is_stopped;
	file->len += (size_t)got;
	return 0;
}

static int fill(struct export__text_file *file, size_t want, struct wire_fault *fault)
{
	int error = 0;

	while (file->len - file->start < want && !file->is_at_end && !error)
		error = read_more(file, fault);
	return error;
}

/* Pass over a byte order mark. */
static int begin(struct export__text_file *file, struct wire_fault *fault)
{
	const struct wire_slice mark = WIRE_LITERAL("\xef\xbb\xbf");
	int error = fill(file, 1, fault);

	if (!error && file->len > 0 && file->data[0] == mark.data[0])
		error = fill(file, mark.len, fault);
	if (!error && file->len >= mark.len && memcmp(file->data, mark.data, mark.len) == 0)
		file->start = mark.len;
	file->is_begun = true;
	return error;
}

int export__text_file_peek(struct export__text_file *file, size_t want, struct wire_slice *bytes,
			   struct wire_fault *fault)
{
	int error = file->is_begun ? 0 : begin(file, fault);

	if (!error)
		error = fill(file, want, fault);
	*bytes = wire_slice(file->data + file->start, file->len - file->start);
	return error;
}

/* ---- records ---- */

/* How far the search for the end of a record has come. */
struct search {
	size_t at; /* bytes of the record that were looked at */
	uint64_t lines;
	bool is_quoted; /* of rows: in quotes */
	bool is_plain;  /* in a value that does not begin with a quote, or after one that does */
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

/* Likewise of a row. A quote inside a quoted value is doubled, which turns the state twice; in any other value it is a character. */
static const char *find_row_end(struct search *search, const char *data, size_t len)
{
	for (; search->at < len; search->at++) {
		char c = data[search->at];

		if (c == '"' && !search->is_plain)
			search->is_quoted = !search->is_quoted;
		else if (search->is_quoted)
			search->lines += c == '\n';
		else if (c == '\n')
			return data + search->at;
		else
			search->is_plain = c != ',';
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
	const char *end = NULL;
	int error = file->is_begun ? 0 : begin(file, fault);

	if (!error)
		error = find_end(file, kind, &search, &end, fault);
	if (error || (!end && file->is_stopped))
		return error;
	const char *data = file->data + file->start;
	size_t len = end ? (size_t)(end - data) : file->len - file->start;
	file->line = file->next_line;
	if (search.is_quoted)
		return export__text_file_fault(
		    file, fault, WIRE_EARGUMENT,
		    "a quote is not closed in the row that begins here, up to the end of the file");
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
