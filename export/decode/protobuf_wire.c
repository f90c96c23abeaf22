#include "export/decode/protobuf_wire.h"

#include "export/decode/step.h"

enum { VARINT_BYTES_MAX = 10 };

static void skip(struct wire_slice *rest, size_t len)
{
	*rest = wire_slice(rest->data + len, rest->len - len);
}

static int take_varint(struct wire_slice *rest, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < rest->len && i < VARINT_BYTES_MAX; i++) {
		const unsigned char byte = (unsigned char)rest->data[i];

		*value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			skip(rest, i + 1);
			return 1;
		}
	}
	return -1;
}

/* A little-endian number. */
static int take_fixed(struct wire_slice *rest, size_t bytes, uint64_t *value)
{
	if (rest->len < bytes)
		return -1;
	*value = 0;
	for (size_t i = 0; i < bytes; i++)
		*value |= (uint64_t)(unsigned char)rest->data[i] << (8 * i);
	skip(rest, bytes);
	return 1;
}

int export__wire_number(struct wire_slice *rest, enum export__wire_type type, uint64_t *value)
{
	if (rest->len == 0)
		return 0;
	switch (type) {
	case EXPORT__VARINT: return take_varint(rest, value);
	case EXPORT__FIXED64: return take_fixed(rest, 8, value);
	case EXPORT__FIXED32: return take_fixed(rest, 4, value);
	default: return -1;
	}
}

static int take_bytes(struct wire_slice *rest, struct wire_slice *bytes)
{
	uint64_t len;

	if (take_varint(rest, &len) < 0 || len > rest->len)
		return -1;
	*bytes = wire_slice(rest->data, (size_t)len);
	skip(rest, (size_t)len);
	return 1;
}

/* Number and type of the next field; the value follows. */
static int take_tag(struct wire_slice *rest, struct export__wire_field *field)
{
	const uint32_t most = (1u << 29) - 1;
	uint64_t tag;

	if (take_varint(rest, &tag) < 0 || tag >> 3 == 0 || tag >> 3 > most || (tag & 7) > EXPORT__FIXED32)
		return -1;
	field->number = (uint32_t)(tag >> 3);
	field->type = (enum export__wire_type)(tag & 7);
	return 1;
}

/* Anything but a group. */
static int take_value(struct wire_slice *rest, struct export__wire_field *field)
{
	if (field->type == EXPORT__BYTES)
		return take_bytes(rest, &field->bytes);
	return export__wire_number(rest, field->type, &field->value) == 1 ? 1 : -1;
}

/* Everything up to the end of group number `number`, which is skipped. */
static int take_group(struct wire_slice *rest, uint32_t number, struct wire_slice *bytes)
{
	const char *begin = rest->data;
	uint32_t open[EXPORT_DECODE_DEPTH_MAX] = {number};
	size_t depth = 1;
	struct export__wire_field inner;

	while (depth > 0) {
		*bytes = wire_slice(begin, (size_t)(rest->data - begin));
		if (take_tag(rest, &inner) < 0)
			return -1;
		if (inner.type == EXPORT__GROUP && depth < EXPORT_DECODE_DEPTH_MAX)
			open[depth++] = inner.number;
		else if (inner.type == EXPORT__GROUP_END && inner.number == open[depth - 1])
			depth--;
		else if (inner.type == EXPORT__GROUP_END || take_value(rest, &inner) < 0)
			return -1;
	}
	return 1;
}

int export__wire_next(struct wire_slice *rest, struct export__wire_field *field)
{
	*field = (struct export__wire_field){0};
	if (rest->len == 0)
		return 0;
	if (take_tag(rest, field) < 0 || field->type == EXPORT__GROUP_END)
		return -1;
	return field->type == EXPORT__GROUP ? take_group(rest, field->number, &field->bytes)
					    : take_value(rest, field);
}
