/* packets.h - made-up packets and capture files, built byte by byte, the same every time.
 *
 * A packet is described by a struct whose zero values are the ordinary case: Ethernet, IPv4, TCP, nothing special.
 * Hosts are numbers: 10.0.0.N, or fd00::N. The IPv4 header's checksum is right, TCP's is zero, as in captures of what
 * is sent. */
#ifndef SUPPORT_PACKETS_H
#define SUPPORT_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/slice.h"

/* ---- bytes ---- */

/* A growing buffer; zeroed = empty. */
struct support_bytes {
	unsigned char *data;
	size_t len, cap;
};

void support_bytes_put(struct support_bytes *bytes, const void *data, size_t len);
void support_bytes_put_zeros(struct support_bytes *bytes, size_t len);
void support_bytes_put_be(struct support_bytes *bytes, uint64_t value, unsigned width); /* big-endian */
void support_bytes_fini(struct support_bytes *bytes);

/* ---- packets ---- */

enum support_link {
	SUPPORT_ETHERNET,
	SUPPORT_COOKED,
	SUPPORT_COOKED2,
	SUPPORT_NULL, /* the family in this machine's order */
	SUPPORT_LOOP,
	SUPPORT_RAW,
	SUPPORT_LINKS
};

enum support_flag {
	SUPPORT_FIN = 1,
	SUPPORT_SYN = 2,
	SUPPORT_RST = 4,
	SUPPORT_PSH = 8,
	SUPPORT_ACK = 16,
};

struct support_end {
	uint8_t host;
	uint16_t port;
};

struct support_packet {
	enum support_link link;
	unsigned vlan_tags; /* the outer of two is QinQ's */
	bool is_v6;
	struct support_end from, to;

	uint32_t seq, ack;
	uint8_t flags;
	struct wire_slice payload; /* borrowed */

	uint8_t protocol;          /* other than TCP; the payload follows IP's header then */
	unsigned ip_option_bytes;  /* multiples of 4, IPv4 */
	unsigned tcp_option_bytes; /* multiples of 4 */
	const uint8_t *extensions; /* IPv6: header types in order (0, 43, 51, 60), borrowed */
	unsigned extensions_len;
	bool has_no_length;   /* IP's length is 0, as in a frame that the kernel merged */
	unsigned padding;     /* bytes after the packet, as Ethernet adds to short ones; not zeros */
	uint32_t fragment_id; /* with fragment_len: only these bytes of the datagram, as a fragment */
	uint16_t fragment_offset, fragment_len; /* offset: a multiple of 8 */
};

/* Append the frame to *out. */
void support_packet_put(struct support_bytes *out, const struct support_packet *packet);

/* Bytes of the datagram: TCP header, options and payload. */
size_t support_packet_datagram_len(const struct support_packet *packet);

/* DLT_… of libpcap. */
int support_link_type(enum support_link link);

/* ---- connections ---- */

enum support_who { SUPPORT_CLIENT, SUPPORT_SERVER };

/* Two ends that track what they sent; each acknowledges all that the other sent. */
struct support_connection {
	struct support_packet like; /* link layer and other members that all packets share */
	struct support_end ends[2];
	uint32_t next[2]; /* sequence number of the next byte of each */
	bool has_begun[2];
};

/* Between client host 1 and server host 2. */
void support_connection_init(struct support_connection *connection, uint16_t client_port,
			     uint16_t server_port);

/* The next packet of an end, with ACK (but for a first SYN). Flags and payload count as sent. */
struct support_packet support_connection_send(struct support_connection *connection, enum support_who who,
					      unsigned flags, struct wire_slice payload);

/* ---- captures ---- */

enum support_format { SUPPORT_PCAP, SUPPORT_PCAPNG };

struct support_capture {
	struct support_bytes bytes; /* the file */
	enum support_format format;
	bool is_big_endian;
	bool has_nanoseconds;
	enum support_link link;
	uint32_t snaplen; /* frames are cut to it */
};

/* Begin a file; set format, byte order, resolution, link and snaplen before (0 = 262144). */
void support_capture_begin(struct support_capture *capture);
void support_capture_fini(struct support_capture *capture);

/* Append a frame, whole or cut to the snaplen. */
void support_capture_put(struct support_capture *capture, int64_t time_ns, const void *frame, size_t len);

/* Both: build a packet and append it. The packet's link must be the capture's. */
void support_capture_put_packet(struct support_capture *capture, int64_t time_ns,
				const struct support_packet *packet);

#endif
