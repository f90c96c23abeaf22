#include "tap/capture/packed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { MAGIC_BYTES = 4, INPUT_BYTES = 256 << 10, GZIP_WINDOW = 15 + 16 };

struct tap__packed_file {
	int fd;
	struct wire_progress *progress; /* borrowed; may be NULL */
	/* Unpack from the input to out[0..len). Returns the bytes written. */
	size_t (*unpack)(struct tap__packed_file *file, char *out, size_t len);
	enum tap__packed_file_state state;
	int error;
	bool at_end;       /* nothing more can be read */
	bool is_inside;    /* inside a packed member that has not ended */
	size_t at, filled; /* of the input */
	z_stream gzip;
	ZSTD_DStream *zstd;
	char input[INPUT_BYTES];
};

/* ---- input ---- */

/* Read from the file. Returns the number of bytes; 0 at the end or on an error. */
static size_t read_some(struct tap__packed_file *file, void *out, size_t len)
{
	ssize_t got;
	do
		got = read(file->fd, out, len);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		file->state = TAP__PACKED_FILE_ERROR;
		file->error = -errno;
	}
	file->at_end = got <= 0;
	if (got > 0)
		wire_progress_passed(file->progress, (uint64_t)got);
	return got > 0 ? (size_t)got : 0;
}

/* Append to the input. */
static void fill(struct tap__packed_file *file)
{
	file->filled += read_some(file, file->input + file->filled, sizeof file->input - file->filled);
}

static void refill(struct tap__packed_file *file)
{
	if (file->at < file->filled)
		return;
	file->at = file->filled = 0;
	fill(file);
}

/* ---- formats ---- */

static size_t copy(struct tap__packed_file *file, char *out, size_t len)
{
	size_t left = file->filled - file->at;
	if (len > left)
		len = left;
	memcpy(out, file->input + file->at, len);
	file->at += len;
	return len;
}

static size_t unpack_gzip(struct tap__packed_file *file, char *out, size_t len)
{
	z_stream *gzip = &file->gzip;
	gzip->next_in = (unsigned char *)file->input + file->at;
	gzip->avail_in = (unsigned)(file->filled - file->at);
	gzip->next_out = (unsigned char *)out;
	gzip->avail_out = (unsigned)len;
	int status = inflate(gzip, Z_NO_FLUSH);
	file->at = file->filled - gzip->avail_in;
	file->is_inside = status != Z_STREAM_END;
	if (status == Z_STREAM_END)
		status = inflateReset(gzip); /* another member may follow */
	if (status != Z_OK && status != Z_BUF_ERROR)
		file->state = TAP__PACKED_FILE_DAMAGED;
	return len - gzip->avail_out;
}

static size_t unpack_zstd(struct tap__packed_file *file, char *out, size_t len)
{
	ZSTD_inBuffer input = {file->input, file->filled, file->at};
	ZSTD_outBuffer output = {out, len, 0};
	size_t status = ZSTD_decompressStream(file->zstd, &output, &input);
	file->at = input.pos;
	file->is_inside = status != 0;
	if (ZSTD_isError(status))
		file->state = TAP__PACKED_FILE_DAMAGED;
	return output.pos;
}

/* ---- reading ---- */

/* The unpacker may have output left when it has taken all input: unpack before reading more. */
static size_t unpack_some(struct tap__packed_file *file, char *out, size_t len)
{
	size_t got = 0;
	while (got == 0 && file->state == TAP__PACKED_FILE_GOOD) {
		if (file->at < file->filled || file->is_inside)
			got = file->unpack(file, out, len);
		if (got > 0 || file->state != TAP__PACKED_FILE_GOOD)
			break;
		if (file->at_end) {
			file->state = file->is_inside ? TAP__PACKED_FILE_CUT : TAP__PACKED_FILE_GOOD;
			break;
		}
		refill(file);
	}
	return got;
}

/* Hot: a file that is not packed is read directly into the caller's buffer. */
size_t tap__packed_file_read(struct tap__packed_file *file, void *out, size_t len)
{
	bool is_direct = file->unpack == copy && file->at == file->filled && !file->at_end;
	return is_direct ? read_some(file, out, len) : unpack_some(file, out, len);
}

void tap__packed_file_close(struct tap__packed_file *file)
{
	if (!file)
		return;
	if (file->unpack == unpack_gzip)
		inflateEnd(&file->gzip);
	ZSTD_freeDStream(file->zstd);
	if (file->fd > STDIN_FILENO)
		close(file->fd);
	free(file);
}

/* ---- opening ---- */

static bool begins_with(const struct tap__packed_file *file, const char *magic, size_t len)
{
	return file->filled >= len && memcmp(file->input, magic, len) == 0;
}

static int choose_format(struct tap__packed_file *file)
{
	while (file->filled < MAGIC_BYTES && !file->at_end)
		fill(file);
	if (file->state == TAP__PACKED_FILE_ERROR)
		return file->error;
	file->unpack = copy;
	if (begins_with(file, "\x1f\x8b", 2)) {
		file->unpack = unpack_gzip;
		return inflateInit2(&file->gzip, GZIP_WINDOW) == Z_OK ? 0 : -ENOMEM;
	}
	if (begins_with(file, "\x28\xb5\x2f\xfd", 4)) {
		file->unpack = unpack_zstd;
		file->zstd = ZSTD_createDStream();
		return file->zstd ? 0 : -ENOMEM;
	}
	return 0;
}

static int open_file(struct tap__packed_file *file, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	file->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	return file->fd < 0 ? -errno : choose_format(file);
}

int tap__packed_file_open(struct tap__packed_file **file, const char *path, struct wire_fault *fault)
{
	struct tap__packed_file *opened = calloc(1, sizeof *opened);
	int error = opened ? open_file(opened, path) : -ENOMEM;
	if (!error) {
		*file = opened;
		return 0;
	}
	tap__packed_file_close(opened);
	return wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
}

void tap__packed_file_report(struct tap__packed_file *file, struct wire_progress *progress)
{
	file->progress = progress;
}

enum tap__packed_file_state tap__packed_file_state(const struct tap__packed_file *file)
{
	return file->state;
}

int tap__packed_file_error(const struct tap__packed_file *file)
{
	return file->error;
}

bool tap__packed_file_is_packed(const struct tap__packed_file *file)
{
	return file->unpack != copy;
}
