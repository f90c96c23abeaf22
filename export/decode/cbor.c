#include "export/decode/cbor.h"

#include <cbor.h>
#include <errno.h>

/* Tags that may follow one another. */
enum { TAGS_MAX = EXPORT_DECODE_DEPTH_MAX };

struct reader {
	struct export__values *values;
	struct export_out text; /* the parts of a string of unknown length */
	bool is_in_parts;       /* such a string is open… */
	bool is_binary;         /* …of bytes */
	unsigned tags;          /* since the last value */
};

/* A value of another kind than the parts of the open string is wrong. */
static struct export__values *next_value(void *context)
{
	struct reader *reader = context;

	if (reader->is_in_parts)
		reader->values->problem = "a value between the parts of a string";
	reader->tags = 0;
	return reader->values;
}

/* The output is that of a problem: it is thrown away. */
static void put_unsigned(void *context, uint64_t value)
{
	export__values_unsigned(next_value(context), value);
}

static void put_negative(void *context, uint64_t value)
{
	export__values_negative(next_value(context), value);
}

static void put_uint8(void *context, uint8_t value)
{
	put_unsigned(context, value);
}

static void put_uint16(void *context, uint16_t value)
{
	put_unsigned(context, value);
}

static void put_uint32(void *context, uint32_t value)
{
	put_unsigned(context, value);
}

static void put_negint8(void *context, uint8_t value)
{
	put_negative(context, value);
}

static void put_negint16(void *context, uint16_t value)
{
	put_negative(context, value);
}

static void put_negint32(void *context, uint32_t value)
{
	put_negative(context, value);
}

static void put_float(void *context, float value)
{
	export__values_float(next_value(context), value);
}

static void put_double(void *context, double value)
{
	export__values_double(next_value(context), value);
}

static void put_null(void *context)
{
	export__values_word(next_value(context), "null");
}

static void put_boolean(void *context, bool value)
{
	export__values_word(next_value(context), value ? "true" : "false");
}

static void put_array(void *context, size_t count)
{
	export__values_array(next_value(context), count);
}

static void put_map(void *context, size_t count)
{
	export__values_map(next_value(context), count);
}

static void open_array(void *context)
{
	export__values_open_array(next_value(context));
}

static void open_map(void *context)
{
	export__values_open_map(next_value(context));
}

static void put_string(struct reader *reader, struct wire_slice text, bool is_binary)
{
	if (reader->is_in_parts && reader->is_binary != is_binary)
		reader->values->problem = "parts of a string that are of different kinds";
	else if (reader->is_in_parts)
		export_out_slice(&reader->text, text);
	else if (is_binary)
		export__values_bytes(next_value(reader), text);
	else
		export__values_text(next_value(reader), text);
}

static void put_bytes(void *context, cbor_data data, size_t len)
{
	put_string(context, wire_slice((const char *)data, len), true);
}

static void put_text(void *context, cbor_data data, size_t len)
{
	put_string(context, wire_slice((const char *)data, len), false);
}

static void open_string(struct reader *reader, bool is_binary)
{
	next_value(reader);
	export_out_reset(&reader->text);
	reader->is_in_parts = true;
	reader->is_binary = is_binary;
}

static void open_bytes(void *context)
{
	open_string(context, true);
}

static void open_text(void *context)
{
	open_string(context, false);
}

static void put_break(void *context)
{
	struct reader *reader = context;
	const bool ends_string = reader->is_in_parts;

	if (reader->tags > 0) {
		reader->values->problem = "a tag without a value";
		return;
	}
	reader->is_in_parts = false;
	const struct wire_slice text = ends_string ? export_out_kept(&reader->text) : wire_slice(NULL, 0);
	if (ends_string && reader->text.error != 0)
		reader->values->json.out->error = reader->text.error;
	else if (ends_string)
		put_string(reader, text, reader->is_binary);
	else
		export__values_break(reader->values);
}

static void skip_tag(void *context, uint64_t tag)
{
	struct reader *reader = context;

	(void)tag;
	if (reader->is_in_parts)
		reader->values->problem = "a tag between the parts of a string";
	else if (++reader->tags > TAGS_MAX)
		reader->values->problem = "more than 100 tags before a value";
}

static const struct cbor_callbacks callbacks = {
    .uint8 = put_uint8,
    .uint16 = put_uint16,
    .uint32 = put_uint32,
    .uint64 = put_unsigned,
    .negint8 = put_negint8,
    .negint16 = put_negint16,
    .negint32 = put_negint32,
    .negint64 = put_negative,
    .byte_string_start = open_bytes,
    .byte_string = put_bytes,
    .string = put_text,
    .string_start = open_text,
    .indef_array_start = open_array,
    .array_start = put_array,
    .indef_map_start = open_map,
    .map_start = put_map,
    .tag = skip_tag,
    .float2 = put_float,
    .float4 = put_float,
    .float8 = put_double,
    .undefined = put_null,
    .null = put_null,
    .boolean = put_boolean,
    .indef_break = put_break,
};

/* Read up to the end of the value. Returns how far that is; *fault is filled in when libcbor cannot read on. */
static size_t read_value(struct reader *reader, struct wire_slice in, int *error, struct wire_fault *fault)
{
	size_t at = 0;

	while (export__values_go_on(reader->values)) {
		const struct cbor_decoder_result result =
		    cbor_stream_decode((cbor_data)in.data + at, in.len - at, &callbacks, reader);

		if (result.status == CBOR_DECODER_NEDATA)
			*error = wire_fault_set(fault, -EINVAL, "the data ends in the middle of a value");
		else if (result.status != CBOR_DECODER_FINISHED)
			*error = wire_fault_set(fault, -EINVAL, "byte %zu begins no value", at);
		if (result.status != CBOR_DECODER_FINISHED)
			break;
		at += result.read;
	}
	return at;
}

int export__cbor(struct wire_slice in, struct export__values *values, struct wire_fault *fault)
{
	struct reader reader = {.values = values};
	int error = 0;

	if (export_out_init_memory(&reader.text, EXPORT_DECODE_BYTES_MAX) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const size_t at = read_value(&reader, in, &error, fault);
	export_out_fini(&reader.text);
	if (error)
		return error;
	if (values->problem)
		return wire_fault_set(fault, -EINVAL, "before byte %zu: %s", at, values->problem);
	if (values->is_done && at < in.len)
		return wire_fault_set(fault, -EINVAL, "data follows after the value, from byte %zu on", at);
	return 0;
}
