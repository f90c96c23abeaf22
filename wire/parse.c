#include "wire/parse.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* nats-server reads no number of more digits (server/util.go, parseSize). */
enum { SIZE_DIGITS_MAX = 9, TOKENS_MAX = 5 };

/* The arguments of one control line, cut at white space. */
struct line {
	struct wire_slice tokens[TOKENS_MAX];
	unsigned count;   /* tokens found, also those beyond TOKENS_MAX */
	const char *last; /* end of the last token */
	const char *end;  /* behind the line end; NULL while it is not in the buffer */
};

static inline bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline void add_token(struct line *line, const char *start, const char *end)
{
	if (end == start)
		return;
	if (line->count < TOKENS_MAX)
		line->tokens[line->count] = wire_slice(start, (size_t)(end - start));
	line->count++;
	line->last = end;
}

/* The separator at `at` ends a token; true when it ends the line as well. */
static inline bool cut(struct line *line, const char **token, const char *at)
{
	add_token(line, *token, at);
	*token = at + 1;
	if (*at != '\n')
		return false;
	line->end = at + 1;
	return true;
}

/* Cut [at, end) into tokens up to and including the line end. Hot: every PUB and MSG comes through here, so
 * separators are found sixteen bytes at a time. */
static void split_line(struct line *line, const char *at, const char *end)
{
	const char *token = at;
	line->count = 0;
	line->end = NULL;
	line->last = at;
#ifdef __SSE2__
	const __m128i space = _mm_set1_epi8(' ');
	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		unsigned low = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes));
		for (; low; low &= low - 1) {
			const char *found = at + __builtin_ctz(low);
			if (is_separator(*found) && cut(line, &token, found))
				return;
		}
	}
#endif
	for (; at < end; at++)
		if (is_separator(*at) && cut(line, &token, at))
			return;
}

/* Decimal digits only; -1 for anything else. */
static inline int64_t read_size(struct wire_slice text)
{
	int64_t value = 0;
	if (text.len == 0 || text.len > SIZE_DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';
		if (digit > 9)
			return -1;
		value = value * 10 + digit;
	}
	return value;
}

/* How the arguments of a verb are read. */
enum shape { SHAPE_BARE, SHAPE_TEXT, SHAPE_WORDS };

struct verb {
	const char *name; /* upper case */
	uint8_t len;
	uint8_t shape;
	bool spaced; /* white space must follow the name */
};

/* By enum wire_verb. CONNECT, INFO and -ERR need no white space before their text [nats-server 2.9.10]. */
static const struct verb verbs[WIRE_VERBS] = {
    [WIRE_INFO] = {"INFO", 4, SHAPE_TEXT, false}, [WIRE_CONNECT] = {"CONNECT", 7, SHAPE_TEXT, false},
    [WIRE_PUB] = {"PUB", 3, SHAPE_WORDS, true},   [WIRE_HPUB] = {"HPUB", 4, SHAPE_WORDS, true},
    [WIRE_SUB] = {"SUB", 3, SHAPE_WORDS, true},   [WIRE_UNSUB] = {"UNSUB", 5, SHAPE_WORDS, true},
    [WIRE_MSG] = {"MSG", 3, SHAPE_WORDS, true},   [WIRE_HMSG] = {"HMSG", 4, SHAPE_WORDS, true},
    [WIRE_PING] = {"PING", 4, SHAPE_BARE, false}, [WIRE_PONG] = {"PONG", 4, SHAPE_BARE, false},
    [WIRE_OK] = {"+OK", 3, SHAPE_BARE, false},    [WIRE_ERR] = {"-ERR", 4, SHAPE_TEXT, false},
};

const char *wire_verb_name(enum wire_verb verb)
{
	return verb < WIRE_VERBS ? verbs[verb].name : "?";
}

static inline char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* How many bytes of the name buf begins with, at most len. */
static size_t common_prefix(const struct verb *verb, const char *buf, size_t len)
{
	size_t i = 0;
	while (i < len && i < verb->len && upper(buf[i]) == verb->name[i])
		i++;
	return i;
}

/* 1 with *found; 0 when buf is the beginning of some verb; WIRE_EPROTOCOL as soon as it can be none. */
static int find_verb(const char *buf, size_t len, enum wire_verb *found)
{
	bool maybe = false;
	for (int i = 0; i < WIRE_VERBS; i++) {
		const struct verb *verb = &verbs[i];
		size_t same = common_prefix(verb, buf, len);
		if (same == len && len <= verb->len && !(same == verb->len && !verb->spaced)) {
			maybe = true;
		} else if (same == verb->len) {
			if (verb->spaced && buf[same] != ' ' && buf[same] != '\t')
				return WIRE_EPROTOCOL;
			*found = (enum wire_verb)i;
			return 1;
		}
	}
	return maybe ? 0 : WIRE_EPROTOCOL;
}

/* Nearly everything on a busy wire is PUB or MSG: two compares before the table is asked. */
static inline int find_verb_fast(const char *buf, size_t len, enum wire_verb *found)
{
	if (len >= 4 && (buf[3] == ' ' || buf[3] == '\t')) {
		if (memcmp(buf, "PUB", 3) == 0) {
			*found = WIRE_PUB;
			return 1;
		}
		if (memcmp(buf, "MSG", 3) == 0) {
			*found = WIRE_MSG;
			return 1;
		}
	}
	return find_verb(buf, len, found);
}

