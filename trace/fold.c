#include "trace/fold.h"

#include "wire/subject.h"

enum { HEX_MIN = 8, UUID_BYTES = 36, ULID_BYTES = 26, RANDOM_MIN = 16 };

/* The kinds of characters, as bits; for a token, the kinds of all its characters. */
enum {
	DIGIT = 1 << 0,
	HEX = 1 << 1, /* a to f, A to F */
	SMALL = 1 << 2,
	CAPITAL = 1 << 3,
	HYPHEN = 1 << 4, /* - and _ */
	TIME = 1 << 5,   /* : + */
	OTHER = 1 << 6,
	LETTER = SMALL | CAPITAL
};

static inline unsigned class_of(char c)
{
	if (c >= '0' && c <= '9')
		return DIGIT;
	if (c >= 'a' && c <= 'z')
		return SMALL | (c <= 'f' ? HEX : 0);
	if (c >= 'A' && c <= 'Z')
		return CAPITAL | (c <= 'F' ? HEX : 0);
	if (c == '-' || c == '_')
		return HYPHEN;
	return c == ':' || c == '+' ? TIME : OTHER;
}

struct shape {
	unsigned any;  /* classes of any character */
	size_t hex;    /* characters that are hexadecimal digits */
	size_t digits; /* digits */
	size_t hyphens;
	size_t inner; /* digits before the last letter */
	size_t time;  /* characters that are digits or - _ : + T Z */
	size_t
	    runs; /* of digits, small letters, capitals; a capital and the small letters after it are one */
	size_t crockford; /* digits and letters without I, L, O, U */
};

static bool begins_run(unsigned class, unsigned before)
{
	if (class & HYPHEN || class & before & (DIGIT | SMALL))
		return false;
	return !(class & SMALL && before & CAPITAL);
}

/* A token in capitals is one of small letters: its capitals begin no words. */
static void count_runs(struct shape *shape, struct wire_slice token)
{
	const bool mixed = (shape->any & LETTER) == LETTER;
	unsigned before = 0;
	for (size_t i = 0; i < token.len; i++) {
		unsigned class = class_of(token.data[i]);
		if (!mixed && class & CAPITAL)
			class = (class & ~(unsigned)CAPITAL) | SMALL;
		shape->runs += begins_run(class, before);
		if (!(class & HYPHEN))
			before = class;
	}
}

static struct shape shape_of(struct wire_slice token)
{
	struct shape shape = {0};
	for (size_t i = 0; i < token.len; i++) {
		char c = token.data[i];
		unsigned class = class_of(c);
		shape.any |= class;
		shape.hex += (class & (DIGIT | HEX)) != 0;
		shape.digits += (class & DIGIT) != 0;
		shape.hyphens += (class & HYPHEN) != 0;
		shape.time += (class & (DIGIT | HYPHEN | TIME)) != 0 || c == 'T' || c == 'Z';
		shape.crockford += (class & (DIGIT | LETTER)) != 0 && !memchr("IiLlOoUu", c, 8);
		if (class & LETTER)
			shape.inner = shape.digits;
	}
	return shape;
}

static bool is_number(struct wire_slice token, const struct shape *shape)
{
	return shape->digits > 0 && shape->time == token.len &&
	       (class_of(token.data[0]) & DIGIT || (token.data[0] == '-' && token.len > 1));
}

/* Ends with 8-4-4-4-12 hexadecimal digits, alone or after a hyphen. */
static bool is_uuid(struct wire_slice token, const struct shape *shape)
{
	if (token.len < UUID_BYTES || shape->hyphens < 4)
		return false;
	const char *uuid = token.data + token.len - UUID_BYTES;
	for (size_t i = 0; i < UUID_BYTES; i++) {
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
		if (is_hyphen ? uuid[i] != '-' : !(class_of(uuid[i]) & (DIGIT | HEX)))
			return false;
	}
	return token.len == UUID_BYTES || class_of(uuid[-1]) & HYPHEN;
}

static bool is_hex(struct wire_slice token, const struct shape *shape)
{
	bool has_prefix = token.len > 2 && token.data[0] == '0' && (token.data[1] | 32) == 'x';
	if (has_prefix)
		return shape->hex + 1 == token.len;
	return token.len >= HEX_MIN && shape->hex == token.len && shape->digits > 0;
}

static bool is_ulid(struct wire_slice token, const struct shape *shape)
{
	return token.len == ULID_BYTES && shape->crockford == ULID_BYTES && token.data[0] >= '0' &&
	       token.data[0] <= '7' && (shape->any & LETTER) != LETTER;
}

