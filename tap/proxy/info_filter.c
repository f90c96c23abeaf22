#include "tap/proxy/info_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/info.h"
#include "wire/parse.h"

enum { TRUSTS_PROXIES = 2 /* level of the JetStream API of servers that may */ };

static const struct wire_limits limits = {.max_control_line = TAP__INFO_LINE_MAX, .max_payload = UINT32_MAX};

/* The pieces of one input that are passed on:
 *
 *	input   [ passed │ passes as it is ... │ not looked at yet ]
 *	                 from                  at                          */
struct pass {
	struct tap__info_filter *filter;
	const struct tap__info_rules *rules;
	struct wire_slice input;
	size_t from, at;
	char *out; /* owned; NULL while the input can be passed as it is */
	size_t out_len, out_cap;
	int error;
};

void tap__info_filter_fini(struct tap__info_filter *filter)
{
	free(filter->line);
	*filter = (struct tap__info_filter){0};
}

/* Append to owned bytes. False when out of memory. */
static bool append(char **bytes, size_t *len, size_t *cap, struct wire_slice more)
{
	if (*len + more.len > *cap) {
		size_t grown_cap = (*len + more.len) * 2;
		char *grown = realloc(*bytes, grown_cap);
		if (!grown)
			return false;
		*bytes = grown;
		*cap = grown_cap;
	}
	if (more.len > 0)
		memcpy(*bytes + *len, more.data, more.len);
	*len += more.len;
	return true;
}

static void put(struct pass *pass, struct wire_slice bytes)
{
	if (!append(&pass->out, &pass->out_len, &pass->out_cap, bytes))
		pass->error = -ENOMEM;
}

static void keep(struct pass *pass, struct wire_slice bytes)
{
	struct tap__info_filter *filter = pass->filter;
	if (!append(&filter->line, &filter->line_len, &filter->line_cap, bytes))
		pass->error = -ENOMEM;
}

static void forget_line(struct tap__info_filter *filter)
{
	free(filter->line);
	filter->line = NULL;
	filter->line_len = filter->line_cap = 0;
	filter->holds_line = false;
}

static void keep_nonce(struct tap__info_filter *filter, struct wire_slice json)
{
	struct wire_info_seen info;
	if (wire_info_read(&info, json) == 0 && info.api_level >= TRUSTS_PROXIES && info.nonce[0])
		memcpy(filter->nonce, info.nonce, sizeof info.nonce);
}

/* Put an INFO line in place of the input up to `at`, of which the bytes up to `end` pass before it. */
static void put_info(struct pass *pass, size_t end, struct wire_slice line, struct wire_slice json)
{
	size_t len = 0, head = (size_t)(json.data - line.data), tail = head + json.len;
	char *rewritten = tap__info_rewrite(json, pass->rules, &len);
	if (pass->rules->wants_nonce)
		keep_nonce(pass->filter, json);
	put(pass, wire_slice(pass->input.data + pass->from, end - pass->from));
	put(pass, wire_slice(line.data, head));
	put(pass, rewritten ? wire_slice(rewritten, len) : json);
	put(pass, wire_slice(line.data + tail, line.len - tail));
	pass->from = pass->at;
	free(rewritten);
}

/* Bytes that are no operation: they pass, and so does all that follows. */
static void become_transparent(struct pass *pass)
{
	struct tap__info_filter *filter = pass->filter;
	filter->is_transparent = true;
	if (filter->holds_line) {
		put(pass, wire_slice(filter->line, filter->line_len));
		pass->from = pass->at;
	}
	pass->at = pass->input.len;
	forget_line(filter);
}

/* ---- a line whose beginning was kept ---- */

static size_t rest_of_line(const struct pass *pass)
{
	const char *begin = pass->input.data + pass->at;
	const char *newline = memchr(begin, '\n', pass->input.len - pass->at);
	return newline ? (size_t)(newline - begin) + 1 : pass->input.len - pass->at;
}

static void continue_line(struct pass *pass)
{
	struct tap__info_filter *filter = pass->filter;
	struct wire_op op;
	size_t body, need, len = rest_of_line(pass);
	keep(pass, wire_slice(pass->input.data + pass->at, len));
	pass->at += len;
	if (filter->holds_line)
		pass->from = pass->at;
	int64_t line = wire_parse_line(filter->line, filter->line_len, &limits, &op, &body, &need);
	if (line < 0)
		become_transparent(pass);
	if (line <= 0)
		return;
	if (op.verb == WIRE_INFO)
		put_info(pass, pass->at, wire_slice(filter->line, filter->line_len), op.args);
	filter->body_left = body;
	forget_line(filter);
}

/* ---- a line that begins in the input ---- */

static void keep_line(struct pass *pass)
{
	struct wire_slice rest = wire_slice(pass->input.data + pass->at, pass->input.len - pass->at);
	pass->filter->holds_line = (rest.data[0] | 0x20) == 'i';
	keep(pass, rest);
	pass->at = pass->input.len;
}

static void take_line(struct pass *pass)
{
	struct wire_op op;
	size_t body, need;
	const char *begin = pass->input.data + pass->at;
	int64_t line = wire_parse_line(begin, pass->input.len - pass->at, &limits, &op, &body, &need);
	if (line < 0) {
		become_transparent(pass);
	} else if (line == 0) {
		keep_line(pass);
	} else {
		size_t end = pass->at;
		pass->at += (size_t)line;
		pass->filter->body_left = body;
		if (op.verb == WIRE_INFO)
			put_info(pass, end, wire_slice(begin, (size_t)line), op.args);
	}
}

static void skip_body(struct pass *pass)
{
	uint64_t *left = &pass->filter->body_left;
	size_t len = pass->input.len - pass->at;
	if (len > *left)
		len = (size_t)*left;
	pass->at += len;
	*left -= len;
}

/* The rest of the input passes, but for a line that is held. */
static void finish(struct pass *pass, struct tap__passed *passed)
{
	const struct tap__info_filter *filter = pass->filter;
	size_t held = filter->holds_line ? filter->line_len : 0, unpassed = pass->input.len - pass->from;
	struct wire_slice rest =
	    wire_slice(pass->input.data + pass->from, held < unpassed ? unpassed - held : 0);
	if (!pass->out) {
		*passed = (struct tap__passed){.bytes = rest};
		return;
	}
	put(pass, rest);
	*passed = (struct tap__passed){.bytes = {pass->out, pass->out_len}, .memory = pass->out};
}

/* Hot: once for every read, with one turn of the loop for every message. */
int tap__info_filter_take(struct tap__info_filter *filter, const struct tap__info_rules *rules,
			  struct wire_slice input, struct tap__passed *passed)
{
	struct pass pass = {.filter = filter, .rules = rules, .input = input};
	while (pass.at < input.len && !filter->is_transparent && pass.error == 0) {
		if (filter->body_left > 0)
			skip_body(&pass);
		else if (filter->line_len > 0)
			continue_line(&pass);
		else
			take_line(&pass);
	}
	finish(&pass, passed);
	if (pass.error == 0)
		return 0;
	free(pass.out);
	*passed = (struct tap__passed){0};
	return pass.error;
}

void tap__info_filter_end(struct tap__info_filter *filter, struct tap__passed *passed)
{
	*passed = (struct tap__passed){0};
	if (!filter->holds_line)
		return;
	*passed = (struct tap__passed){.bytes = {filter->line, filter->line_len}, .memory = filter->line};
	filter->line = NULL;
	forget_line(filter);
	filter->is_transparent = true;
}
