#include "export/text/json.h"

#include <endian.h>
#include <stdio.h>

#include "export/text/utf8.h"

enum {
	KEY_BYTES_MAX = 100, /* of a literal, with what stands around it */
	ASCII_BYTES_MAX =
	    EXPORT_OUT_BYTES / 4, /* twice as many, when all are escaped, have room after a flush */
};

/* Write the comma and the key; the value follows. Hot: keys are a third of most lines. */
static void begin(struct export_json *json, const char *key)
{
	struct export_out *out = json->out;

	if (EXPORT_OUT_BYTES - out->len < KEY_BYTES_MAX)
		export_out_flush(out);
	char *to = out->data + out->len;
	if (json->comma)
		*to++ = ',';
	json->comma = true;
	if (key) {
		*to++ = '"';
		for (size_t i = 0; key[i] && i < KEY_BYTES_MAX - 4; i++)
			*to++ = key[i];
		*to++ = '"';
		*to++ = ':';
	}
	out->len = (size_t)(to - out->data);
}

static void open_container(struct export_json *json, const char *key, char bracket)
{
	begin(json, key);
	export_out_char(json->out, bracket);
	json->comma = false;
}

static void close_container(struct export_json *json, char bracket)
{
	export_out_char(json->out, bracket);
	json->comma = true;
}

void export_json_object(struct export_json *json, const char *key)
{
	open_container(json, key, '{');
}

void export_json_object_end(struct export_json *json)
{
	close_container(json, '}');
}

void export_json_array(struct export_json *json, const char *key)
{
	open_container(json, key, '[');
}

void export_json_array_end(struct export_json *json)
{
	close_container(json, ']');
}

void export_json_number(struct export_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	export_out_decimal(json->out, value);
}

void export_json_real(struct export_json *json, const char *key, double value)
{
	double size = value < 0 ? -value : value;
	uint64_t thousandths = size < 1e16 ? (uint64_t)(size * 1000 + 0.5) : 0;

	begin(json, key);
	if (value < 0 && thousandths > 0)
		export_out_char(json->out, '-');
	export_out_decimal(json->out, thousandths / 1000);
	export_out_format(json->out, ".%03u", (unsigned)(thousandths % 1000));
}

void export_json_raw(struct export_json *json, const char *key, struct wire_slice value)
{
	begin(json, key);
	export_out_slice(json->out, value);
}

void export_json_true(struct export_json *json, const char *key)
{
	begin(json, key);
	export_out_text(json->out, "true");
}

void export_json_null(struct export_json *json, const char *key)
{
	begin(json, key);
	export_out_text(json->out, "null");
}

void export_json_quoted(struct export_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	export_out_char(json->out, '"');
	export_out_decimal(json->out, value);
	export_out_char(json->out, '"');
}

void export_json_word(struct export_json *json, const char *key, const char *word, size_t len)
{
	begin(json, key);
	export_out_char(json->out, '"');
	export_out_bytes(json->out, word, len);
	export_out_char(json->out, '"');
}

/* The letter of a two-character escape, or 0. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\': return c;
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\b': return 'b';
	case '\f': return 'f';
	default: return 0;
	}
}

static void put_unit(struct export_out *out, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";
	const char text[] = {
	    '\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};

	export_out_bytes(out, text, sizeof(text));
}

/* A code point by its number; beyond U+FFFF as the pair of surrogates that JSON wants. */
static void put_code_point(struct export_out *out, uint32_t point)
{
	if (point > 0xffff) {
		put_unit(out, 0xd7c0 + (point >> 10));
		point = 0xdc00 | (point & 0x3ff);
	}
	put_unit(out, point);
}

/* Write the character at text, which is no plain ASCII. Characters that are unsafe on a terminal are escaped, since the
 * output may go to one. Returns its bytes. */
static size_t put_special(struct export_out *out, const char *text, size_t len)
{
	char letter = short_escape(text[0]);

	if (letter) {
		export_out_char(out, '\\');
		export_out_char(out, letter);
		return 1;
	}
	uint32_t point;
	size_t bytes = export_utf8_decode(text, len, &point);
	if (bytes == 0) {
		export_out_text(out, "\\ufffd");
		return 1;
	}
	if (export_utf8_is_unsafe(point))
		put_code_point(out, point);
	else
		export_out_bytes(out, text, bytes);
	return bytes;
}

/* How many of eight bytes, from the first in memory on, stand for themselves in a JSON string: printable ASCII except '"' and '\'. Every
 * term has the high bit of a byte set when that byte is not such a one; a borrow may set those of bytes above it, which does no
 * harm. The word is little-endian. */
static size_t plain_bytes(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
	const uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\', del = word ^ ones * 0x7f;
	const uint64_t others =
	    (word | (word - ones * ' ') | (quote - ones) | (backslash - ones) | (del - ones)) & highs;

	return others ? (size_t)__builtin_ctzll(others) / 8 : 8;
}

