#include "wire/mask/matches.h"

#include <stdlib.h>

#include "wire/json_text.h"
#include "wire/regex.h"

bool wire__matches_init(struct wire__matches *matches, const struct wire_mask *mask)
{
	*matches = (struct wire__matches){.mask = mask};
	for (unsigned i = 0; i < mask->count; i++)
		if (mask->rules[i]->kind == WIRE__MASK_REGEX &&
		    wire_regex_open(&matches->regexes[i], wire_slice_str(mask->rules[i]->text), NULL) != 0)
			return false;
	return true;
}

void wire__matches_fini(struct wire__matches *matches)
{
	for (unsigned i = 0; i < WIRE__MASK_RULES_MAX; i++)
		wire_regex_close(matches->regexes[i]);
	wire__edits_fini(&matches->found);
}

static bool is_wanted(const struct wire__matches *matches, const struct wire__mask_plan *plan, unsigned rule)
{
	return matches->regexes[rule] && wire__mask_plan_has_rule(plan, rule);
}

/* ---- finding ---- */

static enum wire__edit_form text_form(const struct wire__matches *matches, unsigned rule)
{
	static const enum wire__edit_form forms[] = {[WIRE__MASK_REDACT] = WIRE__EDIT_STARS,
						     [WIRE__MASK_DROP] = WIRE__EDIT_SHORT,
						     [WIRE__MASK_HASH] = WIRE__EDIT_HASH};
	return forms[matches->mask->rules[rule]->action];
}

static bool find_all(struct wire__matches *matches, unsigned rule, struct wire_slice text)
{
	struct wire_slice match;
	int result;
	for (size_t from = 0; from <= text.len &&
			      (result = wire_regex_next(matches->regexes[rule], text, from, &match)) != 0;) {
		if (result < 0)
			return false;
		const size_t start = (size_t)(match.data - text.data), end = start + match.len;
		const struct wire__edit edit = {.start = start,
						.end = end,
						.form = (uint16_t)text_form(matches, rule),
						.rule = (uint16_t)rule};
		if (match.len > 0 && !wire__edits_add(&matches->found, &edit))
			return false;
		from = end > from ? end : from + 1;
	}
	return true;
}

bool wire__matches_find(struct wire__matches *matches, const struct wire__mask_plan *plan,
			struct wire_slice text)
{
	matches->found.count = 0;
	if (text.len == 0)
		return true;
	for (unsigned i = 0; i < matches->mask->count; i++)
		if (is_wanted(matches, plan, i) && !find_all(matches, i, text))
			return false;
	wire__edits_sort(&matches->found);
	return true;
}

/* ---- in JSON ---- */

/* A walk over the tokens of a JSON text, with the first match and the first edit of a path that end after the token. */
struct walk {
	struct wire__matches *matches;
	const struct wire__mask_plan *plan;
	struct wire_slice text;
	struct wire__edits *edits;
	size_t paths; /* edits of paths, which are first in the list */
	size_t match, path;
};

/* A number, true, false or null cannot be changed in part, nor be removed without what is around it. */
static bool cover_word(struct walk *walk, const struct wire_json_token *token, const struct wire__edit *found)
{
	struct wire__edit edit = {.start = (size_t)(token->text.data - walk->text.data), .rule = found->rule};
	edit.end = edit.start + token->text.len;
	edit.form = token->kind == WIRE_JSON_NUMBER  ? WIRE__EDIT_NUMBER
		    : found->form == WIRE__EDIT_HASH ? WIRE__EDIT_VALUE_HASH
						     : WIRE__EDIT_NULL;
	if (found->form == WIRE__EDIT_HASH)
		edit.form = WIRE__EDIT_VALUE_HASH;
	return wire__edits_add(walk->edits, &edit);
}

/* An escape cannot be cut, so a string that has any is covered whole. */
static bool cover_string(struct walk *walk, size_t start, size_t end, bool is_whole,
			 const struct wire__edit *found)
{
	struct wire__edit edit = *found;
	edit.start = is_whole || found->start < start ? start : found->start;
	edit.end = is_whole || found->end > end ? end : found->end;
	return wire__edits_add(walk->edits, &edit);
}

/* Search what a string with escapes says. 1: a rule was found in it and covers it; 0: none; -1: a limit was exceeded. */
static int search_decoded(struct walk *walk, size_t start, struct wire_slice written)
{
	struct wire_slice match;
	char *said = malloc(written.len + 4);
	size_t len = 0;
	int result = said ? 0 : -1;
	for (size_t at = 0; said && at < written.len;) {
		uint32_t character = wire_json_character(written, &at);
		if (character < WIRE_JSON_STRAY_BYTE)
			len += wire_json_put(said + len, character);
		else
			said[len++] = (char)(character - WIRE_JSON_STRAY_BYTE);
	}
	for (unsigned i = 0; result == 0 && i < walk->matches->mask->count; i++) {
		if (!is_wanted(walk->matches, walk->plan, i))
			continue;
		const struct wire__edit edit = {.start = start,
						.end = start + written.len,
						.form = (uint16_t)text_form(walk->matches, i),
						.rule = (uint16_t)i};
		result = wire_regex_next(walk->matches->regexes[i], wire_slice(said, len), 0, &match);
		if (result > 0 && !wire__edits_add(walk->edits, &edit))
			result = -1;
	}
	free(said);
	return result;
}

/* False when a limit is exceeded. */
static bool cover_token(struct walk *walk, const struct wire_json_token *token)
{
	const struct wire__edits *found = &walk->matches->found;
	const size_t start = (size_t)(token->text.data - walk->text.data), end = start + token->text.len;
	const bool is_string = token->kind == WIRE_JSON_STRING || token->kind == WIRE_JSON_KEY;
	const bool has_escape = is_string && memchr(token->text.data, '\\', token->text.len);
	while (walk->match < found->count && found->list[walk->match].end <= start)
		walk->match++;
	while (walk->path < walk->paths && walk->edits->list[walk->path].end <= start)
		walk->path++;
	if (walk->path < walk->paths && walk->edits->list[walk->path].start <= start)
		return true;
	for (size_t i = walk->match; i < found->count && found->list[i].start < end; i++) {
		bool is_added = is_string ? cover_string(walk, start, end, has_escape, &found->list[i])
					  : cover_word(walk, token, &found->list[i]);
		if (!is_added || !is_string || has_escape)
			return is_added;
	}
	return !has_escape || search_decoded(walk, start, token->text) >= 0;
}

int wire__matches_in_json(struct wire__matches *matches, const struct wire__mask_plan *plan,
			  struct wire_slice text, struct wire__edits *edits)
{
	struct walk walk = {
	    .matches = matches, .plan = plan, .text = text, .edits = edits, .paths = edits->count};
	struct wire_json_token token;
	wire_json_init(&matches->json, text);
	while (wire_json_next(&matches->json, &token) < WIRE_JSON_DONE) {
		bool is_value = token.kind >= WIRE_JSON_KEY;
		if (is_value && !cover_token(&walk, &token))
			return -1;
	}
	if (token.kind == WIRE_JSON_BAD) {
		edits->count = walk.paths;
		return 0;
	}
	wire__edits_sort(edits);
	return 1;
}
