/* pcapng_block.h - parse the blocks of a pcapng file (draft-ietf-opsawg-pcapng). Internal to tap.
 *
 *	0     type    u32
 *	4     length  u32, of the whole block, a multiple of 4
 *	8     body, whose padding to a multiple of 4 is part of it
 *	-4    length  again
 *
 * All numbers are in the byte order of the section, which a section header's first word tells. Pure: no allocation,
 * I/O, clock or globals. Functions that parse return NULL, or what is wrong as a static text. */
#ifndef TAP_CAPTURE_PCAPNG_BLOCK_H
#define TAP_CAPTURE_PCAPNG_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum tap__pcapng_type {
	TAP__PCAPNG_INTERFACE = 1,
	TAP__PCAPNG_OBSOLETE_PACKET = 2,
	TAP__PCAPNG_SIMPLE_PACKET = 3,
	TAP__PCAPNG_STATISTICS = 5,
	TAP__PCAPNG_PACKET = 6, /* "enhanced packet" */
	TAP__PCAPNG_SECTION = 0x0a0d0d0a,
};

enum {
	TAP__PCAPNG_START_BYTES =
	    12, /* type, length, and a section header's byte order: no block is shorter */
	TAP__PCAPNG_BODY_AT = 8,
	TAP__PCAPNG_END_BYTES = 4,
};

struct tap__pcapng_block {
	uint32_t type;
	bool is_big_endian;
	uint32_t stated_bytes; /* the length that is stated */
	uint64_t total_bytes;  /* rounded up to 4, because some writers omit the padding */
};

/* Parse the first TAP__PCAPNG_START_BYTES of a block. is_big_endian is that of the section; a section header
 * has its own. */
const char *tap__pcapng_parse_start(const unsigned char *bytes, bool is_big_endian,
				    struct tap__pcapng_block *block);

/* Check the last TAP__PCAPNG_END_BYTES of a block. */
const char *tap__pcapng_check_end(const unsigned char *bytes, const struct tap__pcapng_block *block);

/* The body of a block, between its two lengths. */
struct tap__pcapng_body {
	const unsigned char *bytes;
	uint32_t len;
	bool is_big_endian;
};

/* Can this version be read? */
const char *tap__pcapng_check_section(const struct tap__pcapng_body *body);

/* An interface description. */
struct tap__pcapng_link {
	uint16_t link_type; /* LINKTYPE_… */
	uint32_t snaplen;   /* 0 = all */
	uint8_t resolution; /* of times: 10^-n s, or 2^-n s with the highest bit set */
	int64_t offset_s;   /* added to its times */
	uint32_t fcs_bytes; /* checksum at the end of each frame */
};

const char *tap__pcapng_parse_interface(const struct tap__pcapng_body *body, struct tap__pcapng_link *link);

struct tap__pcapng_packet {
	uint32_t interface; /* counted from 0 in its section */
	bool has_time;
	uint64_t ticks;
	uint32_t captured_bytes, wire_bytes;
	const unsigned char *bytes; /* borrows the body */
	uint64_t drops;             /* lost before this packet on its interface; 0 also if unstated */
};

/* An enhanced or an obsolete packet block. */
const char *tap__pcapng_parse_packet(const struct tap__pcapng_body *body, uint32_t type,
				     struct tap__pcapng_packet *packet);

/* A simple packet block, which belongs to the first interface of its section; snaplen is that of the interface. */
const char *tap__pcapng_parse_simple_packet(const struct tap__pcapng_body *body, uint32_t snaplen,
					    struct tap__pcapng_packet *packet);

/* Counters of an interface since its capture began. */
struct tap__pcapng_statistics {
	uint32_t interface;
	uint64_t ticks, start_ticks, end_ticks; /* start and end: 0 = unstated */
	uint64_t interface_drops, kernel_drops; /* 0 also if unstated */
};

const char *tap__pcapng_parse_statistics(const struct tap__pcapng_body *body,
					 struct tap__pcapng_statistics *statistics);

/* Convert a link's time to nanoseconds since 1970, limited to ±TAP__TIME_NS_MAX (tap/capture/pcap_format.h). */
int64_t tap__pcapng_time_ns(const struct tap__pcapng_link *link, uint64_t ticks);

#endif
