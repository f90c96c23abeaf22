#include "tap/proxy/info_rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"

struct rewriter {
	const struct tap__info_rules *rules;
	struct wire_json json;
	FILE *out;
	unsigned members; /* written */
	bool has_urls;    /* connect_urls was there */
	unsigned urls;    /* written to the current list */
};

/* Begin a member. Its key and value follow. */
static void begin_member(struct rewriter *rewriter)
{
	if (rewriter->members++ > 0)
		fputc(',', rewriter->out);
}

/* ---- lists of addresses ---- */

static void put_url(struct rewriter *rewriter, const char *name, const char *url)
{
	if (rewriter->urls == 0) {
		begin_member(rewriter);
		fprintf(rewriter->out, "\"%s\":[", name);
	}
	fprintf(rewriter->out, "%s\"%s\"", rewriter->urls++ > 0 ? "," : "", url);
}

static void end_urls(struct rewriter *rewriter)
{
	if (rewriter->urls > 0)
		fputc(']', rewriter->out);
}

static void put_advertised(struct rewriter *rewriter)
{
	for (size_t i = 0; i < rewriter->rules->advertised_count; i++)
		put_url(rewriter, "connect_urls", rewriter->rules->advertised[i]);
}

static bool is_advertised(const struct tap__info_rules *rules, const char *url)
{
	for (size_t i = 0; i < rules->advertised_count; i++)
		if (strcmp(rules->advertised[i], url) == 0)
			return true;
	return false;
}

/* The translation of an address of the cluster; NULL when it is left out. */
static const char *translate(const struct tap__info_rules *rules, struct wire_slice url)
{
	for (size_t i = 0; i < rules->maps_count; i++)
		if (wire_slice_equal(wire_slice_str(rules->maps[i].from), url))
			return is_advertised(rules, rules->maps[i].to) ? NULL : rules->maps[i].to;
	return NULL;
}

/* Copy the list whose first token is given, translated. */
static bool copy_urls(struct rewriter *rewriter, const char *name, const struct wire_json_token *first)
{
	struct wire_json_token token;
	if (first->kind != WIRE_JSON_ARRAY)
		return wire_json_skip(&rewriter->json, first);
	for (;;) {
		enum wire_json_kind kind = wire_json_next(&rewriter->json, &token);
		if (kind == WIRE_JSON_ARRAY_END)
			return true;
		if (kind == WIRE_JSON_BAD || !wire_json_skip(&rewriter->json, &token))
			return false;
		const char *url = kind == WIRE_JSON_STRING ? translate(rewriter->rules, token.text) : NULL;
		if (url)
			put_url(rewriter, name, url);
	}
}

static bool rewrite_urls(struct rewriter *rewriter, bool is_core, const struct wire_json_token *first)
{
	rewriter->urls = 0;
	rewriter->has_urls |= is_core;
	if (is_core)
		put_advertised(rewriter);
	bool is_valid = copy_urls(rewriter, is_core ? "connect_urls" : "ws_connect_urls", first);
	end_urls(rewriter);
	return is_valid;
}

/* ---- members ---- */

static bool copy_member(struct rewriter *rewriter, const char *begin, const struct wire_json_token *first)
{
	if (!wire_json_skip(&rewriter->json, first))
		return false;
	begin_member(rewriter);
	fwrite(begin, 1, (size_t)(rewriter->json.at - begin), rewriter->out);
	return true;
}

static bool is_tls_flag(struct wire_slice key)
{
	return wire_json_is_name(key, "tls_required") || wire_json_is_name(key, "tls_verify") ||
	       wire_json_is_name(key, "tls_available");
}

static void put_tls_flags(struct rewriter *rewriter)
{
	if (!rewriter->rules->has_own_tls || !rewriter->rules->tls_required)
		return;
	begin_member(rewriter);
	fputs("\"tls_required\":true", rewriter->out);
	if (!rewriter->rules->tls_verify)
		return;
	begin_member(rewriter);
	fputs("\"tls_verify\":true", rewriter->out);
}

static bool rewrite_member(struct rewriter *rewriter, struct wire_slice key)
{
	struct wire_json_token first;
	if (wire_json_next(&rewriter->json, &first) == WIRE_JSON_BAD)
		return false;
	if (wire_json_is_name(key, "connect_urls"))
		return rewrite_urls(rewriter, true, &first);
	if (wire_json_is_name(key, "ws_connect_urls"))
		return rewrite_urls(rewriter, false, &first);
	if (rewriter->rules->has_own_tls && is_tls_flag(key))
		return wire_json_skip(&rewriter->json, &first);
	bool is_host = wire_json_is_name(key, "host"), is_port = wire_json_is_name(key, "port");
	if (!is_host && !is_port)
		return copy_member(rewriter, key.data - 1, &first);
	begin_member(rewriter);
	if (is_host)
		fprintf(rewriter->out, "\"host\":\"%s\"", rewriter->rules->host);
	else
		fprintf(rewriter->out, "\"port\":%d", rewriter->rules->port);
	return wire_json_skip(&rewriter->json, &first);
}

static bool rewrite_object(struct rewriter *rewriter)
{
	struct wire_json_token token;
	if (wire_json_next(&rewriter->json, &token) != WIRE_JSON_OBJECT)
		return false;
	fputc('{', rewriter->out);
	while (wire_json_next(&rewriter->json, &token) == WIRE_JSON_KEY)
		if (!rewrite_member(rewriter, token.text))
			return false;
	if (token.kind != WIRE_JSON_OBJECT_END || wire_json_next(&rewriter->json, &token) != WIRE_JSON_DONE)
		return false;
	rewriter->urls = 0;
	if (!rewriter->has_urls)
		put_advertised(rewriter);
	end_urls(rewriter);
	put_tls_flags(rewriter);
	fputc('}', rewriter->out);
	return true;
}

char *tap__info_rewrite(struct wire_slice json, const struct tap__info_rules *rules, size_t *len)
{
	char *text = NULL;
	struct rewriter rewriter = {.rules = rules, .out = open_memstream(&text, len)};
	if (!rewriter.out)
		return NULL;
	wire_json_init(&rewriter.json, json);
	bool is_whole = rewrite_object(&rewriter);
	is_whole = fclose(rewriter.out) == 0 && is_whole;
	if (is_whole)
		return text;
	free(text);
	return NULL;
}
