#include "wire/mask/tokens.h"

#include "wire/mask/rule.h"
#include "wire/mask/siphash.h"
#include "wire/subject.h"

static bool is_wildcard(struct wire_slice token)
{
	return token.len == 1 && (*token.data == '*' || *token.data == '>');
}

/* The rule that covers token `number` of the subject; NULL without one. */
static struct wire__mask_rule *find_rule(const struct wire_mask *mask, struct wire_slice subject,
					 bool is_pattern, unsigned number)
{
	for (unsigned i = 0; i < mask->count; i++) {
		struct wire__mask_rule *rule = mask->rules[i];
		if (rule->kind != WIRE__MASK_SUBJECT || rule->token != number)
			continue;
		if (is_pattern ? wire_subject_overlaps(wire_slice_str(rule->subject), subject)
			       : wire__mask_rule_is_about(rule, subject))
			return rule;
	}
	return NULL;
}

/* Append a token, or what replaces it: not *, which alone would be a wildcard. */
static void put_token(const struct wire_mask *mask, struct wire__mask_rule *rule, struct wire_slice token,
		      struct wire__mask_buffer *out)
{
	char hash[WIRE__MASK_HASH_BYTES];
	if (!rule) {
		wire__mask_buffer_add(out, token.data, token.len);
		return;
	}
	rule->has_matched = true;
	switch (rule->action) {
	case WIRE__MASK_REDACT: wire__mask_buffer_fill(out, 'x', token.len); return;
	case WIRE__MASK_DROP: wire__mask_buffer_fill(out, '_', 1); return;
	case WIRE__MASK_HASH:
		wire__siphash_text(&mask->key, token, hash);
		wire__mask_buffer_add(out, hash, sizeof hash);
	}
}

/* Append the subject with its covered tokens replaced. True when there are any. *out has room. */
static bool put_subject(const struct wire_mask *mask, struct wire_slice subject, bool is_pattern,
			struct wire__mask_buffer *out)
{
	struct wire_slice rest = subject, token;
	bool is_changed = false;
	for (unsigned number = 1; wire_subject_next_token(&rest, &token); number++) {
		struct wire__mask_rule *rule = find_rule(mask, subject, is_pattern, number);
		if (token.len == 0 || (is_pattern && is_wildcard(token)))
			rule = NULL;
		if (number > 1)
			wire__mask_buffer_fill(out, '.', 1);
		put_token(mask, rule, token, out);
		is_changed |= rule != NULL;
	}
	return is_changed;
}

/* Tokens grow at most from one byte to a hash. */
static bool reserve(struct wire__mask_buffer *out, struct wire_slice subject)
{
	return wire__mask_buffer_reserve(out, out->len + (subject.len + 1) * WIRE__MASK_HASH_BYTES);
}

bool wire__mask_tokens(const struct wire_mask *mask, struct wire_slice subject, bool is_pattern,
		       struct wire__mask_buffer *out)
{
	out->len = 0;
	if (subject.len == 0)
		return true;
	if (!reserve(out, subject))
		return false;
	if (!put_subject(mask, subject, is_pattern, out))
		out->len = 0;
	return true;
}

/* ---- texts ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* What is between the first and the last double quote of a word; the word itself without two. */
static struct wire_slice inside_quotes(struct wire_slice word)
{
	const char *first = memchr(word.data, '"', word.len), *last = memrchr(word.data, '"', word.len);
	return first && first < last ? wire_slice(first + 1, (size_t)(last - first) - 1) : word;
}

/* A word without the marks that enclose it. */
static struct wire_slice inside_marks(struct wire_slice word)
{
	while (word.len > 0 && memchr("\"'([{<", *word.data, 6)) {
		word.data++;
		word.len--;
	}
	while (word.len > 0 && memchr("\"')]}.,:;!?", word.data[word.len - 1], 11))
		word.len--;
	return word;
}

/* Append the word with this part of it masked. False, with nothing appended, when that is no subject that a rule covers. */
static bool put_part(const struct wire_mask *mask, struct wire_slice word, struct wire_slice part,
		     struct wire__mask_buffer *out)
{
	const char *end = word.data + word.len, *part_end = part.data + part.len;
	const size_t before = out->len;
	if (part.len == 0)
		return false;
	wire__mask_buffer_add(out, word.data, (size_t)(part.data - word.data));
	if (!put_subject(mask, part, true, out)) {
		out->len = before;
		return false;
	}
	wire__mask_buffer_add(out, part_end, (size_t)(end - part_end));
	return true;
}

/* Append a word, which may be a subject or enclose one. True when a rule covers it. */
static bool put_word(const struct wire_mask *mask, struct wire_slice word, struct wire__mask_buffer *out)
{
	if (put_part(mask, word, word, out) || put_part(mask, word, inside_quotes(word), out) ||
	    put_part(mask, word, inside_marks(word), out))
		return true;
	wire__mask_buffer_add(out, word.data, word.len);
	return false;
}

bool wire__mask_quoted(const struct wire_mask *mask, struct wire_slice text, struct wire__mask_buffer *out)
{
	bool is_changed = false;
	out->len = 0;
	if (!reserve(out, text))
		return false;
	for (size_t at = 0, end; at < text.len; at = end) {
		for (end = at; end < text.len && is_blank(text.data[end]); end++)
			;
		wire__mask_buffer_add(out, text.data + at, end - at);
		at = end;
		for (; end < text.len && !is_blank(text.data[end]); end++)
			;
		if (end > at)
			is_changed |= put_word(mask, wire_slice(text.data + at, end - at), out);
	}
	if (!is_changed)
		out->len = 0;
	return true;
}
