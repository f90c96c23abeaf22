#include "wire/mask/json_scan.h"

#define HOT static inline __attribute__((always_inline))

/* ---- what the grammar is made of: each function leaves `at` after what it read ---- */

HOT void skip_blanks(struct wire__scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

HOT bool take(struct wire__scan *scan, char wanted)
{
	if (scan->at == scan->end || *scan->at != wanted)
		return false;
	scan->at++;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* A backslash and what it escapes. */
static bool skip_escape(struct wire__scan *scan)
{
	size_t left = (size_t)(scan->end - scan->at);
	if (left < 2)
		return false;
	if (scan->at[1] != 'u') {
		bool is_known = memchr("\"\\/bfnrt", scan->at[1], 8) != NULL;
		scan->at += 2;
		return is_known;
	}
	for (int i = 2; i < 6; i++)
		if (left < 6 || !is_hex(scan->at[i]))
			return false;
	scan->at += 6;
	return true;
}

/* The bytes of eight that end a run of plain ones: a quote, a backslash, a control character. Their top bits are set, up to the
 * first of them exactly. */
HOT uint64_t find_special(uint64_t bytes)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	const uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';
	return (((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes) |
		((bytes - ones * 0x20) & ~bytes)) &
	       highs;
}

HOT uint64_t load(const char *at)
{
	uint64_t bytes;
	memcpy(&bytes, at, 8);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(bytes) : bytes;
}

/* Move to the first byte that is not plain, or to the end. Strings are most of a payload. */
HOT void skip_plain(struct wire__scan *scan)
{
	const char *at = scan->at;
	for (; scan->end - at >= 8; at += 8) {
		uint64_t special = find_special(load(at));
		if (special) {
			scan->at = at + (__builtin_ctzll(special) >> 3);
			return;
		}
	}
	while (at < scan->end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
		at++;
	scan->at = at;
}

/* A string whose opening quote was taken, with its closing one. */
HOT bool skip_string(struct wire__scan *scan, bool *has_escape)
{
	for (;;) {
		skip_plain(scan);
		if (take(scan, '"'))
			return true;
		if (scan->at == scan->end || *scan->at != '\\' || !skip_escape(scan))
			return false;
		*has_escape = true;
	}
}

HOT bool is_digit(const struct wire__scan *scan)
{
	return scan->at < scan->end && (unsigned char)(*scan->at - '0') < 10;
}

HOT bool skip_digits(struct wire__scan *scan)
{
	if (!is_digit(scan))
		return false;
	do
		scan->at++;
	while (is_digit(scan));
	return true;
}

HOT bool skip_number(struct wire__scan *scan)
{
	take(scan, '-');
	if (!take(scan, '0') && !skip_digits(scan))
		return false;
	if (take(scan, '.') && !skip_digits(scan))
		return false;
	if (!take(scan, 'e') && !take(scan, 'E'))
		return true;
	if (!take(scan, '+'))
		take(scan, '-');
	return skip_digits(scan);
}

static bool skip_word(struct wire__scan *scan, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

/* ---- edits ---- */

enum type { TEXT, NUMBER, NO_NUMBER, OBJECT, ARRAY };

/* Note that a rule covers the value from `value` to `at`, which with its key begins at `member`. */
static bool cover(struct wire__scan *scan, unsigned rule, enum type type, const char *member,
		  const char *value)
{
	static const uint8_t redacted[] = {[TEXT] = WIRE__EDIT_STARS,
					   [NUMBER] = WIRE__EDIT_NUMBER,
					   [NO_NUMBER] = WIRE__EDIT_NULL,
					   [OBJECT] = WIRE__EDIT_OBJECT,
					   [ARRAY] = WIRE__EDIT_ARRAY};
	struct wire__edit edit = {.start = (size_t)(value - scan->start),
				  .end = (size_t)(scan->at - scan->start),
				  .form = redacted[type],
				  .rule = (uint16_t)rule};
	switch (scan->mask->rules[rule]->action) {
	case WIRE__MASK_REDACT:
		edit.start += type == TEXT;
		edit.end -= type == TEXT;
		break;
	case WIRE__MASK_HASH: edit.form = WIRE__EDIT_VALUE_HASH; break;
	case WIRE__MASK_DROP:
		edit.form = WIRE__EDIT_REMOVE_MEMBER;
		edit.start = (size_t)(member - scan->start);
		break;
	}
	scan->is_too_much = !wire__edits_add(scan->edits, &edit);
	return !scan->is_too_much;
}

/* ---- values: frames[depth + 1].set is set to what the value's own members may match ---- */

HOT bool open_container(struct wire__scan *scan, unsigned rule, const char *member)
{
	bool is_object = *scan->at == '{';
	if (scan->depth == WIRE__SCAN_DEPTH_MAX) {
		scan->is_too_much = true;
		return false;
	}
	struct wire__scan_frame *frame = &scan->frames[++scan->depth];
	frame->index = 0;
	frame->is_object = is_object;
	if (rule != WIRE__MASK_NO_RULE) {
		scan->covered_depth = scan->depth;
		scan->covered = (struct wire__edit){.start = (size_t)(member - scan->start),
						    .end = (size_t)(scan->at - scan->start),
						    .rule = (uint16_t)rule};
		frame->is_idle = true;
	}
	scan->at++;
	return true;
}

HOT bool close_container(struct wire__scan *scan)
{
	enum type type = scan->frames[scan->depth].is_object ? OBJECT : ARRAY;
	bool is_covered = scan->depth == scan->covered_depth;
	scan->depth--;
	if (!is_covered)
		return true;
	scan->covered_depth = 0;
	return cover(scan, scan->covered.rule, type, scan->start + scan->covered.start,
		     scan->start + scan->covered.end);
}

HOT bool scan_scalar(struct wire__scan *scan, enum type *type)
{
	bool has_escape = false;
	*type = NO_NUMBER;
	switch (*scan->at) {
	case '"':
		*type = TEXT;
		scan->at++;
		return skip_string(scan, &has_escape);
	case 't': return skip_word(scan, "true");
	case 'f': return skip_word(scan, "false");
	case 'n': return skip_word(scan, "null");
	default: *type = NUMBER; return skip_number(scan);
	}
}

/* The value at `at`, which a rule may cover, up to its end or into its first member. */
HOT bool scan_value(struct wire__scan *scan, unsigned rule, const char *member)
{
	const char *value = scan->at;
	enum type type;
	if (value == scan->end)
		return false;
	if (*value == '{' || *value == '[')
		return open_container(scan, rule, member);
	if (!scan_scalar(scan, &type))
		return false;
	return rule == WIRE__MASK_NO_RULE || cover(scan, rule, type, member, value);
}

/* The key of a member, and the colon after it. */
HOT bool scan_key(struct wire__scan *scan, const struct wire__scan_frame *frame, unsigned *rule)
{
	bool has_escape = false;
	struct wire__scan_frame *next = &scan->frames[scan->depth + 1];
	if (!take(scan, '"'))
		return false;
	const char *key = scan->at;
	if (!skip_string(scan, &has_escape))
		return false;
	next->is_idle = true;
	if (!frame->is_idle)
		next->is_idle = !wire__mask_steps_key(&scan->mask->steps, frame->set,
						      wire_slice(key, (size_t)(scan->at - 1 - key)),
						      has_escape, next->set, rule);
	skip_blanks(scan);
	if (!take(scan, ':'))
		return false;
	skip_blanks(scan);
	return true;
}

HOT void match_index(struct wire__scan *scan, const struct wire__scan_frame *frame, unsigned *rule)
{
	struct wire__scan_frame *next = &scan->frames[scan->depth + 1];
	next->is_idle = true;
	if (!frame->is_idle)
		next->is_idle =
		    !wire__mask_steps_index(&scan->mask->steps, frame->set, frame->index, next->set, rule);
}

/* The next member of the innermost open container, or its end. */
HOT bool scan_member(struct wire__scan *scan)
{
	struct wire__scan_frame *frame = &scan->frames[scan->depth];
	unsigned rule = WIRE__MASK_NO_RULE;
	skip_blanks(scan);
	if (take(scan, frame->is_object ? '}' : ']'))
		return close_container(scan);
	if (frame->index > 0) {
		if (!take(scan, ','))
			return false;
		skip_blanks(scan);
	}
	const char *member = scan->at;
	if (!frame->is_object)
		match_index(scan, frame, &rule);
	else if (!scan_key(scan, frame, &rule))
		return false;
	frame->index++;
	return scan_value(scan, rule, member);
}

static bool scan_text(struct wire__scan *scan)
{
	skip_blanks(scan);
	if (!scan_value(scan, WIRE__MASK_NO_RULE, scan->at))
		return false;
	while (scan->depth > 0)
		if (!scan_member(scan))
			return false;
	skip_blanks(scan);
	return scan->at == scan->end;
}

enum wire__scan_result wire__scan_json(struct wire__scan *scan, const struct wire_mask *mask,
				       const uint64_t *begins, struct wire_slice text,
				       struct wire__edits *edits)
{
	const char *start = text.data ? text.data : "";
	scan->mask = mask;
	scan->edits = edits;
	scan->at = scan->start = start;
	scan->end = start + text.len;
	scan->depth = scan->covered_depth = 0;
	scan->is_too_much = false;
	memcpy(scan->frames[1].set, begins, mask->steps.words * sizeof *begins);
	scan->frames[1].is_idle = mask->steps.words == 0;
	if (scan_text(scan))
		return WIRE__SCAN_DONE;
	return scan->is_too_much ? WIRE__SCAN_TOO_MUCH : WIRE__SCAN_MALFORMED;
}
