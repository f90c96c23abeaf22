#include "wire/parse.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* nats-server reads no number of more digits (server/util.go, parseSize). */
enum { SIZE_DIGITS_MAX = 9 };

/* Inlined whatever its size: the hot functions are compiled once for each verb that is hot. */
#define HOT static inline __attribute__((always_inline))

/* Bytes that are looked at in one step. */
enum { STEP = 16, STEP_BITS = (1 << STEP) - 1 };

/* Room for the edges of five words and more; a power of two. */
enum { EDGES = 16 };

/* A control line cut at its blanks. All are offsets into the buffer. */
struct line {
	size_t edge[EDGES]; /* where word 0 starts, where it ends, where word 1 starts, … */
	size_t edges;       /* odd: the last word ends at `end`; beyond EDGES the oldest are overwritten */
	size_t end;         /* of the arguments, at the line end */
	size_t next;        /* after the line end */
};

/* Bit i stands for byte i of a step: blank is ' ' or '\t', stop is '\r' or '\n'. */
struct marks {
	uint32_t blank, stop;
};

#ifdef __SSE2__
HOT struct marks mark_step(const char *at)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	const __m128i space = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
	const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
	const __m128i cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'));
	const __m128i lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
	return (struct marks){.blank = (uint32_t)_mm_movemask_epi8(_mm_or_si128(space, tab)),
			      .stop = (uint32_t)_mm_movemask_epi8(_mm_or_si128(cr, lf))};
}
#endif

static struct marks mark_bytes(const char *at, size_t len)
{
	struct marks marks = {0};
	for (size_t i = 0; i < len; i++) {
		marks.blank |= (uint32_t)(at[i] == ' ' || at[i] == '\t') << i;
		marks.stop |= (uint32_t)(at[i] == '\r' || at[i] == '\n') << i;
	}
	return marks;
}

/* The marks of the step at base, never reading at or beyond len: the last step of a buffer is read from
 * farther left and shifted into place. Bits beyond len are 0. */
HOT struct marks mark(const char *buf, size_t base, size_t len)
{
	size_t left = len - base;
#ifdef __SSE2__
	if (left >= STEP)
		return mark_step(buf + base);
	if (len >= STEP) {
		struct marks marks = mark_step(buf + len - STEP);
		return (struct marks){marks.blank >> (STEP - left), marks.stop >> (STEP - left)};
	}
#endif
	return mark_bytes(buf + base, left < STEP ? left : STEP);
}

HOT size_t lowest_bit(uint32_t bits)
{
	return (size_t)__builtin_ctz(bits);
}

static size_t skip_blanks(const char *buf, size_t at, size_t end)
{
	while (at < end && (buf[at] == ' ' || buf[at] == '\t'))
		at++;
	return at;
}

/* The arguments buf[at..end) exceed the limit; at is the end of the verb. Blanks before the first argument do
 * not count, as in nats-server, but may not exceed the limit either: a line without end must not grow without
 * bound. When the beginning of a line is too long, so is the whole line. */
HOT bool is_too_long(const char *buf, size_t at, size_t end, const struct wire_limits *limits)
{
	if (end - at <= limits->max_control_line)
		return false;
	size_t first = skip_blanks(buf, at, end);
	return first - at > limits->max_control_line || end - first > limits->max_control_line;
}

/* The line stops at buf[stop]. 1; 0 when its LF has not come yet; WIRE_EARGUMENT for a CR inside the line:
 * how nats-server reads one depends on how the line was split over reads. */
HOT int finish_line(const char *buf, size_t len, size_t stop, struct line *line)
{
	line->end = stop;
	if (buf[stop] == '\r' && ++stop == len)
		return 0;
	line->next = stop + 1;
	return buf[stop] == '\n' ? 1 : WIRE_EARGUMENT;
}

/* Cut the line into words, from the end of its verb at `from`. 1, 0 when incomplete, or an error. Hot: one
 * pass over the line, in steps; a word starts or ends wherever the blankness of two neighbours differs. */
