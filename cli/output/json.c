#include "cli/output/json.h"

#include <stdio.h>

#include "cli/output/utf8.h"

/* Write the comma and the key; the value follows. */
static void begin(struct cli_json *json, const char *key)
{
	if (json->comma)
		cli_out_char(json->out, ',');
	json->comma = true;
	if (!key)
		return;
	cli_out_char(json->out, '"');
	cli_out_text(json->out, key);
	cli_out_bytes(json->out, "\":", 2);
}

static void open_container(struct cli_json *json, const char *key, char bracket)
{
	begin(json, key);
	cli_out_char(json->out, bracket);
	json->comma = false;
}

static void close_container(struct cli_json *json, char bracket)
{
	cli_out_char(json->out, bracket);
	json->comma = true;
}

void cli_json_object(struct cli_json *json, const char *key)
{
	open_container(json, key, '{');
}

void cli_json_object_end(struct cli_json *json)
{
	close_container(json, '}');
}

void cli_json_array(struct cli_json *json, const char *key)
{
	open_container(json, key, '[');
}

void cli_json_array_end(struct cli_json *json)
{
	close_container(json, ']');
}

void cli_json_number(struct cli_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	cli_out_decimal(json->out, value);
}

void cli_json_real(struct cli_json *json, const char *key, double value)
{
	double size = value < 0 ? -value : value;
	uint64_t thousandths = size < 1e16 ? (uint64_t)(size * 1000 + 0.5) : 0;

	begin(json, key);
	if (value < 0 && thousandths > 0)
		cli_out_char(json->out, '-');
	cli_out_decimal(json->out, thousandths / 1000);
	cli_out_format(json->out, ".%03u", (unsigned)(thousandths % 1000));
}

void cli_json_true(struct cli_json *json, const char *key)
{
	begin(json, key);
	cli_out_text(json->out, "true");
}

void cli_json_null(struct cli_json *json, const char *key)
{
	begin(json, key);
	cli_out_text(json->out, "null");
}

void cli_json_quoted(struct cli_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	cli_out_char(json->out, '"');
	cli_out_decimal(json->out, value);
	cli_out_char(json->out, '"');
}

void cli_json_word(struct cli_json *json, const char *key, const char *word, size_t len)
{
	begin(json, key);
	cli_out_char(json->out, '"');
	cli_out_bytes(json->out, word, len);
	cli_out_char(json->out, '"');
}

/* How many of the first bytes stand for themselves in a JSON string: printable ASCII except '"' and '\'. */
static size_t literal_run(const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && data[at] >= 0x20 && data[at] < 0x7f && data[at] != '"' && data[at] != '\\')
		at++;
	return at;
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

/* A code point by its number; beyond U+FFFF as the pair of surrogates that JSON wants. */
static void put_code_point(struct cli_out *out, uint32_t point)
{
	if (point > 0xffff) {
		cli_out_format(out, "\\u%04x", 0xd7c0 + (point >> 10));
		point = 0xdc00 | (point & 0x3ff);
	}
	cli_out_format(out, "\\u%04x", point);
}

/* Write the character at text, which is no plain ASCII. Characters that are unsafe on a terminal are escaped, since the
 * output may go to one. Returns its bytes. */
static size_t put_special(struct cli_out *out, const char *text, size_t len)
{
	char letter = short_escape(text[0]);

	if (letter) {
		cli_out_char(out, '\\');
		cli_out_char(out, letter);
		return 1;
	}
	uint32_t point;
	size_t bytes = cli_utf8_decode(text, len, &point);
	if (bytes == 0) {
		cli_out_text(out, "\\ufffd");
		return 1;
	}
	if (cli_utf8_is_unsafe(point))
		put_code_point(out, point);
	else
		cli_out_bytes(out, text, bytes);
	return bytes;
}

static void put_string(struct cli_out *out, struct wire_slice text)
{
	size_t at = 0;

	cli_out_char(out, '"');
	while (at < text.len) {
		size_t run = literal_run(text.data + at, text.len - at);

		cli_out_bytes(out, text.data + at, run);
		at += run;
		if (at < text.len)
			at += put_special(out, text.data + at, text.len - at);
	}
	cli_out_char(out, '"');
}

void cli_json_time(struct cli_json *json, const char *key, struct cli_clock *clock, int64_t ns)
{
	char text[CLI_TIME_TEXT];
	size_t len = cli_clock_text(clock, ns, CLI_TIME_RFC3339, text);

	cli_json_word(json, key, text, len);
}

void cli_json_string(struct cli_json *json, const char *key, struct wire_slice text)
{
	begin(json, key);
	put_string(json->out, text);
}

void cli_json_key(struct cli_json *json, struct wire_slice key)
{
	begin(json, NULL);
	put_string(json->out, key);
	cli_out_char(json->out, ':');
	json->comma = false;
}

void cli_json_bytes(struct cli_json *json, const char *key, struct wire_slice bytes)
{
	if (cli_utf8_is_valid(bytes))
		cli_json_string(json, key, bytes);
	else
		cli_json_base64(json, key, bytes);
}

static void put_base64(struct cli_out *out, struct wire_slice bytes)
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

		cli_out_bytes(out, text, sizeof(text));
	}
}

void cli_json_base64(struct cli_json *json, const char *key, struct wire_slice bytes)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_base64", key);
	begin(json, name);
	cli_out_char(json->out, '"');
	put_base64(json->out, bytes);
	cli_out_char(json->out, '"');
}

void cli_json_steps(struct cli_json *json, const struct wire_steps *steps)
{
	if (steps->count == 0)
		return;
	cli_json_number(json, "clock_steps", steps->count);
	cli_json_real(json, "largest_clock_step_seconds", (double)steps->largest_ns / 1e9);
}

void cli_json_down(struct cli_json *json, int64_t down_ns)
{
	if (down_ns > 0)
		cli_json_real(json, "down_seconds", (double)down_ns / 1e9);
}
