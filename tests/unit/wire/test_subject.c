/* Subjects and wildcards, checked against tables and against slow, obvious definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/subject.h"

struct subject_case {
	const char *text;
	bool valid, literal, wildcard;
};

static void subjects_are_valid_as_nats_server_says(void **state)
{
	(void)state;
	static const struct subject_case cases[] = {{"foo", true, true, false},
						    {"foo.bar.baz", true, true, false},
						    {"foo.*", true, false, true},
						    {"*", true, false, true},
						    {">", true, false, true},
						    {"foo.>", true, false, true},
						    {"*.*.>", true, false, true},
						    {"foo*", true, true, false},
						    {"foo.b*r", true, true, false},
						    {"foo>", true, true, false},
						    {"foo.**", true, true, false},
						    {"foo.>>", true, true, false},
						    {">.foo", false, false, false},
						    {"foo.>.*", false, false, true},
						    {"", false, false, false},
						    {".", false, false, false},
						    {".foo", false, false, false},
						    {"foo.", false, false, false},
						    {"foo..bar", false, false, false},
						    {"foo bar", false, false, false},
						    {"foo\tbar", false, false, false},
						    {"foo\r", false, false, false},
						    {"foo.\n", false, false, false},
						    {"\f", false, false, false},
						    {"\xc3\xbc.\x01", true, true, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_slice text = wire_slice_str(cases[i].text);
		if (wire_subject_is_valid(text) != cases[i].valid)
			fail_msg("valid: %s", cases[i].text);
		if (wire_subject_is_literal(text) != cases[i].literal)
			fail_msg("literal: %s", cases[i].text);
		if (wire_subject_has_wildcard(text) != cases[i].wildcard)
			fail_msg("wildcard: %s", cases[i].text);
	}
	assert_false(wire_subject_is_valid(wire_slice(NULL, 0)));
	assert_false(wire_subject_is_valid(wire_slice("a\0 b", 4)));
	assert_true(wire_subject_is_valid(wire_slice("a\0b", 3)));
}

static void assert_matches(const char *pattern, const char *subject, bool wanted)
{
	if (wire_subject_matches(wire_slice_str(pattern), wire_slice_str(subject)) != wanted)
		fail_msg("\"%s\" on \"%s\" should be %d", pattern, subject, wanted);
}

static void patterns_match_whole_tokens(void **state)
{
	(void)state;
	assert_matches("a.b", "a.b", true);
	assert_matches("a.b", "a.B", false);
	assert_matches("a.b", "a.b.c", false);
	assert_matches("a.b", "a", false);
	assert_matches("a.*", "a.b", true);
	assert_matches("a.*", "a", false);
	assert_matches("a.*", "a.b.c", false);
	assert_matches("*.b", "a.b", true);
	assert_matches("a.>", "a", false);
	assert_matches("a.>", "a.b.c", true);
	assert_matches(">", "a", true);
	assert_matches("a*", "ab", false);
	assert_matches("a*", "a*", true);
	assert_matches("a.*", "a.*", true);
	assert_matches("a.b", "a.*", false);
	assert_matches("a.>", "a.>", true);
	assert_matches("a.>.b", "a.>.b", true);
	assert_matches("a.>.b", "a.x.b", false);
}

static void subjects_with_empty_tokens_are_matched_by_nothing(void **state)
{
	(void)state;
	assert_matches(">", "", false);
	assert_matches(">", "a.", false);
	assert_matches(">", ".a", false);
	assert_matches("a.>", "a.b..c", false);
	assert_matches("a.*", "a.", false);
	assert_matches("a..b", "a..b", false);
}

/* Every subject of up to `depth` tokens out of an alphabet, one after the other. */
struct walk {
	const char *alphabet;
	size_t depth, count;
	unsigned at[4];
	char text[16];
};

static bool next_text(struct walk *walk)
{
	size_t letters = strlen(walk->alphabet), i = 0;
	while (i < walk->count && ++walk->at[i] == letters)
		walk->at[i++] = 0;
	if (i == walk->count && ++walk->count > walk->depth)
		return false;
	for (size_t token = 0; token < walk->count; token++) {
		walk->text[2 * token] = walk->alphabet[walk->at[token]];
		walk->text[2 * token + 1] = '.';
	}
	walk->text[2 * walk->count - 1] = '\0';
	return true;
}

/* The definition, for tokens of one letter: position 0 of both is the start of a token. */
static bool plainly_matches(const char *pattern, const char *subject)
{
	if (*pattern == '>' && pattern[1] == '\0')
		return *subject != '\0';
	if (*pattern == '\0' || *subject == '\0')
		return *pattern == *subject;
	if (*pattern != '*' && *pattern != *subject)
		return false;
	if (pattern[1] == '\0' || subject[1] == '\0')
		return pattern[1] == subject[1];
	return plainly_matches(pattern + 2, subject + 2);
}

static void matching_agrees_with_its_definition(void **state)
{
	(void)state;
	size_t pairs = 0;
	for (struct walk pattern = {.alphabet = "ab*>", .depth = 4}; next_text(&pattern);) {
		if (!wire_subject_is_valid(wire_slice_str(pattern.text)))
			continue;
		for (struct walk subject = {.alphabet = "abc*>", .depth = 4}; next_text(&subject); pairs++)
			assert_matches(pattern.text, subject.text,
				       plainly_matches(pattern.text, subject.text));
	}
	assert_true(pairs > 100000);
}

/* Over all literal subjects one token deeper than the patterns, with a letter that no pattern has. */
static void covering_and_overlapping_agree_with_matching(void **state)
{
	(void)state;
	for (struct walk a = {.alphabet = "ab*>", .depth = 3}; next_text(&a);) {
		struct wire_slice one = wire_slice_str(a.text);
		if (!wire_subject_is_valid(one))
			continue;
		for (struct walk b = {.alphabet = "ab*>", .depth = 3}; next_text(&b);) {
			struct wire_slice two = wire_slice_str(b.text);
			if (!wire_subject_is_valid(two))
				continue;
			bool covers = true, overlaps = false;
			for (struct walk s = {.alphabet = "abc", .depth = 4}; next_text(&s);) {
				bool in_one = plainly_matches(a.text, s.text);
				bool in_two = plainly_matches(b.text, s.text);
				covers = covers && (in_one || !in_two);
				overlaps = overlaps || (in_one && in_two);
			}
			if (wire_subject_covers(one, two) != covers)
				fail_msg("%s covers %s should be %d", a.text, b.text, covers);
			if (wire_subject_overlaps(one, two) != overlaps)
				fail_msg("%s overlaps %s should be %d", a.text, b.text, overlaps);
		}
	}
}

static void tokens_come_one_by_one_and_empty_ones_too(void **state)
{
	(void)state;
	struct wire_slice rest = wire_slice_str("a..bc."), token;
	static const char *const wanted[] = {"a", "", "bc", ""};
	for (size_t i = 0; i < 4; i++) {
		assert_true(wire_subject_next_token(&rest, &token));
		assert_true(wire_slice_equal(token, wire_slice_str(wanted[i])));
	}
	assert_false(wire_subject_next_token(&rest, &token));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subjects_are_valid_as_nats_server_says),
	    cmocka_unit_test(patterns_match_whole_tokens),
	    cmocka_unit_test(subjects_with_empty_tokens_are_matched_by_nothing),
	    cmocka_unit_test(matching_agrees_with_its_definition),
	    cmocka_unit_test(covering_and_overlapping_agree_with_matching),
	    cmocka_unit_test(tokens_come_one_by_one_and_empty_ones_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
