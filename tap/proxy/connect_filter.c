#include "tap/proxy/connect_filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/json_text.h"

static const char verb[] = "CONNECT";

enum { VERB = sizeof verb - 1 };

void tap__connect_filter_fini(struct tap__connect_filter *filter)
{
	free(filter->line);
	*filter = (struct tap__connect_filter){0};
}

/* ---- the JSON of a CONNECT ---- */

/* Copy all members but an older signature. Returns their number, or -1 when the text is no object. */
static int copy_members(FILE *out, struct wire_slice json)
{
	struct wire_json reader;
	struct wire_json_token key, value;
	int count = 0;
	wire_json_init(&reader, json);
	if (wire_json_next(&reader, &key) != WIRE_JSON_OBJECT)
		return -1;
	while (wire_json_next(&reader, &key) == WIRE_JSON_KEY) {
		wire_json_next(&reader, &value);
		if (!wire_json_skip(&reader, &value))
			return -1;
		if (wire_json_is_name(key.text, "proxy_sig"))
			continue;
		fprintf(out, count++ > 0 ? "," : "{");
		fwrite(key.text.data - 1, 1, (size_t)(reader.at - key.text.data) + 1, out);
	}
	return key.kind == WIRE_JSON_OBJECT_END && wire_json_next(&reader, &key) == WIRE_JSON_DONE ? count
												   : -1;
}

/* The line with the signature; owned, NULL when it cannot be had. */
static char *sign_line(const char *line, size_t line_len, const char *signature, size_t *len)
{
	char *text = NULL;
	struct wire_slice json = wire_slice(line + VERB, line_len - VERB);
	FILE *out = open_memstream(&text, len);
	if (!out)
		return NULL;
	fwrite(line, 1, VERB, out);
	fputc(' ', out);
	int members = copy_members(out, json);
	fprintf(out, "%s\"proxy_sig\":\"%s\"}\r\n", members > 0 ? "," : "{", signature);
	if (fclose(out) == 0 && members >= 0)
		return text;
	free(text);
	return NULL;
}

/* ---- the stream ---- */

/* Can these bytes, which have no line end, be the beginning of a CONNECT? */
static bool may_be_connect(const char *bytes, size_t len)
{
	return len <= TAP__CONNECT_LINE_MAX && strncasecmp(bytes, verb, len < VERB ? len : VERB) == 0;
}

/* All that was held and all of the input, with a signature in the line that ends at `end`. */
static int finish(struct tap__connect_filter *filter, const struct net_signing_key *key, const char *nonce,
		  size_t end, struct tap__passed *passed)
{
	char signature[NET_SIGNATURE_TEXT], *line = NULL, *memory = filter->line;
	size_t len = filter->line_len, line_len = 0;
	filter->line = NULL;
	filter->line_len = 0;
	filter->is_over = true;
	*passed = (struct tap__passed){.bytes = {memory, len}, .memory = memory};
	if (end <= VERB || !may_be_connect(memory, end) || !*nonce ||
	    !net_signing_key_sign(key, wire_slice_str(nonce), signature))
		return 0;
	line = sign_line(memory, end, signature, &line_len);
	char *whole = line ? realloc(line, line_len + len - end + 1) : NULL;
	if (!whole) {
		free(line);
		return 0; /* the server will not trust us, which it says to the client */
	}
	memcpy(whole + line_len, memory + end, len - end);
	free(memory);
	*passed = (struct tap__passed){.bytes = {whole, line_len + len - end}, .memory = whole};
	return 0;
}

int tap__connect_filter_take(struct tap__connect_filter *filter, const struct net_signing_key *key,
			     const char *nonce, struct wire_slice input, struct tap__passed *passed)
{
	*passed = (struct tap__passed){.bytes = input};
	if (filter->is_over)
		return 0;
	char *grown = realloc(filter->line, filter->line_len + input.len);
	if (!grown)
		return -ENOMEM;
	filter->line = grown;
	memcpy(grown + filter->line_len, input.data, input.len);
	filter->line_len += input.len;
	const char *newline = memchr(grown, '\n', filter->line_len);
	if (newline || !may_be_connect(grown, filter->line_len))
		return finish(filter, key, nonce, newline ? (size_t)(newline - grown) + 1 : 0, passed);
	*passed = (struct tap__passed){0};
	return 0;
}

void tap__connect_filter_end(struct tap__connect_filter *filter, struct tap__passed *passed)
{
	*passed = (struct tap__passed){.bytes = {filter->line, filter->line_len}, .memory = filter->line};
	filter->line = NULL;
	filter->line_len = 0;
	filter->is_over = true;
}
