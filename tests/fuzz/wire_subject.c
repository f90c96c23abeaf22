/* Fuzz target: two subjects, divided by the first line feed, through everything that compares subjects. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_pair(struct wire_slice a, struct wire_slice b)
{
	bool covers = wire_subject_covers(a, b), overlaps = wire_subject_overlaps(a, b);
	bool matches = wire_subject_matches(a, b);
	require(overlaps == wire_subject_overlaps(b, a));
	if (!wire_subject_is_valid(a) || !wire_subject_is_valid(b))
		return;
	require(!covers || overlaps);
	if (wire_subject_is_literal(b)) {
		require(matches == covers && matches == overlaps);
		require(!wire_subject_is_literal(a) || matches == wire_slice_equal(a, b));
	}
}

static void check_tokens(struct wire_slice subject)
{
	size_t seen = 0;
	struct wire_slice rest = subject, token;
	while (wire_subject_next_token(&rest, &token))
		seen += token.len + 1;
	require(seen == (subject.data ? subject.len + 1 : 0));
	require(!wire_subject_is_literal(subject) || wire_subject_is_valid(subject));
	if (wire_subject_is_valid(subject)) {
		require(wire_subject_is_literal(subject) != wire_subject_has_wildcard(subject));
		require(wire_subject_covers(WIRE_LITERAL(">"), subject));
		require(wire_subject_covers(subject, subject) && wire_subject_overlaps(subject, subject));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *divider = size > 0 ? memchr(text, '\n', size) : NULL;
	if (!divider)
		return 0;
	struct wire_slice a = wire_slice(text, (size_t)(divider - text));
	struct wire_slice b = wire_slice(divider + 1, size - a.len - 1);
	check_tokens(a);
	check_tokens(b);
	check_pair(a, b);
	check_pair(b, a);
	return 0;
}
