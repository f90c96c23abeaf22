#include "tap/capture/pcapng_block.h"

#include <stddef.h>

#include "tap/capture/byte_order.h"
#include "tap/capture/pcap_format.h"

enum {
	BYTE_ORDER = 0x1a2b3c4d,
	MAJOR_VERSION = 1,
	SECTION_BYTES = 16,
	INTERFACE_BYTES = 8,
	PACKET_BYTES = 20,
	SIMPLE_PACKET_BYTES = 4,
	STATISTICS_BYTES = 12,
	OPTION_BYTES = 4,
	DROPS_UNKNOWN = 0xffff, /* in an obsolete packet block */
	RESOLUTION_DEFAULT = 6,
	RESOLUTION_IS_BINARY = 0x80,
};

enum option {
	OPTION_END = 0,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_FCSLEN = 13,
	OPTION_IF_TSOFFSET = 14,
	OPTION_EPB_DROPCOUNT = 4,
	OPTION_ISB_STARTTIME = 2,
	OPTION_ISB_ENDTIME = 3,
	OPTION_ISB_IFDROP = 5,
	OPTION_ISB_OSDROP = 7,
};

/* ---- blocks ---- */

const char *tap__pcapng_parse_start(const unsigned char *bytes, bool is_big_endian,
				    struct tap__pcapng_block *block)
{
	uint32_t type = tap__u32(bytes, is_big_endian);
	if (type == TAP__PCAPNG_SECTION) {
		is_big_endian = tap__u32(bytes + 8, true) == BYTE_ORDER;
		if (!is_big_endian && tap__u32(bytes + 8, false) != BYTE_ORDER)
			return "a section header has an invalid byte order";
	}
	uint32_t stated = tap__u32(bytes + 4, is_big_endian);
	if (stated < TAP__PCAPNG_START_BYTES)
		return "a block is shorter than the minimum";
	*block = (struct tap__pcapng_block){.type = type,
					    .is_big_endian = is_big_endian,
					    .stated_bytes = stated,
					    .total_bytes = ((uint64_t)stated + 3) / 4 * 4};
	return NULL;
}

const char *tap__pcapng_check_end(const unsigned char *bytes, const struct tap__pcapng_block *block)
{
	uint32_t stated = tap__u32(bytes, block->is_big_endian);
	return stated == block->stated_bytes || stated == block->total_bytes
		   ? NULL
		   : "the lengths at the beginning and the end of a block differ";
}

/* ---- options ---- */

/* A cursor over options. */
struct options {
	const struct tap__pcapng_body *body;
	uint64_t at;
	uint16_t code;
	uint32_t len;
	const unsigned char *value;
};

static struct options options_of(const struct tap__pcapng_body *body, uint64_t at)
{
	return (struct options){.body = body, .at = at};
}

/* Move to the next option. False at the end, and when an option exceeds the block. */
static bool next_option(struct options *options)
{
	const struct tap__pcapng_body *body = options->body;
	if (options->at + OPTION_BYTES > body->len)
		return false;
	options->code = tap__u16(body->bytes + options->at, body->is_big_endian);
	options->len = tap__u16(body->bytes + options->at + 2, body->is_big_endian);
	options->value = body->bytes + options->at + OPTION_BYTES;
	if (options->code == OPTION_END || options->len > body->len - options->at - OPTION_BYTES)
		return false;
	options->at += OPTION_BYTES + (options->len + 3) / 4 * 4;
	return true;
}

/* Read an option that is a 64-bit number, if it has this code. */
static void read_u64(const struct options *options, uint16_t code, uint64_t *value)
{
	if (options->code == code && options->len == 8)
		*value = tap__u64(options->value, options->body->is_big_endian);
}

/* Read a time: two words, the more significant one first in either byte order. */
static uint64_t get_ticks(const unsigned char *in, bool is_big_endian)
{
	return (uint64_t)tap__u32(in, is_big_endian) << 32 | tap__u32(in + 4, is_big_endian);
}

static void read_ticks(const struct options *options, uint16_t code, uint64_t *ticks)
{
	if (options->code == code && options->len == 8)
		*ticks = get_ticks(options->value, options->body->is_big_endian);
}

/* ---- sections and interfaces ---- */

const char *tap__pcapng_check_section(const struct tap__pcapng_body *body)
{
	if (body->len < SECTION_BYTES)
		return "a section header is too short";
	return tap__u16(body->bytes + 4, body->is_big_endian) == MAJOR_VERSION
		   ? NULL
		   : "a section is of a version of the pcapng format that is not known";
}

static void read_link_option(const struct options *option, struct tap__pcapng_link *link)
{
	uint64_t offset_s = (uint64_t)link->offset_s;
	if (option->code == OPTION_IF_TSRESOL && option->len == 1)
		link->resolution = option->value[0];
	if (option->code == OPTION_IF_FCSLEN && option->len == 1)
		link->fcs_bytes =
		    option->value[0] >= 8 ? option->value[0] / 8u : option->value[0]; /* stated in bits */
	read_u64(option, OPTION_IF_TSOFFSET, &offset_s);
	link->offset_s = (int64_t)offset_s;
}

