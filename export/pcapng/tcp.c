#include "export/pcapng/tcp.h"

#include <string.h>

#include "export/pcapng/blocks.h"
#include "export/pcapng/checksum.h"

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

enum {
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	SYN_OPTION_BYTES = 8,
	HEAD_MAX = IPV6_BYTES + TCP_BYTES + SYN_OPTION_BYTES,
	HOPS = 64,
	PROTOCOL_TCP = 6,
	WINDOW = 65535,
	WINDOW_SHIFT = 4,
};

struct segment {
	int64_t time_ns;
	enum export__side from;
	uint8_t flags;
	struct wire_slice parts[1 + EXPORT__PIECES]; /* the first is set when it is written: the headers */
	size_t parts_count;
	size_t known, unknown; /* bytes of data; those that are not known come last */
	struct wire_slice comment;
};

static enum export__side other(enum export__side side)
{
	return side == EXPORT__CLIENT ? EXPORT__SERVER : EXPORT__CLIENT;
}

static unsigned char *put16(unsigned char *at, uint32_t value)
{
	*at++ = (unsigned char)(value >> 8 & 0xff);
	*at++ = (unsigned char)(value & 0xff);
	return at;
}

static unsigned char *put32(unsigned char *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

/* ---- headers ---- */

/* RFC 791. Returns the place after it. len: bytes of TCP. */
static unsigned char *put_ipv4(unsigned char *at, const struct export__address *from,
			       const struct export__address *to, size_t len)
{
	struct export__checksum sum = {0};
	unsigned char *begin = at;

	at = put16(at, 0x4500);
	at = put16(at, (uint32_t)(IPV4_BYTES + len));
	at = put32(at, 0x4000); /* never fragmented */
	*at++ = HOPS;
	*at++ = PROTOCOL_TCP;
	at = put16(at, 0);
	memcpy(at, from->bytes, 4);
	memcpy(at + 4, to->bytes, 4);
	export__checksum_add(&sum, begin, IPV4_BYTES);
	export__checksum_put(&sum, begin + 10);
	return at + 8;
}

/* RFC 8200. */
static unsigned char *put_ipv6(unsigned char *at, const struct export__address *from,
			       const struct export__address *to, size_t len)
{
	at = put32(at, 0x60000000);
	at = put16(at, (uint32_t)len);
	*at++ = PROTOCOL_TCP;
	*at++ = HOPS;
	memcpy(at, from->bytes, 16);
	memcpy(at + 16, to->bytes, 16);
	return at + 32;
}

/* RFC 9293. A SYN says its maximum segment size and the scale of its windows. */
static unsigned char *put_tcp(unsigned char *at, const struct export__connection *connection,
			      const struct segment *segment, uint16_t from_port, uint16_t to_port)
{
	const bool is_syn = segment->flags & SYN;

	at = put16(put16(at, from_port), to_port);
	at = put32(at, connection->next[segment->from]);
	at = put32(at, segment->flags & ACK ? connection->next[other(segment->from)] : 0);
	*at++ = is_syn ? (TCP_BYTES + SYN_OPTION_BYTES) / 4 << 4 : TCP_BYTES / 4 << 4;
	*at++ = segment->flags;
	at = put32(put16(at, WINDOW), 0); /* no checksum yet; no urgent data */
	if (is_syn) {
		at = put32(at, 0x02040000 | EXPORT__SEGMENT_BYTES);
		at = put32(at, 0x01030300 | WINDOW_SHIFT);
	}
	return at;
}

/* Of TCP's header, the data, and the pseudo header: both addresses, the protocol, the length. */
static void put_checksum(unsigned char *tcp, size_t header, const struct segment *segment,
			 const struct export__address *from, const struct export__address *to)
{
	struct export__checksum sum = {0};
	const size_t address = from->is_v6 ? 16 : 4;
	unsigned char rest[8];

	put32(put32(rest, PROTOCOL_TCP), (uint32_t)(header + segment->known));
	export__checksum_add(&sum, from->bytes, address);
	export__checksum_add(&sum, to->bytes, address);
	export__checksum_add(&sum, rest, sizeof(rest));
	export__checksum_add(&sum, tcp, header);
	for (size_t i = 1; i < segment->parts_count; i++)
		export__checksum_add(&sum, segment->parts[i].data, segment->parts[i].len);
	export__checksum_put(&sum, tcp + 16);
}

/* ---- segments ---- */

/* Write a segment and count its bytes as sent. Hot: once for every operation. */
static void write_segment(struct export__tcp *tcp, struct export__connection *connection,
			  struct segment *segment)
{
	const enum export__side from = segment->from, to = other(from);
	const struct export__address source = export__connection_address(connection, from);
	const struct export__address target = export__connection_address(connection, to);
	const size_t data = segment->known + segment->unknown;
	const size_t header = TCP_BYTES + (segment->flags & SYN ? SYN_OPTION_BYTES : 0);
	unsigned char head[HEAD_MAX];
	unsigned char *at = source.is_v6 ? put_ipv6(head, &source, &target, header + data)
					 : put_ipv4(head, &source, &target, header + data);

	put_tcp(at, connection, segment, source.port, target.port);
	if (segment->unknown == 0)
		put_checksum(at, header, segment, &source, &target);
	const size_t head_bytes = (size_t)(at - head) + header;
	segment->parts[0] = wire_slice((const char *)head, head_bytes);
	export__blocks_packet(tcp->out, &(struct export__packet){.time_ns = segment->time_ns,
								 .parts = segment->parts,
								 .parts_count = segment->parts_count,
								 .captured = head_bytes + segment->known,
								 .bytes = head_bytes + data,
								 .comment = segment->comment});
	tcp->packets++;
	connection->next[from] += (uint32_t)data + (segment->flags & (SYN | FIN) ? 1 : 0);
	if (segment->flags & ACK)
		connection->acked[to] = connection->next[to];
}

/* A segment without data. */
static void write_control(struct export__tcp *tcp, struct export__connection *connection,
			  enum export__side from, uint8_t flags, int64_t time_ns, struct wire_slice comment)
{
	write_segment(
	    tcp, connection,
	    &(struct segment){
		.time_ns = time_ns, .from = from, .flags = flags, .parts_count = 1, .comment = comment});
}

void export__tcp_open(struct export__tcp *tcp, struct export__connection *connection, int64_t time_ns,
		      struct wire_slice comment)
{
	const struct wire_slice none = {0};

	write_control(tcp, connection, EXPORT__CLIENT, SYN, time_ns, comment);
	write_control(tcp, connection, EXPORT__SERVER, SYN | ACK, time_ns, none);
	write_control(tcp, connection, EXPORT__CLIENT, ACK, time_ns, none);
}

void export__tcp_close(struct export__tcp *tcp, struct export__connection *connection, int64_t time_ns,
		       struct wire_slice comment)
{
	const struct wire_slice none = {0};

	write_control(tcp, connection, EXPORT__CLIENT, FIN | ACK, time_ns, comment);
	write_control(tcp, connection, EXPORT__SERVER, FIN | ACK, time_ns, none);
	write_control(tcp, connection, EXPORT__CLIENT, ACK, time_ns, none);
}

/* ---- data ---- */

/* A place in the pieces of data. */
struct cursor {
	unsigned piece;
	size_t at;
};

static size_t left_in_piece(const struct export__data *data, const struct cursor *cursor)
{
	return data->pieces[cursor->piece].len - cursor->at;
}

static void advance(const struct export__data *data, struct cursor *cursor, size_t len)
{
	cursor->at += len;
	while (cursor->piece < data->count && left_in_piece(data, cursor) == 0)
		*cursor = (struct cursor){.piece = cursor->piece + 1};
}

/* Put the next bytes into the segment: known ones, and then unknown ones, after which a segment ends. */
static void fill(struct segment *segment, const struct export__data *data, struct cursor *cursor)
{
	while (cursor->piece < data->count && data->pieces[cursor->piece].data &&
	       segment->known < EXPORT__SEGMENT_BYTES) {
		const size_t left = left_in_piece(data, cursor),
			     room = EXPORT__SEGMENT_BYTES - segment->known, len = left < room ? left : room;
		segment->parts[segment->parts_count++] =
		    wire_slice(data->pieces[cursor->piece].data + cursor->at, len);
		segment->known += len;
		advance(data, cursor, len);
	}
	if (cursor->piece < data->count && !data->pieces[cursor->piece].data) {
		const size_t left = left_in_piece(data, cursor),
			     room = EXPORT__SEGMENT_BYTES - segment->known;
		segment->unknown = left < room ? left : room;
		advance(data, cursor, segment->unknown);
	}
}

void export__tcp_send(struct export__tcp *tcp, struct export__connection *connection, enum export__side from,
		      const struct export__data *data)
{
	struct cursor cursor = {0};
	struct wire_slice comment = data->comment;

	advance(data, &cursor, 0);
	while (cursor.piece < data->count) {
		struct segment segment = {
		    .time_ns = data->time_ns, .from = from, .parts_count = 1, .comment = comment};
		fill(&segment, data, &cursor);
		segment.flags = cursor.piece < data->count ? ACK : PSH | ACK;
		write_segment(tcp, connection, &segment);
		comment = wire_slice(NULL, 0);
		if (connection->next[from] - connection->acked[from] >= EXPORT__ACK_BYTES)
			write_control(tcp, connection, other(from), ACK, data->time_ns, comment);
	}
}
