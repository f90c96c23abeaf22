#include "wire/subject.h"

bool wire_subject_next_token(struct wire_slice *rest, struct wire_slice *token)
{
	if (!rest->data)
		return false;
	const char *dot = rest->len > 0 ? memchr(rest->data, '.', rest->len) : NULL;
	if (!dot) {
		*token = *rest;
		*rest = wire_slice(NULL, 0);
		return true;
	}
	*token = wire_slice(rest->data, (size_t)(dot - rest->data));
	*rest = wire_slice(dot + 1, rest->len - token->len - 1);
	return true;
}

static inline bool is_token(struct wire_slice token, char c)
{
	return token.len == 1 && token.data[0] == c;
}

static bool has_white_space(struct wire_slice subject)
{
	for (size_t i = 0; i < subject.len; i++)
		if (memchr(" \t\r\n\f", subject.data[i], 5))
			return true;
	return false;
}

bool wire_subject_is_valid(struct wire_slice subject)
{
	struct wire_slice token;
	if (subject.len == 0 || has_white_space(subject))
		return false;
	while (wire_subject_next_token(&subject, &token))
		if (token.len == 0 || (is_token(token, '>') && subject.data))
			return false;
	return true;
}

bool wire_subject_has_wildcard(struct wire_slice subject)
{
	struct wire_slice token;
	while (wire_subject_next_token(&subject, &token))
		if (is_token(token, '*') || (is_token(token, '>') && !subject.data))
			return true;
	return false;
}

bool wire_subject_is_literal(struct wire_slice subject)
{
	return wire_subject_is_valid(subject) && !wire_subject_has_wildcard(subject);
}

static bool has_empty_token(struct wire_slice subject)
{
	struct wire_slice token;
	while (wire_subject_next_token(&subject, &token))
		if (token.len == 0)
			return true;
	return false;
}

bool wire_subject_matches(struct wire_slice pattern, struct wire_slice subject)
{
	struct wire_slice wanted, token;
	while (wire_subject_next_token(&pattern, &wanted)) {
		if (!wire_subject_next_token(&subject, &token) || token.len == 0)
			return false;
		if (is_token(wanted, '>') && !pattern.data)
			return !has_empty_token(subject);
		if (!is_token(wanted, '*') && !wire_slice_equal(wanted, token))
			return false;
	}
	return !subject.data;
}

bool wire_subject_covers(struct wire_slice wide, struct wire_slice narrow)
{
	struct wire_slice a, b;
	while (wire_subject_next_token(&wide, &a)) {
		if (!wire_subject_next_token(&narrow, &b))
			return false;
		if (is_token(a, '>') && !wide.data)
			return true;
		if (is_token(b, '>') && !narrow.data)
			return false;
		if (!is_token(a, '*') && !wire_slice_equal(a, b))
			return false;
	}
	return !narrow.data;
}

bool wire_subject_overlaps(struct wire_slice a, struct wire_slice b)
{
	struct wire_slice x, y;
	while (wire_subject_next_token(&a, &x)) {
		if (!wire_subject_next_token(&b, &y))
			return false;
		if ((is_token(x, '>') && !a.data) || (is_token(y, '>') && !b.data))
			return true;
		if (!is_token(x, '*') && !is_token(y, '*') && !wire_slice_equal(x, y))
			return false;
	}
	return !b.data;
}
