#include "export/perfetto/proto.h"

#include "export/text/utf8.h"

/* The types of the wire. */
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, LENGTH_BYTES = 4 };

static void add_varint(struct export_buffer *buffer, uint64_t value)
{
	char bytes[10];
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[len++] = (char)(value | 0x80);
	bytes[len++] = (char)value;
	export_buffer_bytes(buffer, bytes, len);
}

static void add_tag(struct export_buffer *buffer, unsigned field, unsigned type)
{
	add_varint(buffer, field << 3 | type);
}

void export__proto_number(struct export_buffer *buffer, unsigned field, uint64_t value)
{
	add_tag(buffer, field, VARINT);
	add_varint(buffer, value);
}

void export__proto_fixed64(struct export_buffer *buffer, unsigned field, uint64_t value)
{
	char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (char)(value >> 8 * i);
	add_tag(buffer, field, FIXED64);
	export_buffer_bytes(buffer, bytes, sizeof(bytes));
}

void export__proto_bytes(struct export_buffer *buffer, unsigned field, struct wire_slice bytes)
{
	add_tag(buffer, field, BYTES);
	add_varint(buffer, bytes.len);
	export_buffer_slice(buffer, bytes);
}

/* ---- messages: their length has four bytes, a varint with zeros at its end ---- */

size_t export__proto_begin(struct export_buffer *buffer, unsigned field)
{
	static const char nothing[LENGTH_BYTES];

	add_tag(buffer, field, BYTES);
	export_buffer_bytes(buffer, nothing, sizeof(nothing));
	return buffer->len;
}

void export__proto_end(struct export_buffer *buffer, size_t begin)
{
	if (buffer->is_failed)
		return;
	size_t len = buffer->len - begin;
	char *at = buffer->data + begin - LENGTH_BYTES;

	for (int i = 0; i < LENGTH_BYTES - 1; i++, len >>= 7)
		at[i] = (char)(len | 0x80);
	at[LENGTH_BYTES - 1] = (char)(len & 0x7f);
}

/* ---- text ---- */

static void add_character(struct export_buffer *buffer, const char *data, size_t len, uint32_t point)
{
	if (len == 0 || (point != '\n' && export_utf8_is_unsafe(point)))
		EXPORT_BUFFER_LITERAL(buffer, "\xef\xbf\xbd");
	else
		export_buffer_bytes(buffer, data, len);
}

void export__proto_text(struct export_buffer *buffer, unsigned field, struct wire_slice bytes, size_t max)
{
	const size_t len = bytes.len < max ? bytes.len : max;

	if (export_utf8_plain(bytes.data, len) == len) {
		export__proto_bytes(buffer, field, wire_slice(bytes.data, len));
		return;
	}
	const size_t begin = export__proto_begin(buffer, field);

	for (size_t at = 0; at < len;) {
		uint32_t point = 0;
		const size_t used = export_utf8_decode(bytes.data + at, bytes.len - at, &point);

		if (used != 1 || point != '\r')
			add_character(buffer, bytes.data + at, used, point);
		at += used > 0 ? used : 1;
	}
	export__proto_end(buffer, begin);
}
