#include "tap/capture/pcap_format.h"

#include <stddef.h>

#include "tap/capture/byte_order.h"

enum {
	RECORD_BYTES = 16,
	RECORD_BYTES_MODIFIED = 24,
	MAJOR_VERSION = 2,
	MINOR_SWAPPED = 3, /* files before version 2.3 have the two lengths swapped; those of 2.3 may have */
};

#define LINK_TYPE_MASK UINT32_C(0x03ffffff)
#define HAS_FCS        UINT32_C(0x04000000)

static const struct magic {
	uint32_t value;
	bool has_nanoseconds;
	uint32_t record_bytes;
} magics[] = {
    {0xa1b2c3d4, false, RECORD_BYTES},
    {0xa1b23c4d, true, RECORD_BYTES},
    {0xa1b2cd34, false, RECORD_BYTES_MODIFIED},
};

/* Find the magic number in either byte order. NULL when there is none. */
static const struct magic *find_magic(const unsigned char *bytes, bool *is_big_endian)
{
	for (unsigned i = 0; i < 2 * sizeof magics / sizeof magics[0]; i++) {
		*is_big_endian = i % 2;
		if (tap__u32(bytes, *is_big_endian) == magics[i / 2].value)
			return &magics[i / 2];
	}
	return NULL;
}

const char *tap__pcap_header(const unsigned char *bytes, struct tap__pcap *pcap)
{
	bool is_big_endian;
	const struct magic *magic = find_magic(bytes, &is_big_endian);
	if (!magic)
		return "unknown file format";
	if (tap__u16(bytes + 4, is_big_endian) != MAJOR_VERSION)
		return "a version of the pcap format that is not known";
	uint32_t link = tap__u32(bytes + 20, is_big_endian);
	*pcap = (struct tap__pcap){.is_big_endian = is_big_endian,
				   .has_nanoseconds = magic->has_nanoseconds,
				   .minor_version = tap__u16(bytes + 6, is_big_endian),
				   .record_bytes = magic->record_bytes,
				   .link_type = link & LINK_TYPE_MASK,
				   .fcs_bytes = link & HAS_FCS ? (link >> 28) * 2 : 0,
				   .snaplen = tap__u32(bytes + 16, is_big_endian)};
	return NULL;
}

void tap__pcap_record(const struct tap__pcap *pcap, const unsigned char *bytes, struct tap__record *record)
{
	int64_t seconds = tap__u32(bytes, pcap->is_big_endian),
		part = tap__u32(bytes + 4, pcap->is_big_endian);
	uint32_t captured = tap__u32(bytes + 8, pcap->is_big_endian);
	uint32_t wire = tap__u32(bytes + 12, pcap->is_big_endian);
	bool is_swapped =
	    pcap->minor_version < MINOR_SWAPPED || (pcap->minor_version == MINOR_SWAPPED && captured > wire);
	record->time_ns = seconds * 1000000000 + part * (pcap->has_nanoseconds ? 1 : 1000);
	if (record->time_ns > TAP__TIME_NS_MAX)
		record->time_ns = TAP__TIME_NS_MAX;
	record->captured_bytes = is_swapped ? wire : captured;
	record->wire_bytes = is_swapped ? captured : wire;
}
