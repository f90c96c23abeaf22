/* pcap_format.h - parse the headers of a classic capture file (draft-ietf-opsawg-pcap). Internal to tap.
 *
 *	header   24  magic, major u16, minor u16, zone, accuracy, snaplen, link type u32 each
 *	record   16  seconds, fraction, captured length, true length, u32 each; the frame's bytes follow
 *
 * The magic number tells the byte order and the unit of the fraction, or that records have a header of 24 bytes (a form
 * of Linux 2.x). Pure: no allocation, I/O, clock or globals. */
#ifndef TAP_CAPTURE_PCAP_FORMAT_H
#define TAP_CAPTURE_PCAP_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

enum { TAP__PCAP_HEADER_BYTES = 24 };

/* Times of a capture file may be anything. They are limited to some 126 years both ways of 1970, which leaves room to
 * add and to subtract. */
#define TAP__TIME_NS_MAX INT64_C(4000000000000000000)

/* How a file is to be read. */
struct tap__pcap {
	bool is_big_endian;
	bool has_nanoseconds;
	uint16_t minor_version;
	uint32_t record_bytes; /* of a record's header: 16 or 24 */
	uint32_t link_type;    /* LINKTYPE_… */
	uint32_t fcs_bytes;    /* checksum at the end of each frame */
	uint32_t snaplen;      /* 0 = not stated */
};

struct tap__record {
	int64_t time_ns;
	uint32_t captured_bytes, wire_bytes;
};

/* Read a file's header of TAP__PCAP_HEADER_BYTES. NULL, or why it is none, as a static text. */
const char *tap__pcap_header(const unsigned char *bytes, struct tap__pcap *pcap);

/* Read a record's header of pcap->record_bytes. */
void tap__pcap_record(const struct tap__pcap *pcap, const unsigned char *bytes, struct tap__record *record);

#endif
