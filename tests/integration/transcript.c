#include "transcript.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail.h"

void transcript_fini(struct transcript *transcript)
{
	for (size_t i = 0; i < transcript->len; i++)
		free(transcript->lines[i]);
	free(transcript->lines);
	*transcript = (struct transcript){0};
}

/* Takes the line. */
static void add(struct transcript *transcript, char *line)
{
	transcript->lines =
	    support_grow(transcript->lines, (transcript->len + 1) * sizeof(*transcript->lines));
	transcript->lines[transcript->len++] = line;
}

void transcript_note(struct transcript *transcript, const char *format, ...)
{
	char *line = NULL;
	va_list args;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		support_fail("no memory for a line");
	va_end(args);
	add(transcript, line);
}

static void put_escaped(FILE *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\r')
			fputs("\\r", out);
		else if (bytes[i] == '\n')
			fputs("\\n", out);
		else if (isprint((unsigned char)bytes[i]) && bytes[i] != '\\')
			fputc(bytes[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)bytes[i]);
	}
}

const char *transcript_type(const json_t *value)
{
	static const char *const NAMES[] = {
	    [JSON_OBJECT] = "object",  [JSON_ARRAY] = "array", [JSON_STRING] = "string",
	    [JSON_INTEGER] = "number", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
	    [JSON_FALSE] = "boolean",  [JSON_NULL] = "null",
	};
	return value ? NAMES[json_typeof(value)] : "missing";
}

/* Fields of INFO whose values depend on the server, the machine or the time. */
static bool is_individual(const char *key)
{
	static const char *const KEYS[] = {"server_id", "server_name", "go",   "git_commit",  "port",
					   "client_id", "nonce",       "xkey", "connect_urls"};
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
		if (strcmp(KEYS[i], key) == 0)
			return true;
	}
	return false;
}

/* The object of an INFO, keys sorted, individual values replaced by their types. NULL when it is not an
 * object. */
static char *normal_info(const char *text, size_t len, size_t *used)
{
	json_error_t error;
	json_t *info = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, &error);
	if (!json_is_object(info)) {
		json_decref(info);
		return NULL;
	}
	*used = (size_t)error.position;
	const char *key;
	json_t *value;
	json_object_foreach(info, key, value)
	{
		if (is_individual(key))
			json_object_set_new(info, key, json_string(transcript_type(value)));
	}
	char *normal = json_dumps(info, JSON_SORT_KEYS);
	json_decref(info);
	return normal;
}

static void add_bytes_line(struct transcript *transcript, const char *bytes, size_t len)
{
	char *line = NULL;
	size_t line_len, used = 0;
	FILE *out = open_memstream(&line, &line_len);
	if (!out)
		support_fail("no memory for a line");
	if (len > 5 && memcmp(bytes, "INFO ", 5) == 0) {
		char *info = normal_info(bytes + 5, len - 5, &used);
		if (info)
			fprintf(out, "INFO %s", info);
		used += info ? 5 : 0;
		free(info);
	}
	put_escaped(out, bytes + used, len - used);
	fclose(out);
	add(transcript, line);
}

void transcript_bytes(struct transcript *transcript, const char *bytes, size_t len, bool with_pings)
{
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(bytes + at, '\n', len - at);
		size_t line_len = newline ? (size_t)(newline - bytes) + 1 - at : len - at;
		bool is_ping = line_len == 6 && memcmp(bytes + at, "PING\r\n", 6) == 0;
		if (with_pings || !is_ping)
			add_bytes_line(transcript, bytes + at, line_len);
		at += line_len;
	}
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void transcript_sort(struct transcript *transcript, size_t first)
{
	if (transcript->len > first)
		qsort(transcript->lines + first, transcript->len - first, sizeof(*transcript->lines),
		      compare_lines);
}

static const char *line_at(const struct transcript *transcript, size_t index)
{
	return index < transcript->len ? transcript->lines[index] : NULL;
}

bool transcript_equal(const struct transcript *a, const struct transcript *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++) {
		if (strcmp(a->lines[i], b->lines[i]) != 0)
			return false;
	}
	return true;
}

void transcript_print(const struct transcript *a, const char *a_name, const struct transcript *b,
		      const char *b_name)
{
	enum { WIDTH = 68, LONG = 400 };
	printf("      %-*s | %s\n", WIDTH, a_name, b_name);
	for (size_t i = 0; i < a->len || i < b->len; i++) {
		const char *left = line_at(a, i), *right = line_at(b, i);
		bool same = left && right && strcmp(left, right) == 0;
		left = left ? left : "(nothing)";
		right = right ? right : "(nothing)";
		if (same)
			printf("      %-*.*s |\n", WIDTH, LONG, left);
		else if (strlen(left) <= WIDTH)
			printf("    ! %-*s | %.*s\n", WIDTH, left, LONG, right);
		else
			printf("    ! %.*s\n    ! %-*s | %.*s\n", LONG, left, WIDTH, "", LONG, right);
	}
}
