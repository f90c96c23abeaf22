#include "export/pcapng/blocks.h"

#include <assert.h>

enum block_type {
	SECTION_HEADER = 0x0a0d0d0a,
	INTERFACE_DESCRIPTION = 1,
	INTERFACE_STATISTICS = 5,
	ENHANCED_PACKET = 6,
};

enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	ISB_IFRECV = 4,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINKTYPE_RAW = 101,
	NANOSECONDS = 9, /* 10^-9 s */
	BLOCK_FRAME_BYTES = 12,
};

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static size_t option_bytes(size_t len)
{
	return len > 0 ? 4 + padded(len) : 0;
}

static char *put16(char *at, uint32_t value)
{
	*at++ = (char)(value & 0xff);
	*at++ = (char)(value >> 8 & 0xff);
	return at;
}

static char *put32(char *at, uint32_t value)
{
	return put16(put16(at, value & 0xffff), value >> 16);
}

static char *put64(char *at, uint64_t value)
{
	return put32(put32(at, (uint32_t)value), (uint32_t)(value >> 32));
}

static void put_padding(struct export_out *out, size_t len)
{
	for (; len % 4 != 0; len++)
		export_out_char(out, '\0');
}

static void put_option(struct export_out *out, unsigned code, struct wire_slice value)
{
	char head[4];

	if (value.len == 0)
		return;
	assert(value.len <= UINT16_MAX);
	put16(put16(head, code), (uint32_t)value.len);
	export_out_bytes(out, head, sizeof(head));
	export_out_slice(out, value);
	put_padding(out, value.len);
}

/* The end of the options, if there are any, and of the block. */
static void put_end(struct export_out *out, bool has_options, size_t total)
{
	char tail[8];

	put32(put32(tail, OPT_END), (uint32_t)total);
	export_out_bytes(out, has_options ? tail : tail + 4, has_options ? 8 : 4);
}

/* A block of a fixed body and options, the last of which is a comment. */
struct block {
	enum block_type type;
	struct wire_slice body, value, comment;
	unsigned code; /* of `value` */
};

static void put_block(struct export_out *out, const struct block *block)
{
	const size_t total = BLOCK_FRAME_BYTES + block->body.len + option_bytes(block->value.len) +
			     option_bytes(block->comment.len) + 4;
	char head[8];

	put32(put32(head, block->type), (uint32_t)total);
	export_out_bytes(out, head, sizeof(head));
	export_out_slice(out, block->body);
	put_option(out, block->code, block->value);
	put_option(out, OPT_COMMENT, block->comment);
	put_end(out, true, total);
}

void export__blocks_begin(struct export_out *out, struct wire_slice comment)
{
	char section[16], interface[16], *at;

	put64(put16(put16(put32(section, BYTE_ORDER_MAGIC), 1), 0), UINT64_MAX); /* length: not stated */
	put_block(out, &(struct block){.type = SECTION_HEADER,
				       .body = wire_slice(section, sizeof(section)),
				       .code = SHB_USERAPPL,
				       .value = WIRE_LITERAL("tapedeck export"),
				       .comment = comment});
	at = put32(put16(put16(interface, LINKTYPE_RAW), 0), 0); /* no snapshot length */
	put16(put16(at, IF_TSRESOL), 1);
	put32(at + 4, NANOSECONDS);
	put_block(out, &(struct block){.type = INTERFACE_DESCRIPTION,
				       .body = wire_slice(interface, sizeof(interface)),
				       .code = IF_NAME,
				       .value = WIRE_LITERAL("tapedeck")});
}

/* Hot: once for every packet. */
void export__blocks_packet(struct export_out *out, const struct export__packet *packet)
{
	const bool has_comment = packet->comment.len > 0;
	const size_t total = BLOCK_FRAME_BYTES + 20 + padded(packet->captured) +
			     option_bytes(packet->comment.len) + (has_comment ? 4 : 0);
	const uint64_t time = packet->time_ns > 0 ? (uint64_t)packet->time_ns : 0;
	char head[28], *at;

	at = put32(put32(put32(head, ENHANCED_PACKET), (uint32_t)total), 0);
	at = put32(put32(at, (uint32_t)(time >> 32)), (uint32_t)time);
	put32(put32(at, (uint32_t)packet->captured), (uint32_t)packet->bytes);
	export_out_bytes(out, head, sizeof(head));
	for (size_t i = 0; i < packet->parts_count; i++)
		export_out_slice(out, packet->parts[i]);
	put_padding(out, packet->captured);
	put_option(out, OPT_COMMENT, packet->comment);
	put_end(out, has_comment, total);
}

void export__blocks_end(struct export_out *out, int64_t time_ns, uint64_t packets, struct wire_slice comment)
{
	const uint64_t time = time_ns > 0 ? (uint64_t)time_ns : 0;
	char statistics[12], received[8];

	put32(put32(put32(statistics, 0), (uint32_t)(time >> 32)), (uint32_t)time);
	put64(received, packets);
	put_block(out, &(struct block){.type = INTERFACE_STATISTICS,
				       .body = wire_slice(statistics, sizeof(statistics)),
				       .code = ISB_IFRECV,
				       .value = wire_slice(received, sizeof(received)),
				       .comment = comment});
}