HOT int split_line(const char *buf, size_t from, size_t len, const struct wire_limits *limits,
		   struct line *line)
{
	uint32_t in_word = 0; /* 1: the last byte of the step before belongs to a word */
	line->edges = 0;
	line->end = len;
	for (size_t base = from; base < len; base += STEP) {
		struct marks marks = mark(buf, base, len);
		uint32_t before_stop = (marks.stop & -marks.stop) - 1; /* all ones without a stop */
		uint32_t words = ~marks.blank & before_stop & STEP_BITS;
		uint32_t edges = (words ^ (words << 1 | in_word)) & before_stop & STEP_BITS;
		for (; edges; edges &= edges - 1)
			line->edge[line->edges++ % EDGES] = base + lowest_bit(edges);
		if (marks.stop) {
			int result = finish_line(buf, len, base + lowest_bit(marks.stop), line);
			return is_too_long(buf, from, line->end, limits) ? WIRE_ELINE : result;
		}
		in_word = words >> (STEP - 1);
	}
	return is_too_long(buf, from, len, limits) ? WIRE_ELINE : 0;
}

HOT size_t word_count(const struct line *line)
{
	return (line->edges + 1) / 2;
}

HOT size_t word_start(const struct line *line, size_t index)
{
	return line->edge[2 * index];
}

HOT size_t word_end(const struct line *line, size_t index)
{
	return 2 * index + 1 < line->edges ? line->edge[2 * index + 1] : line->end;
}

HOT struct wire_slice word(const char *buf, const struct line *line, size_t index)
{
	size_t start = word_start(line, index);
	return wire_slice(buf + start, word_end(line, index) - start);
}

/* The word as a number: decimal digits only; -1 for anything else. Read from the right, because where a line
 * ends is known earlier than where its last word starts, and the next operation waits for this number. */
HOT int64_t read_size(const char *buf, const struct line *line, size_t index)
{
	size_t end = word_end(line, index), digits = end - word_start(line, index);
	int64_t value = 0, weight = 1;
	if (digits > SIZE_DIGITS_MAX)
		return -1;
	for (size_t i = 1; i <= digits; i++, weight *= 10) {
		unsigned digit = (unsigned char)buf[end - i] - (unsigned)'0';
		if (digit > 9)
			return -1;
		value += weight * digit;
	}
	return value;
}

/* subject [reply] [hdr] total, or with_sid: subject sid [reply] [hdr] total. Returns the total or an error.
 * Writes each member of *op except the verb exactly once: calling init_op first would write them twice. */
HOT int64_t read_message(const char *buf, const struct line *line, const struct wire_limits *limits,
			 struct wire_op *op, bool with_sid, bool with_headers)
{
	const struct wire_slice none = {NULL, 0};
	size_t least = 2u + with_sid + with_headers, count = word_count(line);
	if (count != least && count != least + 1)
		return WIRE_EARGUMENT;
	int64_t total = read_size(buf, line, count - 1);
	int64_t headers = with_headers ? read_size(buf, line, count - 2) : 0;
	if (total < 0 || headers < 0 || headers > total)
		return WIRE_EARGUMENT;
	if (total > (int64_t)limits->max_payload)
		return WIRE_EPAYLOAD;
	size_t size_start = word_start(line, with_headers ? count - 2 : count - 1);
	op->subject = word(buf, line, 0);
	op->sid = with_sid ? word(buf, line, 1) : none;
	op->reply = count > least ? word(buf, line, 1u + with_sid) : none;
	op->queue = none;
	op->args = none;
	op->size_text = wire_slice(buf + size_start, word_end(line, count - 1) - size_start);
	op->headers = wire_slice(NULL, (size_t)headers);
	op->payload = wire_slice(NULL, (size_t)(total - headers));
	op->max = 0;
	return total;
}

static int read_sub(const char *buf, const struct line *line, struct wire_op *op)
{
	size_t count = word_count(line);
	if (count != 2 && count != 3)
		return WIRE_EARGUMENT;
	op->subject = word(buf, line, 0);
	if (count == 3)
		op->queue = word(buf, line, 1);
	op->sid = word(buf, line, count - 1);
	return 0;
}