static bool is_plain_byte(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Copy plain bytes, eight at a time, as far as there is room for eight at *to. Both are advanced. */
static void copy_plain(const char **from, const char *end, char **to, const char *most)
{
	uint64_t word;
	size_t plain = 8;

	while (plain == 8 && end - *from >= 8 && *to < most) {
		memcpy(&word, *from, 8);
		memcpy(*to, &word, 8);
		plain = plain_bytes(le64toh(word));
		*from += plain;
		*to += plain;
	}
}

/* Write bytes of text from *at on straight into the room of the output, as far as they are plain or have a short escape. Hot:
 * strings are most of what is exported. */
static void put_run(struct export_out *out, struct wire_slice text, size_t *at)
{
	const char *from = text.data + *at, *end = text.data + text.len;
	char *to = out->data + out->len;
	const char *most = out->data + EXPORT_OUT_BYTES - 8;

	while (from < end && to < most) {
		copy_plain(&from, end, &to, most);
		if (from == end || to >= most)
			break;
		const char letter = is_plain_byte((unsigned char)*from) ? 0 : short_escape(*from);
		if (letter)
			*to++ = '\\';
		else if (!is_plain_byte((unsigned char)*from))
			break;
		*to++ = letter ? letter : *from;
		from++;
	}
	*at = (size_t)(from - text.data);
	out->len = (size_t)(to - out->data);
}

static void put_characters(struct export_out *out, struct wire_slice text)
{
	size_t at = 0;

	while (at < text.len) {
		const size_t before = at;

		put_run(out, text, &at);
		if (at < text.len && out->len >= EXPORT_OUT_BYTES - 8)
			export_out_flush(out);
		else if (at < text.len && at == before)
			at += put_special(out, text.data + at, text.len - at);
	}
}

/* Likewise within HTML, where no string may end the element or begin one. */
static void put_in_markup(struct export_out *out, struct wire_slice text)
{
	size_t from = 0;

	for (size_t at = 0; at < text.len; at++) {
		const char c = text.data[at];
		if (c != '<' && c != '>' && c != '&')
			continue;
		put_characters(out, wire_slice(text.data + from, at - from));
		put_unit(out, (unsigned char)c);
		from = at + 1;
	}
	put_characters(out, wire_slice(text.data + from, text.len - from));
}

static void put_string(const struct export_json *json, struct wire_slice text)
{
	export_out_char(json->out, '"');
	if (json->in_markup)
		put_in_markup(json->out, text);
	else
		put_characters(json->out, text);
	export_out_char(json->out, '"');
}

void export_json_time(struct export_json *json, const char *key, struct export_clock *clock, int64_t ns)
{
	char text[EXPORT_TIME_TEXT];
	size_t len = export_clock_text(clock, ns, EXPORT_TIME_RFC3339, text);

	export_json_word(json, key, text, len);
}

void export_json_string(struct export_json *json, const char *key, struct wire_slice text)
{
	begin(json, key);
	put_string(json, text);
}

void export_json_key(struct export_json *json, struct wire_slice key)
{
	begin(json, NULL);
	put_string(json, key);
	export_out_char(json->out, ':');
	json->comma = false;
}

/* Most strings are ASCII, and need not be looked at twice. False: this one is not, and nothing was written. */
static bool put_ascii(struct export_json *json, const char *key, struct wire_slice text)
{
	const struct export_json before = *json;
	size_t at = 0;

	if (text.len > ASCII_BYTES_MAX)
		return false;
	if (json->out->len > EXPORT_OUT_BYTES - 2 * ASCII_BYTES_MAX - KEY_BYTES_MAX)
		export_out_flush(json->out);
	const size_t len = json->out->len;
	begin(json, key);
	export_out_char(json->out, '"');
	put_run(json->out, text, &at);
	if (at == text.len) {
		export_out_char(json->out, '"');
		return true;
	}
	*json = before;
	json->out->len = len;
	return false;
}

void export_json_bytes(struct export_json *json, const char *key, struct wire_slice bytes)
{
	if (!json->in_markup && put_ascii(json, key, bytes))
		return;
	if (export_utf8_is_valid(bytes))
		export_json_string(json, key, bytes);
	else
		export_json_base64(json, key, bytes);
}

static void put_base64(struct export_out *out, struct wire_slice bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *)bytes.data;

	for (size_t at = 0; at < bytes.len; at += 3) {
		size_t left = bytes.len - at;
		uint32_t group = (uint32_t)in[at] << 16 | (left > 1 ? (uint32_t)in[at + 1] << 8 : 0) |
				 (left > 2 ? in[at + 2] : 0);
		char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
				left > 1 ? digits[group >> 6 & 63] : '=',
				left > 2 ? digits[group & 63] : '='};

		export_out_bytes(out, text, sizeof(text));
	}
}

void export_json_base64_as(struct export_json *json, const char *key, struct wire_slice bytes)
{
	begin(json, key);
	export_out_char(json->out, '"');
	put_base64(json->out, bytes);
	export_out_char(json->out, '"');
}

void export_json_base64(struct export_json *json, const char *key, struct wire_slice bytes)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_base64", key);
	export_json_base64_as(json, name, bytes);
}

void export_json_steps(struct export_json *json, const struct wire_steps *steps)
{
	if (steps->count == 0)
		return;
	export_json_number(json, "clock_steps", steps->count);
	export_json_real(json, "largest_clock_step_seconds", (double)steps->largest_ns / 1e9);
}

void export_json_down(struct export_json *json, int64_t down_ns)
{
	if (down_ns > 0)
		export_json_real(json, "down_seconds", (double)down_ns / 1e9);
}
