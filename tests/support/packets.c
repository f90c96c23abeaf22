#include "support/packets.h"

#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	PROTOCOL_TCP = 6,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AUTHENTICATION = 51,
	IPV4_BYTES = 20,
	TCP_BYTES = 20,
	EXTENSION_BYTES = 8,
	AUTHENTICATION_BYTES = 24, /* with a check value of 96 bits */
	SNAPLEN_MAX = 262144,
};

/* ---- bytes ---- */

static unsigned char *grow(struct support_bytes *bytes, size_t more)
{
	if (bytes->cap - bytes->len < more) {
		bytes->cap = (bytes->len + more) * 2;
		bytes->data = support_grow(bytes->data, bytes->cap);
	}
	bytes->len += more;
	return bytes->data + bytes->len - more;
}

void support_bytes_put(struct support_bytes *bytes, const void *data, size_t len)
{
	if (len > 0)
		memcpy(grow(bytes, len), data, len);
}

void support_bytes_put_zeros(struct support_bytes *bytes, size_t len)
{
	if (len > 0)
		memset(grow(bytes, len), 0, len);
}

void support_bytes_put_be(struct support_bytes *bytes, uint64_t value, unsigned width)
{
	unsigned char *at = grow(bytes, width);
	for (unsigned i = 0; i < width; i++)
		at[i] = (unsigned char)(value >> 8 * (width - 1 - i));
}