const char *tap__pcapng_parse_interface(const struct tap__pcapng_body *body, struct tap__pcapng_link *link)
{
	if (body->len < INTERFACE_BYTES)
		return "an interface description is too short";
	*link = (struct tap__pcapng_link){.link_type = tap__u16(body->bytes, body->is_big_endian),
					  .snaplen = tap__u32(body->bytes + 4, body->is_big_endian),
					  .resolution = RESOLUTION_DEFAULT};
	for (struct options option = options_of(body, INTERFACE_BYTES); next_option(&option);)
		read_link_option(&option, link);
	return NULL;
}

/* ---- packets ---- */

static void read_lengths(const struct tap__pcapng_body *body, struct tap__pcapng_packet *packet)
{
	packet->captured_bytes = tap__u32(body->bytes + 12, body->is_big_endian);
	packet->wire_bytes = tap__u32(body->bytes + 16, body->is_big_endian);
	packet->bytes = body->bytes + PACKET_BYTES;
}

/* The interface number and the drop counter have 16 bits each. */
static void read_obsolete(const struct tap__pcapng_body *body, struct tap__pcapng_packet *packet)
{
	uint16_t drops = tap__u16(body->bytes + 2, body->is_big_endian);
	packet->interface = tap__u16(body->bytes, body->is_big_endian);
	packet->drops = drops == DROPS_UNKNOWN ? 0 : drops;
}

const char *tap__pcapng_parse_packet(const struct tap__pcapng_body *body, uint32_t type,
				     struct tap__pcapng_packet *packet)
{
	if (body->len < PACKET_BYTES)
		return "a packet block is too short";
	*packet = (struct tap__pcapng_packet){.has_time = true,
					      .ticks = get_ticks(body->bytes + 4, body->is_big_endian)};
	read_lengths(body, packet);
	if (packet->captured_bytes > body->len - PACKET_BYTES)
		return "a packet is longer than its block";
	if (type == TAP__PCAPNG_OBSOLETE_PACKET) {
		read_obsolete(body, packet);
		return NULL;
	}
	packet->interface = tap__u32(body->bytes, body->is_big_endian);
	uint64_t options_at = PACKET_BYTES + ((uint64_t)packet->captured_bytes + 3) / 4 * 4;
	for (struct options option = options_of(body, options_at); next_option(&option);)
		read_u64(&option, OPTION_EPB_DROPCOUNT, &packet->drops);
	return NULL;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

const char *tap__pcapng_parse_simple_packet(const struct tap__pcapng_body *body, uint32_t snaplen,
					    struct tap__pcapng_packet *packet)
{
	if (body->len < SIMPLE_PACKET_BYTES)
		return "a simple packet block is too short";
	uint32_t wire = tap__u32(body->bytes, body->is_big_endian);
	uint32_t captured = snaplen ? min_u32(wire, snaplen) : wire;
	*packet =
	    (struct tap__pcapng_packet){.captured_bytes = min_u32(captured, body->len - SIMPLE_PACKET_BYTES),
					.wire_bytes = wire,
					.bytes = body->bytes + SIMPLE_PACKET_BYTES};
	return NULL;
}

/* ---- statistics ---- */

const char *tap__pcapng_parse_statistics(const struct tap__pcapng_body *body,
					 struct tap__pcapng_statistics *statistics)
{
	if (body->len < STATISTICS_BYTES)
		return "an interface statistics block is too short";
	*statistics =
	    (struct tap__pcapng_statistics){.interface = tap__u32(body->bytes, body->is_big_endian),
					    .ticks = get_ticks(body->bytes + 4, body->is_big_endian)};
	for (struct options option = options_of(body, STATISTICS_BYTES); next_option(&option);) {
		read_ticks(&option, OPTION_ISB_STARTTIME, &statistics->start_ticks);
		read_ticks(&option, OPTION_ISB_ENDTIME, &statistics->end_ticks);
		read_u64(&option, OPTION_ISB_IFDROP, &statistics->interface_drops);
		read_u64(&option, OPTION_ISB_OSDROP, &statistics->kernel_drops);
	}
	return NULL;
}

/* ---- times ---- */

/* Holds 2^64 ticks of a second, in nanoseconds. */
__extension__ typedef __int128 wide;

static wide ticks_to_ns(const struct tap__pcapng_link *link, uint64_t ticks)
{
	unsigned power = link->resolution & 0x7fu;
	wide ns = ticks;
	if (link->resolution & RESOLUTION_IS_BINARY)
		return power < 127 ? (ns * 1000000000) >> power : 0;
	for (; power < 9; power++)
		ns *= 10;
	for (; power > 9 && ns > 0; power--)
		ns /= 10;
	return ns;
}

int64_t tap__pcapng_time_ns(const struct tap__pcapng_link *link, uint64_t ticks)
{
	wide ns = ticks_to_ns(link, ticks) + (wide)link->offset_s * 1000000000;
	if (ns > TAP__TIME_NS_MAX)
		return TAP__TIME_NS_MAX;
	return ns < -TAP__TIME_NS_MAX ? -TAP__TIME_NS_MAX : (int64_t)ns;
}