/* subject [reply] [hdr] total, or with_sid: subject sid [reply] [hdr] total. */
static inline int read_message(struct wire_op *op, const struct line *line, const struct wire_limits *limits,
			       bool with_sid, bool with_headers)
{
	unsigned fixed = 2u + with_sid + with_headers, at = 1;
	if (line->count < fixed || line->count > fixed + 1)
		return WIRE_EARGUMENT;
	const struct wire_slice *last = &line->tokens[line->count - 1];
	int64_t total = read_size(*last), headers = 0;
	op->subject = line->tokens[0];
	if (with_sid)
		op->sid = line->tokens[at++];
	if (line->count > fixed)
		op->reply = line->tokens[at];
	op->size_text = *last;
	if (with_headers) {
		headers = read_size(last[-1]);
		op->size_text = wire_slice(last[-1].data, (size_t)(last->data + last->len - last[-1].data));
	}
	if (total < 0 || headers < 0 || headers > total)
		return WIRE_EARGUMENT;
	if (total > (int64_t)limits->max_payload)
		return WIRE_EPAYLOAD;
	op->headers.len = (size_t)headers;
	op->payload.len = (size_t)(total - headers);
	return 0;
}

static int read_sub(struct wire_op *op, const struct line *line)
{
	if (line->count < 2 || line->count > 3)
		return WIRE_EARGUMENT;
	op->subject = line->tokens[0];
	if (line->count == 3)
		op->queue = line->tokens[1];
	op->sid = line->tokens[line->count - 1];
	return 0;
}

/* A maximum that is no number counts as none [nats-server 2.9.10, client.go processUnsub]. */
static int read_unsub(struct wire_op *op, const struct line *line)
{
	if (line->count < 1 || line->count > 2)
		return WIRE_EARGUMENT;
	op->sid = line->tokens[0];
	int64_t max = line->count == 2 ? read_size(line->tokens[1]) : 0;
	op->max = max > 0 ? (uint64_t)max : 0;
	return 0;
}

static inline int read_words(struct wire_op *op, const struct line *line, const struct wire_limits *limits)
{
	switch (op->verb) {
	case WIRE_PUB: return read_message(op, line, limits, false, false);
	case WIRE_MSG: return read_message(op, line, limits, true, false);
	case WIRE_HPUB: return read_message(op, line, limits, false, true);
	case WIRE_HMSG: return read_message(op, line, limits, true, true);
	case WIRE_SUB: return read_sub(op, line);
	default: return read_unsub(op, line);
	}
}

/* The text after INFO, CONNECT or -ERR, without its line end and, for -ERR, its quotes. */
static struct wire_slice trim_text(const char *at, const char *end, bool quoted)
{
	while (end > at && is_separator(end[-1]))
		end--;
	if (quoted && end - at >= 2 && *at == '\'' && end[-1] == '\'') {
		at++;
		end--;
	}
	return wire_slice(at, (size_t)(end - at));
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

static inline bool is_too_long(const char *at, const char *end, const struct wire_limits *limits)
{
	return end - at > (int64_t)limits->max_control_line;
}

/* PING, PONG and +OK: whatever stands before the line end is ignored, within the limit of a control line. */
static int64_t read_text(const char *buf, const char *at, const char *end, const struct wire_limits *limits,
			 struct wire_op *op)
{
	const char *args = skip_blanks(at, end);
	const char *newline = args < end ? memchr(args, '\n', (size_t)(end - args)) : NULL;
	const char *stop = newline ? newline : end;
	if (stop > args && stop[-1] == '\r')
		stop--;
	if (is_too_long(args, stop, limits))
		return WIRE_ELINE;
	if (!newline)
		return 0;
	if (verbs[op->verb].shape == SHAPE_TEXT)
		op->args = trim_text(args, newline, op->verb == WIRE_ERR);
	return newline + 1 - buf;
}

static inline int64_t parse_line(const char *buf, size_t len, const struct wire_limits *limits,
				 struct wire_op *op, size_t *body)
{
	const char *end = buf + len;
	enum wire_verb verb;
	int found = find_verb_fast(buf, len, &verb);
	if (found <= 0)
		return found;
	*op = (struct wire_op){.verb = verb};
	*body = 0;
	const char *at = buf + verbs[verb].len;
	if (verbs[verb].shape != SHAPE_WORDS)
		return read_text(buf, at, end, limits, op);

	struct line line;
	at = skip_blanks(at, end);
	split_line(&line, at, end);
	if (!line.end)
		return is_too_long(at, end, limits) ? WIRE_ELINE : 0;
	if (is_too_long(at, line.last, limits))
		return WIRE_ELINE;
	int error = read_words(op, &line, limits);
	if (error)
		return error;
	if (verb != WIRE_SUB && verb != WIRE_UNSUB)
		*body = op->headers.len + op->payload.len + 2;
	return line.end - buf;
}

int64_t wire_parse_line(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op,
			size_t *body, size_t *need)
{
	int64_t used = len > 0 ? parse_line(buf, len, limits, op, body) : 0;
	if (used == 0)
		*need = len + 1;
	return used;
}

int64_t wire_parse(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op,
		   size_t *need)
{
	size_t body;
	int64_t line = wire_parse_line(buf, len, limits, op, &body, need);
	if (line <= 0 || body == 0)
		return line;
	size_t whole = (size_t)line + body;
	const char *content = buf + line;
	if (len >= whole - 1 && content[body - 2] != '\r')
		return WIRE_EPROTOCOL;
	if (len < whole) {
		*need = whole;
		return 0;
	}
	if (content[body - 1] != '\n')
		return WIRE_EPROTOCOL;
	if (op->headers.len > 0)
		op->headers.data = content;
	op->payload.data = content + op->headers.len;
	return (int64_t)whole;
}
