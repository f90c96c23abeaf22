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

/* Times in a file may be anything. They are limited to about 126 years before and after 1970, so that adding
 * and subtracting does not overflow. */
#define TAP__TIME_NS_MAX INT64_C(4000000000000000000)

/* How to read a file. */
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

/* Parse a file header of TAP__PCAP_HEADER_BYTES. NULL, or what is wrong as a static text. */
const char *tap__pcap_header(const unsigned char *bytes, struct tap__pcap *pcap);

/* Parse a record header of pcap->record_bytes. */
void tap__pcap_record(const struct tap__pcap *pcap, const unsigned char *bytes, struct tap__record *record);

#endif