/* A maximum that is not a number counts as none [nats-server 2.9.10, client.go processUnsub]. */
static int read_unsub(const char *buf, const struct line *line, struct wire_op *op)
{
	size_t count = word_count(line);
	if (count != 1 && count != 2)
		return WIRE_EARGUMENT;
	op->sid = word(buf, line, 0);
	int64_t max = count == 2 ? read_size(buf, line, 1) : 0;
	op->max = max > 0 ? (uint64_t)max : 0;
	return 0;
}

struct verb {
	char name[8]; /* upper case */
	uint8_t len;
	bool spaced; /* a blank must follow the name */
	bool text;   /* the rest of the line is one text */
};

/* By enum wire_verb. Bytes between PING, PONG or +OK and the line end are ignored, and INFO and CONNECT need
 * no blank before their text [nats-server 2.9.10, parser.go]. */
static const struct verb verbs[WIRE_VERBS] = {
    [WIRE_INFO] = {"INFO", 4, .text = true},  [WIRE_CONNECT] = {"CONNECT", 7, .text = true},
    [WIRE_PUB] = {"PUB", 3, .spaced = true},  [WIRE_HPUB] = {"HPUB", 4, .spaced = true},
    [WIRE_SUB] = {"SUB", 3, .spaced = true},  [WIRE_UNSUB] = {"UNSUB", 5, .spaced = true},
    [WIRE_MSG] = {"MSG", 3, .spaced = true},  [WIRE_HMSG] = {"HMSG", 4, .spaced = true},
    [WIRE_PING] = {.name = "PING", .len = 4}, [WIRE_PONG] = {.name = "PONG", .len = 4},
    [WIRE_OK] = {.name = "+OK", .len = 3},    [WIRE_ERR] = {"-ERR", 4, .spaced = true, .text = true},
};

const char *wire_verb_name(enum wire_verb verb)
{
	return (unsigned)verb < WIRE_VERBS ? verbs[verb].name : "unknown";
}

static inline char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* 1: buf begins with the verb; 0: it may, when more bytes come; -1: it does not. */
static int begins_with(const char *buf, size_t len, const struct verb *verb)
{
	size_t i = 0;
	while (i < len && i < verb->len && upper(buf[i]) == verb->name[i])
		i++;
	if (i < verb->len)
		return i == len ? 0 : -1;
	if (!verb->spaced)
		return 1;
	return i == len ? 0 : buf[i] == ' ' || buf[i] == '\t' ? 1 : -1;
}

/* 1 with *found; 0 when more bytes are needed; WIRE_EPROTOCOL as soon as it can be no verb. */
static int find_verb(const char *buf, size_t len, enum wire_verb *found)
{
	int result = WIRE_EPROTOCOL;
	for (int i = 0; i < WIRE_VERBS; i++) {
		int match = begins_with(buf, len, &verbs[i]);
		if (match == 1) {
			*found = (enum wire_verb)i;
			return 1;
		}
		if (match == 0)
			result = 0;
	}
	return result;
}

/* Member by member: compilers clear the struct as a whole with an instruction that takes longer than all the
 * rest of a PUB. */
static inline void init_op(struct wire_op *op, enum wire_verb verb)
{
	const struct wire_slice none = {NULL, 0};
	op->verb = verb;
	op->subject = none;
	op->reply = none;
	op->queue = none;
	op->sid = none;
	op->args = none;
	op->size_text = none;
	op->headers = none;
	op->payload = none;
	op->max = 0;
}

/* The text without blanks at its end and, for -ERR, without its quotes. */
static struct wire_slice trim_text(const char *buf, size_t at, size_t end, bool quoted)
{
	while (end > at && (buf[end - 1] == ' ' || buf[end - 1] == '\t'))
		end--;
	if (quoted && end - at >= 2 && buf[at] == '\'' && buf[end - 1] == '\'') {
		at++;
		end--;
	}
	return wire_slice(buf + at, end - at);
}

/* The result of parsing a control line. */
struct cut {
	int64_t line; /* bytes of the line with its line end, 0 or an error, as wire_parse_line returns */
	size_t body;  /* bytes that follow it */
};

