#include "export/decode/values.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "export/decode/number.h"
#include "export/text/utf8.h"

void export__values_init(struct export__values *values, struct export_out *out)
{
	*values = (struct export__values){.json = {.out = out}};
}

static bool is_key(const struct export__values *values)
{
	const struct export__level *level = values->depth > 0 ? &values->levels[values->depth - 1] : NULL;

	return level && level->is_map && !level->is_value;
}

static void close_level(struct export__values *values)
{
	if (values->levels[--values->depth].is_map)
		export_json_object_end(&values->json);
	else
		export_json_array_end(&values->json);
}

/* A key or a value was written: end the containers that it was the last of. */
static void advance(struct export__values *values)
{
	while (values->depth > 0) {
		struct export__level *level = &values->levels[values->depth - 1];

		if (level->is_map && !level->is_value) {
			level->is_value = true;
			return;
		}
		level->is_value = false;
		if (level->is_open || --level->left > 0)
			return;
		close_level(values);
	}
	values->is_done = true;
}

/* ---- containers ---- */

static void open_level(struct export__values *values, const struct export__level *level)
{
	if (is_key(values)) {
		values->problem = "a key of a map is an array or a map itself, which JSON does not have";
		return;
	}
	if (values->depth == EXPORT_DECODE_DEPTH_MAX) {
		values->problem = "it is nested more than 100 levels deep";
		return;
	}
	if (level->is_map)
		export_json_object(&values->json, NULL);
	else
		export_json_array(&values->json, NULL);
	values->levels[values->depth++] = *level;
	if (level->left > 0 || level->is_open)
		return;
	close_level(values);
	advance(values);
}

void export__values_array(struct export__values *values, uint64_t count)
{
	open_level(values, &(struct export__level){.left = count});
}

void export__values_map(struct export__values *values, uint64_t count)
{
	open_level(values, &(struct export__level){.left = count, .is_map = true});
}

void export__values_open_array(struct export__values *values)
{
	open_level(values, &(struct export__level){.is_open = true});
}

void export__values_open_map(struct export__values *values)
{
	open_level(values, &(struct export__level){.is_map = true, .is_open = true});
}

void export__values_break(struct export__values *values)
{
	const struct export__level *level = values->depth > 0 ? &values->levels[values->depth - 1] : NULL;

	if (!level || !level->is_open || level->is_value) {
		values->problem = "a break where nothing can end";
		return;
	}
	close_level(values);
	advance(values);
}

/* ---- single values ---- */

void export__values_text(struct export__values *values, struct wire_slice text)
{
	if (is_key(values)) {
		values->has_odd_keys |= !export_utf8_is_valid(text);
		export_json_key(&values->json, text);
	} else {
		export_json_string(&values->json, NULL, text);
	}
	advance(values);
}

void export__values_bytes(struct export__values *values, struct wire_slice bytes)
{
	if (is_key(values)) {
		values->has_odd_keys = true;
		export_json_key(&values->json, bytes);
	} else {
		export_json_base64_as(&values->json, NULL, bytes);
	}
	advance(values);
}

/* Text of our own; quoted where it is a key, or when JSON does not have it as it is. */
static void put(struct export__values *values, const char *text, size_t len, bool is_quoted)
{
	const bool is_a_key = is_key(values);

	values->has_odd_keys |= is_a_key;
	if (is_a_key)
		export_json_key(&values->json, wire_slice(text, len));
	else if (is_quoted)
		export_json_word(&values->json, NULL, text, len);
	else
		export_json_raw(&values->json, NULL, wire_slice(text, len));
	advance(values);
}

void export__values_unsigned(struct export__values *values, uint64_t value)
{
	char text[EXPORT__NUMBER_TEXT];
	const int len = snprintf(text, sizeof(text), "%" PRIu64, value);

	put(values, text, (size_t)len, !export__is_exact(value));
}

void export__values_negative(struct export__values *values, uint64_t value)
{
	char text[EXPORT__NUMBER_TEXT];
	int len = snprintf(text, sizeof(text), "-%" PRIu64, value + 1);

	if (value == UINT64_MAX)
		len = snprintf(text, sizeof(text), "-18446744073709551616");
	put(values, text, (size_t)len, !export__is_exact(value));
}

void export__values_signed(struct export__values *values, int64_t value)
{
	if (value < 0)
		export__values_negative(values, ~(uint64_t)value);
	else
		export__values_unsigned(values, (uint64_t)value);
}

void export__values_float(struct export__values *values, float value)
{
	char text[EXPORT__NUMBER_TEXT];
	const size_t len = export__float_text(text, value);

	put(values, text, len, !isfinite(value));
}

void export__values_double(struct export__values *values, double value)
{
	char text[EXPORT__NUMBER_TEXT];
	const size_t len = export__double_text(text, value);

	put(values, text, len, !isfinite(value));
}

void export__values_word(struct export__values *values, const char *word)
{
	put(values, word, strlen(word), false);
}

void export__values_extension(struct export__values *values, int type, struct wire_slice bytes)
{
	export__values_map(values, 2);
	if (values->problem)
		return;
	export__values_text(values, WIRE_LITERAL("ext"));
	export__values_signed(values, type);
	export__values_text(values, WIRE_LITERAL("data"));
	export__values_bytes(values, bytes);
}
