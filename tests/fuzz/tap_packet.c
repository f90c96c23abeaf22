/* Fuzz target: one frame of any link type, cut anywhere.
 *
 * Input: link type (one byte, an index), bytes cut off (u16, big-endian), the frame. */
#include <pcap/dlt.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap/packet/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_HEADER_BYTES = 3 };

static const int link_types[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL,
				 DLT_LOOP,   DLT_RAW,       DLT_IPV4,       DLT_IPV6,
				 DLT_PPP,    DLT_C_HDLC,    DLT_PPP_ETHER,  DLT_USB};

enum { LINK_TYPES = sizeof link_types / sizeof *link_types };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_within(struct wire_slice slice, const struct tap_frame *frame)
{
	const unsigned char *start = (const unsigned char *)slice.data;
	require(start >= frame->bytes && slice.len <= frame->captured_bytes &&
		start + slice.len <= frame->bytes + frame->captured_bytes);
}

static void check_segment(const struct tap_segment *segment, const struct tap_frame *frame)
{
	require_within(segment->payload, frame);
	require(segment->payload.len + segment->missing_bytes <= TAP_SEGMENT_BYTES_MAX);
	require(segment->from.is_v6 == segment->to.is_v6);
}

static void check_fragment(const struct tap_fragment *fragment, const struct tap_frame *frame)
{
	struct tap_packet packet;
	require_within(fragment->payload, frame);
	require(fragment->offset_bytes % 8 == 0 && fragment->offset_bytes <= UINT16_MAX);
	enum tap_packet_kind kind = tap_packet_decode_datagram(fragment, &packet);
	require(kind < TAP_PACKET_KINDS);
	if (kind == TAP_PACKET_SEGMENT)
		check_segment(&packet.segment, frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tap_packet packet;
	if (size < INPUT_HEADER_BYTES)
		return 0;
	const struct tap_frame frame = {.bytes = data + INPUT_HEADER_BYTES,
					.captured_bytes = (uint32_t)(size - INPUT_HEADER_BYTES),
					.wire_bytes = (uint32_t)(size - INPUT_HEADER_BYTES) +
						      ((uint32_t)data[1] << 8 | data[2]),
					.link_type = link_types[data[0] % LINK_TYPES]};
	enum tap_packet_kind kind = tap_packet_decode(&frame, &packet);
	require(kind < TAP_PACKET_KINDS && tap_packet_kind_name(kind));
	if (kind == TAP_PACKET_SEGMENT)
		check_segment(&packet.segment, &frame);
	if (kind == TAP_PACKET_FRAGMENT)
		check_fragment(&packet.fragment, &frame);
	return 0;
}