/* Parse the rest of a line that is one text or is ignored; `from` is the end of its verb. */
static struct cut parse_text(const char *buf, size_t from, size_t len, const struct wire_limits *limits,
			     struct wire_op *op)
{
	const char *newline = memchr(buf + from, '\n', len - from);
	size_t end = newline ? (size_t)(newline - buf) : len;
	if (end > from && buf[end - 1] == '\r')
		end--;
	if (is_too_long(buf, from, end, limits))
		return (struct cut){.line = WIRE_ELINE};
	if (!newline)
		return (struct cut){0};
	if (verbs[op->verb].text)
		op->args = trim_text(buf, skip_blanks(buf, from, end), end, op->verb == WIRE_ERR);
	return (struct cut){.line = newline + 1 - buf};
}

/* Parse the rest of a line that announces a message; `from` is the end of its verb. */
HOT struct cut parse_message(const char *buf, size_t from, size_t len, const struct wire_limits *limits,
			     struct wire_op *op, bool with_sid, bool with_headers)
{
	struct line line;
	int found = split_line(buf, from, len, limits, &line);
	if (found <= 0)
		return (struct cut){.line = found};
	int64_t total = read_message(buf, &line, limits, op, with_sid, with_headers);
	if (total < 0)
		return (struct cut){.line = total};
	return (struct cut){.line = (int64_t)line.next, .body = (size_t)total + 2};
}

static struct cut parse_subscription(const char *buf, size_t from, size_t len,
				     const struct wire_limits *limits, struct wire_op *op)
{
	struct line line;
	int found = split_line(buf, from, len, limits, &line);
	if (found <= 0)
		return (struct cut){.line = found};
	int error = op->verb == WIRE_SUB ? read_sub(buf, &line, op) : read_unsub(buf, &line, op);
	return (struct cut){.line = error ? error : (int64_t)line.next};
}

static struct cut parse_any(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op)
{
	enum wire_verb verb;
	int found = find_verb(buf, len, &verb);
	if (found <= 0)
		return (struct cut){.line = found};
	init_op(op, verb);
	size_t from = verbs[verb].len;
	switch (verb) {
	case WIRE_PUB: return parse_message(buf, from, len, limits, op, false, false);
	case WIRE_HPUB: return parse_message(buf, from, len, limits, op, false, true);
	case WIRE_MSG: return parse_message(buf, from, len, limits, op, true, false);
	case WIRE_HMSG: return parse_message(buf, from, len, limits, op, true, true);
	case WIRE_SUB:
	case WIRE_UNSUB: return parse_subscription(buf, from, len, limits, op);
	default: return parse_text(buf, from, len, limits, op);
	}
}

/* Hot: nearly everything on a busy wire is PUB or MSG in upper case. */
HOT struct cut parse_line(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op)
{
	if (len >= 4 && memcmp(buf, "PUB ", 4) == 0) {
		op->verb = WIRE_PUB;
		return parse_message(buf, 3, len, limits, op, false, false);
	}
	if (len >= 4 && memcmp(buf, "MSG ", 4) == 0) {
		op->verb = WIRE_MSG;
		return parse_message(buf, 3, len, limits, op, true, false);
	}
	return parse_any(buf, len, limits, op);
}

int64_t wire_parse_line(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op,
			size_t *body, size_t *need)
{
	struct cut cut = parse_line(buf, len, limits, op);
	*body = cut.body;
	if (cut.line == 0)
		*need = len + 1;
	return cut.line;
}

int64_t wire_parse(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op,
		   size_t *need)
{
	struct cut cut = parse_line(buf, len, limits, op);
	if (cut.line == 0)
		*need = len + 1;
	if (cut.line <= 0 || cut.body == 0)
		return cut.line;
	size_t whole = (size_t)cut.line + cut.body;
	if (len >= whole - 1 && buf[whole - 2] != '\r')
		return WIRE_EPROTOCOL;
	if (len < whole) {
		*need = whole;
		return 0;
	}
	if (buf[whole - 1] != '\n')
		return WIRE_EPROTOCOL;
	op->headers.data = buf + cut.line;
	op->payload.data = buf + cut.line + op->headers.len;
	return (int64_t)whole;
}