static void put_le(struct support_bytes *bytes, uint64_t value, unsigned width)
{
	unsigned char *at = grow(bytes, width);
	for (unsigned i = 0; i < width; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

void support_bytes_fini(struct support_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct support_bytes){0};
}

/* ---- link layers ---- */

static void put_tags(struct support_bytes *out, const struct support_packet *packet)
{
	for (unsigned i = packet->vlan_tags; i > 0; i--) {
		support_bytes_put_be(out, i > 1 ? ETHERTYPE_QINQ : ETHERTYPE_VLAN, 2);
		support_bytes_put_be(out, 100 + i, 2);
	}
}

static void put_ethernet(struct support_bytes *out, const struct support_packet *packet, uint16_t type)
{
	support_bytes_put(out, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	put_tags(out, packet);
	support_bytes_put_be(out, type, 2);
}

/* An Ethernet frame that this machine received. Its first tag stands where the type does. */
static void put_cooked(struct support_bytes *out, const struct support_packet *packet, uint16_t type)
{
	support_bytes_put(out, "\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0", 14);
	put_tags(out, packet);
	support_bytes_put_be(out, type, 2);
}

/* Write the tags after the header's type, except the outermost type, which the header has. */
static void put_cooked2(struct support_bytes *out, const struct support_packet *packet, uint16_t type)
{
	struct support_bytes tags = {0};
	put_tags(&tags, packet);
	support_bytes_put_be(&tags, type, 2);
	support_bytes_put(out, tags.data, 2);
	support_bytes_put(out, "\0\0\0\0\0\x02\0\x01\0\x06\x02\0\0\0\0\x01\0\0", 18);
	support_bytes_put(out, tags.data + 2, tags.len - 2);
	support_bytes_fini(&tags);
}

static void put_link(struct support_bytes *out, const struct support_packet *packet)
{
	uint16_t type = packet->is_v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
	uint32_t family =
	    packet->is_v6 ? packet->link == SUPPORT_NULL ? 30 : 24 : 2; /* of macOS, of OpenBSD */
	switch (packet->link) {
	case SUPPORT_ETHERNET: put_ethernet(out, packet, type); break;
	case SUPPORT_COOKED: put_cooked(out, packet, type); break;
	case SUPPORT_COOKED2: put_cooked2(out, packet, type); break;
	case SUPPORT_NULL: support_bytes_put(out, &family, sizeof family); break;
	case SUPPORT_LOOP: support_bytes_put_be(out, family, 4); break;
	default: break;
	}
}

int support_link_type(enum support_link link)
{
	static const int types[SUPPORT_LINKS] = {
	    [SUPPORT_ETHERNET] = DLT_EN10MB,    [SUPPORT_COOKED] = DLT_LINUX_SLL,
	    [SUPPORT_COOKED2] = DLT_LINUX_SLL2, [SUPPORT_NULL] = DLT_NULL,
	    [SUPPORT_LOOP] = DLT_LOOP,          [SUPPORT_RAW] = DLT_RAW};
	return types[link];
}

/* ---- TCP ---- */

size_t support_packet_datagram_len(const struct support_packet *packet)
{
	return (packet->protocol ? 0 : TCP_BYTES + packet->tcp_option_bytes) + packet->payload.len;
}

static void put_datagram(struct support_bytes *out, const struct support_packet *packet)
{
	if (!packet->protocol) {
		support_bytes_put_be(out, packet->from.port, 2);
		support_bytes_put_be(out, packet->to.port, 2);
		support_bytes_put_be(out, packet->seq, 4);
		support_bytes_put_be(out, packet->ack, 4);
		support_bytes_put_be(out, (TCP_BYTES + packet->tcp_option_bytes) / 4 << 4, 1);
		support_bytes_put_be(out, packet->flags, 1);
		support_bytes_put_be(out, 65535, 2);
		support_bytes_put_zeros(out, 4);
		for (unsigned i = 0; i < packet->tcp_option_bytes; i++)
			support_bytes_put_be(out, 1, 1); /* no-operation */
	}
	support_bytes_put(out, packet->payload.data, packet->payload.len);
}

/* The datagram, or what the fragment has of it. */
static struct support_bytes datagram_of(const struct support_packet *packet)
{
	struct support_bytes whole = {0}, part = {0};
	put_datagram(&whole, packet);
	if (packet->fragment_len == 0)
		return whole;
	if ((size_t)packet->fragment_offset + packet->fragment_len > whole.len)
		support_fail("a fragment of %u bytes at %u of a datagram of %zu bytes", packet->fragment_len,
			     packet->fragment_offset, whole.len);
	support_bytes_put(&part, whole.data + packet->fragment_offset, packet->fragment_len);
	support_bytes_fini(&whole);
	return part;
}

static bool is_last_fragment(const struct support_packet *packet)
{
	return packet->fragment_len == 0 ||
	       packet->fragment_offset + packet->fragment_len == support_packet_datagram_len(packet);
}

/* ---- IPv4 ---- */

static void put_checksum(unsigned char *header, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	header[10] = (unsigned char)(~sum >> 8);
	header[11] = (unsigned char)~sum;
}

static void put_ipv4(struct support_bytes *out, const struct support_packet *packet, size_t datagram_len)
{
	size_t header_len = IPV4_BYTES + packet->ip_option_bytes, start = out->len;
	support_bytes_put_be(out, 0x40 | header_len / 4, 1);
	support_bytes_put_be(out, 0, 1);
	support_bytes_put_be(out, packet->has_no_length ? 0 : header_len + datagram_len, 2);
	support_bytes_put_be(out, packet->fragment_id, 2);
	support_bytes_put_be(out, packet->fragment_offset / 8u | (is_last_fragment(packet) ? 0 : 0x2000), 2);
	support_bytes_put_be(out, 64, 1);
	support_bytes_put_be(out, packet->protocol ? packet->protocol : PROTOCOL_TCP, 1);
	support_bytes_put_zeros(out, 2);
	support_bytes_put_be(out, 0x0a000000u | packet->from.host, 4);
	support_bytes_put_be(out, 0x0a000000u | packet->to.host, 4);
	for (unsigned i = 0; i < packet->ip_option_bytes; i++)
		support_bytes_put_be(out, 1, 1); /* no-operation */
	put_checksum(out->data + start, header_len);
}

/* ---- IPv6 ---- */

static size_t extension_bytes(uint8_t type)
{
	return type == PROTOCOL_AUTHENTICATION ? AUTHENTICATION_BYTES : EXTENSION_BYTES;
}

static void put_extension(struct support_bytes *out, uint8_t type, uint8_t next)
{
	support_bytes_put_be(out, next, 1);
	support_bytes_put_be(out, type == PROTOCOL_AUTHENTICATION ? AUTHENTICATION_BYTES / 4 - 2 : 0, 1);
	support_bytes_put(out, "\x01\x04", 2); /* an option of padding over the rest */
	support_bytes_put_zeros(out, extension_bytes(type) - 4);
}

static void put_fragment_header(struct support_bytes *out, const struct support_packet *packet, uint8_t next)
{
	support_bytes_put_be(out, next, 1);
	support_bytes_put_be(out, 0, 1);
	support_bytes_put_be(out, packet->fragment_offset | (is_last_fragment(packet) ? 0u : 1u), 2);
	support_bytes_put_be(out, packet->fragment_id, 4);
}

static void put_extensions(struct support_bytes *out, const struct support_packet *packet, uint8_t last)
{
	for (unsigned i = 0; i < packet->extensions_len; i++)
		put_extension(out, packet->extensions[i],
			      i + 1 < packet->extensions_len ? packet->extensions[i + 1] : last);
}

static void put_address(struct support_bytes *out, struct support_end end)
{
	support_bytes_put_be(out, 0xfd00000000000000, 8);
	support_bytes_put_be(out, end.host, 8);
}

static void put_ipv6(struct support_bytes *out, const struct support_packet *packet, size_t datagram_len)
{
	uint8_t protocol = packet->protocol ? packet->protocol : PROTOCOL_TCP;
	uint8_t last = packet->fragment_len ? PROTOCOL_FRAGMENT : protocol;
	size_t payload_len = datagram_len + (packet->fragment_len ? EXTENSION_BYTES : 0);
	for (unsigned i = 0; i < packet->extensions_len; i++)
		payload_len += extension_bytes(packet->extensions[i]);
	support_bytes_put_be(out, 0x60000000, 4);
	support_bytes_put_be(out, packet->has_no_length ? 0 : payload_len, 2);
	support_bytes_put_be(out, packet->extensions_len ? packet->extensions[0] : last, 1);
	support_bytes_put_be(out, 64, 1);
	put_address(out, packet->from);
	put_address(out, packet->to);
	put_extensions(out, packet, last);
	if (packet->fragment_len)
		put_fragment_header(out, packet, protocol);
}

void support_packet_put(struct support_bytes *out, const struct support_packet *packet)
{
	struct support_bytes datagram = datagram_of(packet);
	put_link(out, packet);
	if (packet->is_v6)
		put_ipv6(out, packet, datagram.len);
	else
		put_ipv4(out, packet, datagram.len);
	support_bytes_put(out, datagram.data, datagram.len);
	for (unsigned i = 0; i < packet->padding; i++)
		support_bytes_put_be(out, 0xee, 1);
	support_bytes_fini(&datagram);
}

/* ---- connections ---- */

void support_connection_init(struct support_connection *connection, uint16_t client_port,
			     uint16_t server_port)
{
	*connection =
	    (struct support_connection){.ends = {{1, client_port}, {2, server_port}}, .next = {1000, 5000}};
}

struct support_packet support_connection_send(struct support_connection *connection, enum support_who who,
					      unsigned flags, struct wire_slice payload)
{
	struct support_packet packet = connection->like;
	bool is_first = (flags & (SUPPORT_SYN | SUPPORT_ACK)) == SUPPORT_SYN && !connection->has_begun[!who];
	packet.from = connection->ends[who];
	packet.to = connection->ends[!who];
	packet.seq = connection->next[who];
	packet.ack = is_first ? 0 : connection->next[!who];
	packet.flags = (uint8_t)(flags | (is_first ? 0 : SUPPORT_ACK));
	packet.payload = payload;
	connection->has_begun[who] = true;
	connection->next[who] +=
	    (uint32_t)payload.len + (flags & SUPPORT_SYN ? 1 : 0) + (flags & SUPPORT_FIN ? 1 : 0);
	return packet;
}

/* ---- captures ---- */

static void put(struct support_capture *capture, uint64_t value, unsigned width)
{
	if (capture->is_big_endian)
		support_bytes_put_be(&capture->bytes, value, width);
	else
		put_le(&capture->bytes, value, width);
}

/* The number of the link layer in a file: libpcap's, except for raw IP, whose number differs between systems. */
static unsigned file_link_type(enum support_link link)
{
	return link == SUPPORT_RAW ? 101 : (unsigned)support_link_type(link);
}

static void begin_pcap(struct support_capture *capture)
{
	put(capture, capture->has_nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put(capture, 2, 2);
	put(capture, 4, 2);
	put(capture, 0, 8);
	put(capture, capture->snaplen, 4);
	put(capture, file_link_type(capture->link), 4);
}

static void put_block_end(struct support_capture *capture, size_t len)
{
	support_bytes_put_zeros(&capture->bytes, (4 - capture->bytes.len % 4) % 4);
	put(capture, len, 4);
}

static void begin_pcapng(struct support_capture *capture)
{
	put(capture, 0x0a0d0d0a, 4); /* section header */
	put(capture, 28, 4);
	put(capture, 0x1a2b3c4d, 4);
	put(capture, 1, 2);
	put(capture, 0, 2);
	put(capture, UINT64_MAX, 8);
	put_block_end(capture, 28);
	put(capture, 1, 4); /* interface description */
	put(capture, capture->has_nanoseconds ? 32 : 20, 4);
	put(capture, file_link_type(capture->link), 2);
	put(capture, 0, 2);
	put(capture, capture->snaplen, 4);
	if (capture->has_nanoseconds) {
		put(capture, 9, 2); /* if_tsresol: 10^-9 */
		put(capture, 1, 2);
		put(capture, 9, 1);
		support_bytes_put_zeros(&capture->bytes, 3);
		put(capture, 0, 4); /* end of options */
	}
	put_block_end(capture, capture->has_nanoseconds ? 32 : 20);
}

void support_capture_begin(struct support_capture *capture)
{
	capture->bytes.len = 0;
	if (capture->snaplen == 0)
		capture->snaplen = SNAPLEN_MAX;
	if (capture->format == SUPPORT_PCAP)
		begin_pcap(capture);
	else
		begin_pcapng(capture);
}

void support_capture_fini(struct support_capture *capture)
{
	support_bytes_fini(&capture->bytes);
}

void support_capture_put(struct support_capture *capture, int64_t time_ns, const void *frame, size_t len)
{
	size_t kept = len < capture->snaplen ? len : capture->snaplen;
	uint64_t unit_ns = capture->has_nanoseconds ? 1 : 1000, time = (uint64_t)time_ns / unit_ns;
	size_t block_len = 32 + (kept + 3) / 4 * 4;
	if (capture->format == SUPPORT_PCAP) {
		put(capture, time / (1000000000 / unit_ns), 4);
		put(capture, time % (1000000000 / unit_ns), 4);
	} else {
		put(capture, 6, 4); /* enhanced packet */
		put(capture, block_len, 4);
		put(capture, 0, 4);
		put(capture, time >> 32, 4);
		put(capture, time & UINT32_MAX, 4);
	}
	put(capture, kept, 4);
	put(capture, len, 4);
	support_bytes_put(&capture->bytes, frame, kept);
	if (capture->format == SUPPORT_PCAPNG)
		put_block_end(capture, block_len);
}

void support_capture_put_packet(struct support_capture *capture, int64_t time_ns,
				const struct support_packet *packet)
{
	struct support_bytes frame = {0};
	support_packet_put(&frame, packet);
	support_capture_put(capture, time_ns, frame.data, frame.len);
	support_bytes_fini(&frame);
}
