/* Fuzz target: redaction of a stream that is sent in segments of any size and order.
 *
 * Input: 5 bytes per segment (offset u16, length u8, flags u8, forged distance u8), up to a byte 0xff in place of the
 * flags; then the stream. The addresses are always the same.
 *
 * A frame must keep its length, everything before the TCP payload except the checksum, and every byte that ends a line.
 * Redacting the redacted stream as a whole must change nothing. */
#include <pcap/dlt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tap/capture/redactor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGMENT_BYTES = 5, HEADERS = 40, FRAME_MAX = 4096 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void put_u32(unsigned char *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* An IPv4 packet with a TCP segment. Returns its length. */
static size_t build(unsigned char *frame, uint32_t seq, uint8_t flags, const uint8_t *payload, size_t len)
{
	static const unsigned char headers[HEADERS] = {0x45, 0, 0,    0,    0,    0,    0,          0,  64,
						       6,    0, 0,    10,   0,    0,    1,          10, 0,
						       0,    2, 0xc3, 0x50, 0x10, 0x7e, [32] = 0x50};
	memcpy(frame, headers, HEADERS);
	frame[2] = (unsigned char)((HEADERS + len) >> 8);
	frame[3] = (unsigned char)(HEADERS + len);
	put_u32(frame + 24, seq);
	frame[33] = flags & 0x17;
	if (len > 0)
		memcpy(frame + HEADERS, payload, len);
	return HEADERS + len;
}

static const unsigned char *redact(struct tap_redactor *redactor, const unsigned char *frame, size_t len,
				   size_t captured)
{
	const struct tap_frame given = {.bytes = frame,
					.captured_bytes = (uint32_t)captured,
					.wire_bytes = (uint32_t)len,
					.link_type = DLT_RAW};
	const unsigned char *written = tap_redactor_frame(redactor, &given);
	require(written != NULL);
	require(memcmp(written, frame, 36) == 0);
	for (size_t i = HEADERS; i < captured; i++)
		require((written[i] == '\n') == (frame[i] == '\n'));
	return written;
}

static void redact_segments(const uint8_t *segments, size_t count, const uint8_t *stream, size_t len)
{
	unsigned char frame[FRAME_MAX];
	struct tap_redactor *redactor = tap_redactor_open(2);
	require(redactor != NULL);
	for (size_t i = 0; i < count; i++, segments += SEGMENT_BYTES) {
		size_t from = (size_t)(segments[0] << 8 | segments[1]) % (len + 1);
		size_t bytes = segments[2] < len - from ? segments[2] : len - from;
		uint32_t seq = (uint32_t)from + ((uint32_t)segments[4] << 18);
		size_t whole = build(frame, seq, segments[3], stream + from, bytes);
		redact(redactor, frame, whole, segments[3] & 0x80 && bytes > 2 ? whole - 2 : whole);
	}
	tap_redactor_close(redactor);
}

/* Redact the stream in one segment, and the result again. */
static void redact_whole(const uint8_t *stream, size_t len)
{
	unsigned char frame[FRAME_MAX], once[FRAME_MAX];
	struct tap_redactor *redactor = tap_redactor_open(2);
	require(redactor != NULL);
	size_t whole = build(frame, 1, 0, stream, len);
	memcpy(once, redact(redactor, frame, whole, whole), whole);
	require(memcmp(redact(redactor, once, whole, whole) + HEADERS, once + HEADERS, len) == 0);
	tap_redactor_close(redactor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = 0;
	while ((count + 1) * SEGMENT_BYTES <= size && data[count * SEGMENT_BYTES + 3] != 0xff)
		count++;
	size_t used = (count + 1) * SEGMENT_BYTES < size ? (count + 1) * SEGMENT_BYTES : size;
	size_t len = size - used < FRAME_MAX - HEADERS ? size - used : FRAME_MAX - HEADERS;
	redact_segments(data, count, data + used, len);
	redact_whole(data + used, len);
	return 0;
}
