#include "export/decode/protobuf_scalar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/decode/number.h"

static int32_t zigzag32(uint64_t value)
{
	const uint32_t low = (uint32_t)value;

	return (int32_t)(low >> 1 ^ (0 - (low & 1)));
}

static int64_t zigzag64(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static size_t double_text(char *text, uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return export__double_text(text, value);
}

static size_t float_text(char *text, uint64_t bits)
{
	const uint32_t low = (uint32_t)bits;
	float value;

	memcpy(&value, &low, sizeof(value));
	return export__float_text(text, value);
}

/* The number as text. 0: the type is no number. */
static size_t number_text(char text[EXPORT__NUMBER_TEXT], enum export__field_type type, uint64_t value)
{
	const size_t size = EXPORT__NUMBER_TEXT;

	switch (type) {
	case EXPORT__DOUBLE: return double_text(text, value);
	case EXPORT__FLOAT: return float_text(text, value);
	case EXPORT__INT32:
	case EXPORT__SFIXED32:
	case EXPORT__ENUM: return (size_t)snprintf(text, size, "%" PRId32, (int32_t)value);
	case EXPORT__UINT32:
	case EXPORT__FIXED32_FIELD: return (size_t)snprintf(text, size, "%" PRIu32, (uint32_t)value);
	case EXPORT__SINT32: return (size_t)snprintf(text, size, "%" PRId32, zigzag32(value));
	case EXPORT__INT64:
	case EXPORT__SFIXED64: return (size_t)snprintf(text, size, "%" PRId64, (int64_t)value);
	case EXPORT__UINT64:
	case EXPORT__FIXED64_FIELD: return (size_t)snprintf(text, size, "%" PRIu64, value);
	case EXPORT__SINT64: return (size_t)snprintf(text, size, "%" PRId64, zigzag64(value));
	case EXPORT__BOOL: return (size_t)snprintf(text, size, "%s", value ? "true" : "false");
	default: return 0;
	}
}

/* Numbers of 64 bits are quoted, whatever their size; NaN and the infinities are. */
static bool is_quoted(enum export__field_type type, const char *text)
{
	switch (type) {
	case EXPORT__INT64:
	case EXPORT__UINT64:
	case EXPORT__SINT64:
	case EXPORT__FIXED64_FIELD:
	case EXPORT__SFIXED64: return true;
	case EXPORT__DOUBLE:
	case EXPORT__FLOAT: return strpbrk(text, "NI") != NULL;
	default: return false;
	}
}

static void put_number(struct export_json *json, enum export__field_type type, uint64_t value)
{
	char text[EXPORT__NUMBER_TEXT];
	const size_t len = number_text(text, type, value);

	if (is_quoted(type, text))
		export_json_word(json, NULL, text, len);
	else
		export_json_raw(json, NULL, wire_slice(text, len));
}

static int compare(const void *a, const void *b)
{
	const int32_t x = ((const struct export__enum_value *)a)->number,
		      y = ((const struct export__enum_value *)b)->number;

	return (x > y) - (x < y);
}

/* Of several names of a number the first. NULL when it has none. */
static const struct export__enum_value *find_name(const struct export__enum *values, int32_t number)
{
	const struct export__enum_value key = {.number = number},
					*found = values->values_len == 0
						     ? NULL
						     : bsearch(&key, values->values, values->values_len,
							       sizeof(key), compare);

	while (found && found > values->values && found[-1].number == number)
		found--;
	return found;
}

static void put_enum(struct export_json *json, const struct export__field *field, uint64_t value)
{
	const struct export__enum_value *named = find_name(field->values, (int32_t)value);

	if (wire_slice_equal(field->values->name, WIRE_LITERAL("google.protobuf.NullValue")))
		export_json_null(json, NULL);
	else if (named)
		export_json_string(json, NULL, named->name);
	else
		put_number(json, EXPORT__ENUM, value);
}

void export__scalar(struct export_json *json, const struct export__field *field,
		    const struct export__wire_field *value)
{
	switch (field->type) {
	case EXPORT__STRING: export_json_string(json, NULL, value->bytes); break;
	case EXPORT__BYTES_FIELD: export_json_base64_as(json, NULL, value->bytes); break;
	case EXPORT__ENUM: put_enum(json, field, value->value); break;
	default: put_number(json, field->type, value->value);
	}
}

void export__scalar_key(struct export_json *json, const struct export__field *field,
			const struct export__wire_field *value)
{
	char text[EXPORT__NUMBER_TEXT];
	const size_t len = number_text(text, field->type, value->value);

	export_json_key(json, len > 0 ? wire_slice(text, len) : value->bytes);
}

static enum export__wire_type packed_as(enum export__field_type type)
{
	switch (type) {
	case EXPORT__DOUBLE:
	case EXPORT__FIXED64_FIELD:
	case EXPORT__SFIXED64: return EXPORT__FIXED64;
	case EXPORT__FLOAT:
	case EXPORT__FIXED32_FIELD:
	case EXPORT__SFIXED32: return EXPORT__FIXED32;
	default: return EXPORT__VARINT;
	}
}

bool export__scalar_packed(struct export_json *json, const struct export__field *field,
			   struct wire_slice rest)
{
	const enum export__wire_type as = packed_as(field->type);
	struct export__wire_field element = {.type = as};
	int status;

	while ((status = export__wire_number(&rest, as, &element.value)) > 0 && json->out->error == 0)
		export__scalar(json, field, &element);
	return status >= 0;
}
