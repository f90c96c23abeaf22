#include "bench/logread.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>
#include <zstd.h>

#include "bench/clock.h"
#include "store/read/reader.h"

enum { ROW_HEAD = 24, ROWS_LEVEL = 1 };

typedef int take_event(void *context, const struct wire_event *event);

/* Pass every event of the log to take, until it returns nonzero. */
static int each_event(const char *path, const struct store_reader_options *options, take_event *take,
		      void *context, struct wire_fault *fault)
{
	struct store_reader *reader;
	struct wire_event event;
	int result = store_reader_open(&reader, path, options, fault);
	if (result < 0)
		return result;
	while ((result = store_reader_next(reader, &event, fault)) > 0)
		if ((result = take(context, &event)) != 0)
			break;
	store_reader_close(reader);
	return result < 0 ? result : 0;
}

static int digest_event(void *context, const struct wire_event *event)
{
	struct bench_decoded *decoded = context;
	decoded->messages += event->kind == WIRE_EVENT_MESSAGE;
	decoded->payload_bytes += event->payload.len;
	decoded->digest += XXH3_64bits(event->payload.data, event->payload.len) + event->subject.len +
			   event->receivers_len + (uint64_t)event->time_ns;
	return 0;
}

int bench_log_decode(const char *path, struct bench_decoded *decoded, struct wire_fault *fault)
{
	const struct store_reader_options options = {.in_time_order = true, .payloads = true};
	*decoded = (struct bench_decoded){0};
	double start_s = bench_now_s();
	int error = each_event(path, &options, digest_event, decoded, fault);
	decoded->seconds = bench_now_s() - start_s;
	return error;
}

struct rows {
	ZSTD_CCtx *zstd;
	void *out;
	size_t out_cap;
	uint64_t bytes;
};

/* Compress and count; the bytes themselves are thrown away. */
static int put(struct rows *rows, const void *bytes, size_t len, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = {.src = bytes, .size = len};
	size_t left;
	do {
		ZSTD_outBuffer out = {.dst = rows->out, .size = rows->out_cap};
		left = ZSTD_compressStream2(rows->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return -EIO;
		rows->bytes += out.pos;
	} while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
	return 0;
}

/* Little-endian. */
static void put_number(unsigned char *out, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (unsigned char)(value >> 8 * i);
}

static int put_row(void *context, const struct wire_event *event)
{
	const struct wire_slice texts[] = {event->subject, event->reply, event->headers, event->payload};
	unsigned char head[ROW_HEAD];
	if (event->kind != WIRE_EVENT_MESSAGE)
		return 0;
	put_number(head, (uint64_t)event->time_ns, 8);
	put_number(head + 8, event->conn, 4);
	put_number(head + 12, event->receiver_count, 4);
	put_number(head + 16, event->subject.len, 2);
	put_number(head + 18, event->reply.len, 2);
	put_number(head + 20, event->payload.len, 4);
	int error = put(context, head, sizeof head, ZSTD_e_continue);
	for (size_t i = 0; i < sizeof texts / sizeof *texts && !error; i++)
		error = put(context, texts[i].data, texts[i].len, ZSTD_e_continue);
	return error;
}

int bench_log_as_rows(const char *path, uint64_t *bytes, struct wire_fault *fault)
{
	const struct store_reader_options options = {.payloads = true};
	struct rows rows = {.zstd = ZSTD_createCCtx(), .out_cap = ZSTD_CStreamOutSize()};
	rows.out = malloc(rows.out_cap);
	int error = rows.zstd && rows.out ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (!error) {
		ZSTD_CCtx_setParameter(rows.zstd, ZSTD_c_compressionLevel, ROWS_LEVEL);
		error = each_event(path, &options, put_row, &rows, fault);
	}
	if (!error && put(&rows, NULL, 0, ZSTD_e_end) != 0)
		error = wire_fault_set(fault, -EIO, "zstd does not compress the rows");
	*bytes = rows.bytes;
	ZSTD_freeCCtx(rows.zstd);
	free(rows.out);
	return error;
}

static int note_time(void *context, const struct wire_event *event)
{
	*(int64_t *)context = event->time_ns;
	return 1;
}

int bench_log_times(const char *path, int64_t *first_ns, int64_t *last_ns, struct wire_fault *fault)
{
	const struct store_reader_options forward = {0}, backward = {.reverse = true};
	int error = each_event(path, &forward, note_time, first_ns, fault);
	return error ? error : each_event(path, &backward, note_time, last_ns, fault);
}
