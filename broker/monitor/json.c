#include "broker/monitor/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "wire/json_text.h"

static void append(struct broker__json *json, struct wire_slice text)
{
	net_http_body_add(json->body, text);
}

static __attribute__((format(printf, 2, 3))) void print(struct broker__json *json, const char *format, ...)
{
	char text[400];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	append(json, wire_slice_str(text));
}

/* ---- layout ---- */

static void break_line(struct broker__json *json)
{
	if (json->is_compact || json->depth == 0)
		return;
	append(json, WIRE_LITERAL("\n"));
	for (unsigned i = 0; i < json->depth; i++)
		append(json, WIRE_LITERAL("  "));
}

/* Write the comma and the key that precede a value. */
static void begin_member(struct broker__json *json, const char *key)
{
	if (json->has_member)
		append(json, WIRE_LITERAL(","));
	break_line(json);
	if (key)
		print(json, json->is_compact ? "\"%s\":" : "\"%s\": ", key);
	json->has_member = true;
}

static void begin_container(struct broker__json *json, const char *key, const char *bracket)
{
	begin_member(json, key);
	append(json, wire_slice(bracket, 1));
	json->depth++;
	json->has_member = false;
}

static void end_container(struct broker__json *json, const char *bracket)
{
	bool is_empty = !json->has_member;
	json->depth--;
	if (!is_empty && json->depth > 0)
		break_line(json);
	else if (!is_empty && !json->is_compact)
		append(json, WIRE_LITERAL("\n"));
	append(json, wire_slice(bracket, 1));
	json->has_member = true;
}

void broker__json_object(struct broker__json *json, const char *key)
{
	begin_container(json, key, "{");
}

void broker__json_object_end(struct broker__json *json)
{
	end_container(json, "}");
}

void broker__json_array(struct broker__json *json, const char *key)
{
	begin_container(json, key, "[");
}

void broker__json_array_end(struct broker__json *json)
{
	end_container(json, "]");
}

/* ---- values ---- */

/* Copy characters that need no escape at once. */
static size_t plain_len(struct wire_slice text, size_t from)
{
	size_t at = from;
	while (at < text.len && (unsigned char)text.data[at] >= 0x20 && (unsigned char)text.data[at] < 0x7f &&
	       text.data[at] != '"' && text.data[at] != '\\')
		at++;
	return at - from;
}

static void append_character(struct broker__json *json, struct wire_slice text, size_t *at)
{
	unsigned char first = (unsigned char)text.data[*at];
	char bytes[8];
	if (first == '"' || first == '\\') {
		print(json, "\\%c", first);
		++*at;
	} else if (first < 0x20) {
		print(json, "\\u%04x", first);
		++*at;
	} else {
		uint32_t point = wire_json_character(text, at);
		bool is_valid = point < WIRE_JSON_STRAY_BYTE;
		append(json,
		       wire_slice(bytes, wire_json_put(bytes, is_valid ? point : WIRE_JSON_REPLACEMENT)));
	}
}

void broker__json_text(struct broker__json *json, const char *key, struct wire_slice text)
{
	begin_member(json, key);
	append(json, WIRE_LITERAL("\""));
	for (size_t at = 0; at < text.len;) {
		size_t plain = plain_len(text, at);
		append(json, wire_slice(text.data + at, plain));
		at += plain;
		if (at < text.len)
			append_character(json, text, &at);
	}
	append(json, WIRE_LITERAL("\""));
}

void broker__json_string(struct broker__json *json, const char *key, const char *text)
{
	broker__json_text(json, key, wire_slice_str(text));
}

void broker__json_count(struct broker__json *json, const char *key, uint64_t count)
{
	begin_member(json, key);
	print(json, "%" PRIu64, count > INT64_MAX ? (uint64_t)INT64_MAX : count);
}

void broker__json_integer(struct broker__json *json, const char *key, int64_t number)
{
	begin_member(json, key);
	print(json, "%" PRId64, number);
}

void broker__json_real(struct broker__json *json, const char *key, double number)
{
	begin_member(json, key);
	print(json, "%.15g", number);
}

void broker__json_bool(struct broker__json *json, const char *key, bool value)
{
	begin_member(json, key);
	print(json, "%s", value ? "true" : "false");
}

void broker__json_null(struct broker__json *json, const char *key)
{
	begin_member(json, key);
	print(json, "null");
}

void broker__json_time(struct broker__json *json, const char *key, int64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm utc;
	char text[64];
	gmtime_r(&seconds, &utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	begin_member(json, key);
	print(json, "\"%s.%09dZ\"", text, (int)(time_ns % 1000000000));
}

static void append_uptime(struct broker__json *json, int64_t duration_ns)
{
	long long s = duration_ns > 0 ? duration_ns / 1000000000 : 0;
	long long m = s / 60, h = m / 60, d = h / 24, y = d / 365;
	if (y)
		print(json, "\"%lldy%lldd%lldh%lldm%llds\"", y, d % 365, h % 24, m % 60, s % 60);
	else if (d)
		print(json, "\"%lldd%lldh%lldm%llds\"", d, h % 24, m % 60, s % 60);
	else if (h)
		print(json, "\"%lldh%lldm%llds\"", h, m % 60, s % 60);
	else if (m)
		print(json, "\"%lldm%llds\"", m, s % 60);
	else
		print(json, "\"%llds\"", s);
}

void broker__json_uptime(struct broker__json *json, const char *key, int64_t duration_ns)
{
	begin_member(json, key);
	append_uptime(json, duration_ns);
}

void broker__json_rtt(struct broker__json *json, const char *key, int64_t duration_ns)
{
	long long ns = duration_ns > 0 ? duration_ns : 0;
	begin_member(json, key);
	if (ns == 0)
		print(json, "\"0s\"");
	else if (ns < 1000)
		print(json, "\"%lldns\"", ns);
	else if (ns < 1000000)
		print(json, "\"%lld\xc2\xb5s\"", ns / 1000);
	else if (ns >= 60000000000)
		append_uptime(json, ns);
	else
		print(json, "\"%.9g%s\"", ns < 1000000000 ? (double)ns / 1e6 : (double)ns / 1e9,
		      ns < 1000000000 ? "ms" : "s");
}
