#include "export/decode/compressed.h"

#include <errno.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
	CHUNK_BYTES = 1 << 14,
	GZIP_OR_ZLIB = 32 + MAX_WBITS, /* for inflateInit2: either header */
};

static bool begins_with(struct wire_slice in, const char *magic, size_t len)
{
	return in.len >= len && memcmp(in.data, magic, len) == 0;
}

bool export__is_gzip(struct wire_slice in)
{
	return begins_with(in, "\x1f\x8b\x08", 3);
}

bool export__is_zstd(struct wire_slice in)
{
	return begins_with(in, "\x28\xb5\x2f\xfd", 4);
}

static int ends_early(struct wire_fault *fault)
{
	return wire_fault_set(fault, -EINVAL, "the data ends in the middle");
}

/* ---- gzip ---- */

/* Inflate up to the end of a part, or of the input. The code of zlib. */
static int inflate_part(z_stream *stream, struct export_out *out)
{
	char chunk[CHUNK_BYTES];
	int code;

	do {
		stream->next_out = (Bytef *)chunk;
		stream->avail_out = CHUNK_BYTES;
		code = inflate(stream, Z_NO_FLUSH);
		export_out_bytes(out, chunk, CHUNK_BYTES - stream->avail_out);
	} while (code == Z_OK && out->error == 0);
	return code;
}

static int inflate_all(z_stream *stream, struct export_out *out, struct wire_fault *fault)
{
	for (;;) {
		const int code = inflate_part(stream, out);

		if (out->error != 0)
			return 0;
		if (code == Z_BUF_ERROR)
			return ends_early(fault);
		if (code != Z_STREAM_END)
			return wire_fault_set(fault, -EINVAL, "%s",
					      stream->msg ? stream->msg : "not compressed so");
		if (stream->avail_in == 0)
			return 0;
		if (inflateReset(stream) != Z_OK)
			return wire_fault_set(fault, -EINVAL, "data after the end");
	}
}

int export__gunzip(struct wire_slice in, struct export_out *out, struct wire_fault *fault)
{
	z_stream stream = {.next_in = (z_const Bytef *)in.data, .avail_in = (uInt)in.len};

	if (in.len > UINT32_MAX)
		return wire_fault_set(fault, -EFBIG, "the payload is too large");
	if (inflateInit2(&stream, GZIP_OR_ZLIB) != Z_OK)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const int error = inflate_all(&stream, out, fault);
	inflateEnd(&stream);
	return error;
}

/* ---- zstd ---- */

/* The decoder's window is at most 128 MiB of address space (its default), of which no more is touched than is written. */
static int unzstd_all(ZSTD_DStream *stream, struct wire_slice in, struct export_out *out,
		      struct wire_fault *fault)
{
	char chunk[CHUNK_BYTES];
	ZSTD_inBuffer input = {.src = in.data, .size = in.len};
	ZSTD_outBuffer output = {.dst = chunk, .size = CHUNK_BYTES};
	size_t left;

	do {
		const size_t before = input.pos;

		output.pos = 0;
		left = ZSTD_decompressStream(stream, &output, &input);
		if (ZSTD_isError(left))
			return wire_fault_set(fault, -EINVAL, "%s", ZSTD_getErrorName(left));
		export_out_bytes(out, chunk, output.pos);
		if (left > 0 && input.pos == before && output.pos == 0)
			return ends_early(fault);
	} while ((left > 0 || input.pos < input.size) && out->error == 0);
	return 0;
}

int export__unzstd(struct wire_slice in, struct export_out *out, struct wire_fault *fault)
{
	ZSTD_DStream *stream = ZSTD_createDStream();

	if (!stream)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const int error = unzstd_all(stream, in, out, fault);
	ZSTD_freeDStream(stream);
	return error;
}

/* ---- snappy ---- */

int export__unsnappy(struct wire_slice in, struct export_out *out, struct wire_fault *fault)
{
	size_t len;

	if (begins_with(in, "\xff\x06\x00\x00sNaPpY", 10))
		return wire_fault_set(fault, -EINVAL,
				      "it is in the framing format of snappy, and only blocks are decoded");
	if (snappy_uncompressed_length(in.data, in.len, &len) != SNAPPY_OK ||
	    snappy_validate_compressed_buffer(in.data, in.len) != SNAPPY_OK)
		return wire_fault_set(fault, -EINVAL, "not a block of snappy");
	if (len > EXPORT_DECODE_BYTES_MAX) {
		out->error = -EFBIG;
		return 0;
	}
	char *text = malloc(len + 1);
	if (!text)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const snappy_status status = snappy_uncompress(in.data, in.len, text, &len);
	if (status == SNAPPY_OK)
		export_out_bytes(out, text, len);
	free(text);
	return status == SNAPPY_OK ? 0 : wire_fault_set(fault, -EINVAL, "not a block of snappy");
}
