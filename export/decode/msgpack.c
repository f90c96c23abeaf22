#include "export/decode/msgpack.h"

#include <errno.h>

#include "export/decode/moment.h"

enum { TIMESTAMP = -1 }; /* the type of the extension */

struct reader {
	const unsigned char *at, *end;
	bool is_short; /* the input ended in the middle */
};

/* A big-endian number of `bytes` bytes. */
static uint64_t take_number(struct reader *reader, size_t bytes)
{
	uint64_t value = 0;

	if ((size_t)(reader->end - reader->at) < bytes) {
		reader->is_short = true;
		reader->at = reader->end;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | *reader->at++;
	return value;
}

static struct wire_slice take_bytes(struct reader *reader, uint64_t len)
{
	if ((uint64_t)(reader->end - reader->at) < len) {
		reader->is_short = true;
		return wire_slice(NULL, 0);
	}
	const char *data = (const char *)reader->at;
	reader->at += len;
	return wire_slice(data, (size_t)len);
}

static uint64_t number_of(struct wire_slice bytes, size_t from, size_t count)
{
	struct reader reader = {.at = (const unsigned char *)bytes.data + from};

	reader.end = reader.at + count;
	return take_number(&reader, count);
}

/* The three forms of a timestamp. False when the bytes are none of them. */
static bool read_timestamp(struct wire_slice bytes, int64_t *seconds, uint32_t *nanos)
{
	*nanos = 0;
	if (bytes.len == 4) {
		*seconds = (int64_t)number_of(bytes, 0, 4);
	} else if (bytes.len == 8) {
		const uint64_t both = number_of(bytes, 0, 8);
		*nanos = (uint32_t)(both >> 34);
		*seconds = (int64_t)(both & (((uint64_t)1 << 34) - 1));
	} else if (bytes.len == 12) {
		*nanos = (uint32_t)number_of(bytes, 0, 4);
		*seconds = (int64_t)number_of(bytes, 4, 8);
	} else {
		return false;
	}
	return true;
}

static void put_extension(struct export__values *values, struct reader *reader, uint64_t len)
{
	const int type = (int8_t)take_number(reader, 1);
	const struct wire_slice bytes = take_bytes(reader, len);
	char text[EXPORT__MOMENT_TEXT];
	int64_t seconds;
	uint32_t nanos;
	size_t text_len;

	if (reader->is_short)
		return;
	if (type == TIMESTAMP && read_timestamp(bytes, &seconds, &nanos) &&
	    (text_len = export__moment_text(text, seconds, nanos)) > 0)
		export__values_text(values, wire_slice(text, text_len));
	else
		export__values_extension(values, type, bytes);
}

static void put_text(struct export__values *values, struct reader *reader, uint64_t len)
{
	const struct wire_slice text = take_bytes(reader, len);

	if (!reader->is_short)
		export__values_text(values, text);
}

static void put_bytes(struct export__values *values, struct reader *reader, uint64_t len)
{
	const struct wire_slice bytes = take_bytes(reader, len);

	if (!reader->is_short)
		export__values_bytes(values, bytes);
}

static void put_float(struct export__values *values, struct reader *reader)
{
	const uint32_t bits = (uint32_t)take_number(reader, 4);
	float value;

	memcpy(&value, &bits, sizeof(value));
	export__values_float(values, value);
}

static void put_double(struct export__values *values, struct reader *reader)
{
	const uint64_t bits = take_number(reader, 8);
	double value;

	memcpy(&value, &bits, sizeof(value));
	export__values_double(values, value);
}

static void put_long(struct export__values *values, struct reader *reader, unsigned head)
{
	switch (head) {
	case 0xc0: export__values_word(values, "null"); break;
	case 0xc2: export__values_word(values, "false"); break;
	case 0xc3: export__values_word(values, "true"); break;
	case 0xc4: put_bytes(values, reader, take_number(reader, 1)); break;
	case 0xc5: put_bytes(values, reader, take_number(reader, 2)); break;
	case 0xc6: put_bytes(values, reader, take_number(reader, 4)); break;
	case 0xc7: put_extension(values, reader, take_number(reader, 1)); break;
	case 0xc8: put_extension(values, reader, take_number(reader, 2)); break;
	case 0xc9: put_extension(values, reader, take_number(reader, 4)); break;
	case 0xca: put_float(values, reader); break;
	case 0xcb: put_double(values, reader); break;
	case 0xcc: export__values_unsigned(values, take_number(reader, 1)); break;
	case 0xcd: export__values_unsigned(values, take_number(reader, 2)); break;
	case 0xce: export__values_unsigned(values, take_number(reader, 4)); break;
	case 0xcf: export__values_unsigned(values, take_number(reader, 8)); break;
	case 0xd0: export__values_signed(values, (int8_t)take_number(reader, 1)); break;
	case 0xd1: export__values_signed(values, (int16_t)take_number(reader, 2)); break;
	case 0xd2: export__values_signed(values, (int32_t)take_number(reader, 4)); break;
	case 0xd3: export__values_signed(values, (int64_t)take_number(reader, 8)); break;
	case 0xd4:
	case 0xd5:
	case 0xd6:
	case 0xd7:
	case 0xd8: put_extension(values, reader, (uint64_t)1 << (head - 0xd4)); break;
	case 0xd9: put_text(values, reader, take_number(reader, 1)); break;
	case 0xda: put_text(values, reader, take_number(reader, 2)); break;
	case 0xdb: put_text(values, reader, take_number(reader, 4)); break;
	case 0xdc: export__values_array(values, take_number(reader, 2)); break;
	case 0xdd: export__values_array(values, take_number(reader, 4)); break;
	case 0xde: export__values_map(values, take_number(reader, 2)); break;
	case 0xdf: export__values_map(values, take_number(reader, 4)); break;
	default: values->problem = "a byte that begins no value (0xc1)";
	}
}

static void put_value(struct export__values *values, struct reader *reader)
{
	const unsigned head = (unsigned)take_number(reader, 1);

	if (reader->is_short)
		return;
	if (head < 0x80)
		export__values_unsigned(values, head);
	else if (head < 0x90)
		export__values_map(values, head & 15);
	else if (head < 0xa0)
		export__values_array(values, head & 15);
	else if (head < 0xc0)
		put_text(values, reader, head & 31);
	else if (head < 0xe0)
		put_long(values, reader, head);
	else
		export__values_signed(values, (int64_t)head - 0x100);
}

int export__msgpack(struct wire_slice in, struct export__values *values, struct wire_fault *fault)
{
	struct reader reader = {.at = (const unsigned char *)in.data,
				.end = (const unsigned char *)in.data + in.len};

	while (export__values_go_on(values) && !reader.is_short)
		put_value(values, &reader);
	if (reader.is_short)
		return wire_fault_set(fault, -EINVAL, "the data ends in the middle of a value");
	const size_t at = (size_t)(reader.at - (const unsigned char *)in.data);
	if (values->problem)
		return wire_fault_set(fault, -EINVAL, "before byte %zu: %s", at, values->problem);
	if (values->is_done && at < in.len)
		return wire_fault_set(fault, -EINVAL, "data follows after the value, from byte %zu on", at);
	return 0;
}
