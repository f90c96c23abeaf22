/* packet.h - decode one captured frame to a TCP segment or an IP fragment.
 *
 * Pure: no allocation, I/O, clock or globals. Link layers: Ethernet with any VLAN tags, Linux cooked v1 and v2,
 * BSD loopback, PPP, raw IP. Network layers: IPv4 with options (RFC 791), IPv6 with extension headers (RFC
 * 8200), the authentication header (RFC 4302). Encapsulations: VXLAN (RFC 7348), GENEVE (RFC 8926), GRE (RFC
 * 2784, 2890, 2637), ERSPAN I to III, IP in IP (RFC 2003, 2473, 4213), EtherIP (RFC 3378), MPLS (RFC 3032) with
 * IP or an Ethernet pseudowire inside, PPPoE (RFC 2516), and each inside the others. The addresses are those of
 * the innermost IP header.
 *
 * Checksums are ignored: sent packets have wrong ones where the network card computes them. Lengths are taken
 * from IP, so that padding never becomes payload. Where IP has none (frames that kernel or card have merged
 * beyond what the field holds) the length of the frame counts. */
#ifndef TAP_PACKET_PACKET_H
#define TAP_PACKET_PACKET_H

#include "tap/endpoint.h"
#include "wire/slice.h"

#include <stdint.h>

enum tap_packet_kind {
	TAP_PACKET_SEGMENT,
	TAP_PACKET_FRAGMENT,      /* part of an IP datagram: see tap/packet/fragments.h */
	TAP_PACKET_NOT_IP,        /* number: the Ethernet type. ARP and others */
	TAP_PACKET_NOT_IP_LLC,    /* IEEE 802.2: spanning tree and others */
	TAP_PACKET_NOT_IP_PPP,    /* number: the PPP protocol */
	TAP_PACKET_NOT_IP_FAMILY, /* number: the address family in a loopback header */
	TAP_PACKET_NOT_TCP,       /* number: the IP protocol. UDP, ICMP, ESP, … */
	TAP_PACKET_TOO_DEEP,      /* more headers than are decoded */
	TAP_PACKET_CUT,           /* the snapshot length ends inside a header */
	TAP_PACKET_BAD_LINK,      /* the frame is shorter than its link header */
	TAP_PACKET_BAD_IP,        /* an invalid length or version */
	TAP_PACKET_BAD_TCP,       /* an invalid length */
	TAP_PACKET_BAD_TUNNEL,    /* an invalid header of an encapsulation */
	TAP_PACKET_LINK_TYPE,     /* number: a link layer that is not supported, as DLT_… of libpcap */
	TAP_PACKET_KINDS
};

enum tap_tcp_flag {
	TAP_TCP_FIN = 1,
	TAP_TCP_SYN = 2,
	TAP_TCP_RST = 4,
	TAP_TCP_PSH = 8,
	TAP_TCP_ACK = 16,
};

/* Current kernels build no longer frames. A segment that claims to be longer is invalid. */
enum { TAP_SEGMENT_BYTES_MAX = 1 << 20 };

enum { TAP_NO_WINDOW_SHIFT = 255, TAP_WINDOW_SHIFT_MAX = 14 /* RFC 7323, 2.3 */ };

struct tap_segment {
	struct tap_endpoint from, to;
	uint32_t seq, ack;
	uint8_t flags;               /* tap_tcp_flag and others */
	uint8_t window_shift;        /* of a SYN: its window scale option, or TAP_NO_WINDOW_SHIFT */
	uint16_t window;             /* as sent: not scaled */
	bool has_timestamp;          /* the timestamps option (RFC 7323) */
	uint32_t timestamp;          /* the sender's clock, when has_timestamp */
	uint32_t missing_bytes;      /* of the payload, cut off by the capture */
	struct wire_slice payload;   /* borrows the frame */
	const unsigned char *header; /* of TCP, all 20 bytes; likewise */
};

struct tap_fragment {
	struct tap_endpoint from, to; /* without ports */
	uint32_t id;
	uint32_t offset_bytes; /* of its payload in that of the datagram, a multiple of 8 */
	uint8_t protocol;      /* of the datagram's payload */
	bool is_last;
	uint32_t missing_bytes;    /* as in a segment */
	struct wire_slice payload; /* borrows the frame */
};

struct tap_packet {
	struct tap_segment segment;   /* for TAP_PACKET_SEGMENT */
	struct tap_fragment fragment; /* for TAP_PACKET_FRAGMENT */
	uint32_t number; /* for other kinds, see tap_packet_kind; 0 where nothing is stated there */
};

/* A frame as captured. */
struct tap_frame {
	int64_t time_ns;            /* since the epoch */
	const unsigned char *bytes; /* those that were captured */
	uint32_t captured_bytes;
	uint32_t wire_bytes; /* the length on the wire; if less than captured_bytes, that counts */
	int link_type;       /* DLT_… of libpcap */
};

/* Can frames of a link type (DLT_… of libpcap) be decoded? */
bool tap_packet_knows(int link_type);

enum tap_packet_kind tap_packet_decode(const struct tap_frame *frame, struct tap_packet *packet);

/* Decode a reassembled datagram (a fragment that covers all of it). The result may be a fragment of a packet
 * inside it. */
enum tap_packet_kind tap_packet_decode_datagram(const struct tap_fragment *datagram,
						struct tap_packet *packet);

/* A few words for statistics, such as "not IP" or "a malformed IP header". Static. */
const char *tap_packet_kind_name(enum tap_packet_kind kind);

#endif