static bool is_random(struct wire_slice token, struct shape *shape)
{
	if (token.len < RANDOM_MIN || shape->any & (OTHER | TIME))
		return false;
	const bool is_plain = shape->hyphens == 0;
	count_runs(shape, token);
	return shape->runs * 3 >= token.len || (is_plain && shape->inner > 1 && shape->runs * 4 >= token.len);
}

bool trace_fold_is_id(struct wire_slice token)
{
	struct shape shape = shape_of(token);
	return shape.digits > 0 &&
	       (is_number(token, &shape) || is_uuid(token, &shape) || is_hex(token, &shape) ||
		is_ulid(token, &shape) || is_random(token, &shape));
}

/* ---- subjects ---- */

static bool has_digit(struct wire_slice subject)
{
	unsigned found = 0;
	for (size_t i = 0; i < subject.len; i++)
		found |= (unsigned)(subject.data[i] >= '0') & (unsigned)(subject.data[i] <= '9');
	return found != 0;
}

/* Copy to `to`, with '*' in the place of ids. Returns the length; 0 when there is no id. */
static size_t fold_tokens(char *to, struct wire_slice subject)
{
	size_t len = 0;
	bool found = false;
	for (size_t start = 0, end; start <= subject.len; start = end + 1) {
		const char *dot = memchr(subject.data + start, '.', subject.len - start);
		end = dot ? (size_t)(dot - subject.data) : subject.len;
		const struct wire_slice token = wire_slice(subject.data + start, end - start);
		bool is_id = trace_fold_is_id(token);
		memcpy(to + len, is_id ? "*" : token.data, is_id ? 1 : token.len);
		len += is_id ? 1 : token.len;
		if (dot)
			to[len++] = '.';
		found |= is_id;
	}
	return found ? len : 0;
}

static struct wire_slice fold_inbox(struct trace_fold *fold, const char *prefix)
{
	size_t len = strnlen(prefix, TRACE_FOLD_BYTES - 2);
	memcpy(fold->text, prefix, len);
	memcpy(fold->text + len, ".>", 2);
	return wire_slice(fold->text, len + 2);
}

/* The pattern that makes the subject an inbox; the empty slice when it is none. */
static struct wire_slice inbox_of(struct trace_fold *fold, struct wire_slice subject)
{
	const struct trace_inboxes *inboxes = fold->inboxes;
	if (trace_has_inbox_prefix(subject))
		return WIRE_LITERAL(TRACE_INBOX_PATTERN);
	if (!inboxes || !trace_is_inbox(inboxes, subject))
		return wire_slice(NULL, 0);
	for (const char *const *pattern = inboxes->patterns; pattern && *pattern; pattern++)
		if (wire_subject_matches(wire_slice_str(*pattern), subject))
			return wire_slice_str(*pattern);
	return fold_inbox(fold, inboxes->prefix);
}

static struct wire_slice fold_ids(struct trace_fold *fold, struct wire_slice subject)
{
	if (!fold->tokens || subject.len > TRACE_FOLD_BYTES || !has_digit(subject))
		return subject;
	size_t len = fold_tokens(fold->text, subject);
	return len > 0 ? wire_slice(fold->text, len) : subject;
}

/* Where the token number `depth` ends, counted from 1; the length of the subject when it has no more tokens. */
static size_t end_of_tokens(struct wire_slice subject, uint32_t depth)
{
	size_t end = 0;
	for (uint32_t i = 0; i < depth; i++) {
		const char *dot = memchr(subject.data + end, '.', subject.len - end);
		if (!dot)
			return subject.len;
		end = (size_t)(dot - subject.data) + 1;
	}
	return end - 1;
}

/* subject may be in fold->text. */
static struct wire_slice cut(struct trace_fold *fold, struct wire_slice subject)
{
	size_t end = end_of_tokens(subject, fold->depth);
	if (end + 1 >= subject.len || end > TRACE_FOLD_BYTES - 2)
		return subject;
	memmove(fold->text, subject.data, end);
	memcpy(fold->text + end, ".>", 2);
	return wire_slice(fold->text, end + 2);
}

struct wire_slice trace_fold(struct trace_fold *fold, struct wire_slice subject)
{
	struct wire_slice inbox = fold->keeps_inboxes ? wire_slice(NULL, 0) : inbox_of(fold, subject);
	if (inbox.len > 0)
		return inbox;
	subject = fold_ids(fold, subject);
	return fold->depth > 0 ? cut(fold, subject) : subject;
}
