#include "wire/mask/header_block.h"

#include <strings.h>

/* A line of the block, by offsets: name, colon, value, line end. */
struct line {
	size_t start, name_end, value, value_end, end;
	bool is_status;    /* the first line, NATS/1.0 */
	bool is_continued; /* begins with a blank: it belongs to the line before */
	bool is_odd;       /* neither of these, nor `Name: value` */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A carriage return or a NUL inside a line ends it for some readers. */
static bool has_stray(const char *data, size_t len)
{
	return memchr(data, '\r', len) || memchr(data, '\0', len);
}

static void split(struct wire_slice block, struct line *line)
{
	const char *data = block.data;
	const char *colon = memchr(data + line->start, ':', line->value_end - line->start);
	line->value = line->name_end = line->start;
	line->is_continued = line->start > 0 && line->value_end > line->start && is_blank(data[line->start]);
	bool has_version = line->start == 0 && line->value_end >= 8 && memcmp(data, "NATS/1.0", 8) == 0;
	line->is_status = has_version && (line->value_end == 8 || is_blank(data[8]));
	if (line->is_status)
		line->value = line->name_end = 8;
	line->is_odd = has_stray(data + line->start, line->value_end - line->start) ||
		       has_version != line->is_status || (!colon && !line->is_continued && !line->is_status);
	if (line->is_odd || line->is_continued || line->is_status)
		return;
	line->name_end = (size_t)(colon - data);
	line->value = line->name_end + 1;
	while (line->name_end > line->start && is_blank(data[line->name_end - 1]))
		line->name_end--;
}

/* The line that begins at `start`. */
static struct line read_line(struct wire_slice block, size_t start)
{
	struct line line = {.start = start};
	const char *feed = memchr(block.data + start, '\n', block.len - start);
	line.value_end = feed ? (size_t)(feed - block.data) : block.len;
	line.end = line.value_end + (feed != NULL);
	if (line.value_end > start && block.data[line.value_end - 1] == '\r')
		line.value_end--;
	split(block, &line);
	while (line.value_end > line.value && is_blank(block.data[line.value_end - 1]))
		line.value_end--;
	while (line.value < line.value_end && is_blank(block.data[line.value]))
		line.value++;
	return line;
}

/* The name of a line. One that begins with a blank may be a header of its own to those who read it. */
static struct wire_slice name_of(struct wire_slice block, const struct line *line)
{
	size_t start = line->start, end = line->name_end;
	if (line->is_continued) {
		while (start < line->value_end && is_blank(block.data[start]))
			start++;
		const char *colon = memchr(block.data + start, ':', line->value_end - start);
		end = colon ? (size_t)(colon - block.data) : start;
		while (end > start && is_blank(block.data[end - 1]))
			end--;
	}
	return wire_slice(block.data + start, end - start);
}

/* The rule that covers the value of a line; of one that continues another, that one's if it has any. */
static unsigned find_rule(const struct wire__matches *matches, const struct wire__mask_plan *plan,
			  struct wire_slice block, const struct line *line, unsigned before)
{
	const struct wire_slice name = name_of(block, line);
	if (line->is_continued && before != WIRE__MASK_NO_RULE)
		return before;
	for (unsigned i = 0; !line->is_status && i < matches->mask->count; i++) {
		const struct wire__mask_rule *rule = matches->mask->rules[i];
		if (rule->kind == WIRE__MASK_HEADER && wire__mask_plan_has_rule(plan, i) &&
		    strlen(rule->text) == name.len && strncasecmp(rule->text, name.data, name.len) == 0)
			return i;
	}
	return WIRE__MASK_NO_RULE;
}

static bool cover(struct wire__edits *edits, size_t start, size_t end, enum wire__edit_form form,
		  unsigned rule)
{
	const struct wire__edit edit = {
	    .start = start, .end = end, .form = (uint16_t)form, .rule = (uint16_t)rule};
	return end <= start || wire__edits_add(edits, &edit);
}

static bool cover_line(const struct wire__matches *matches, const struct line *line, unsigned rule,
		       struct wire__edits *edits)
{
	switch (matches->mask->rules[rule]->action) {
	case WIRE__MASK_DROP: return cover(edits, line->start, line->end, WIRE__EDIT_REMOVE, rule);
	case WIRE__MASK_HASH: return cover(edits, line->value, line->value_end, WIRE__EDIT_HASH, rule);
	default: return cover(edits, line->value, line->value_end, WIRE__EDIT_STARS, rule);
	}
}

/* What the expressions match of a line: in its name it is redacted, so that the name stays one. *first is the first match
 * that does not end before the line: lines come in order. */
static bool cover_matches(const struct wire__matches *matches, const struct line *line, size_t *first,
			  struct wire__edits *edits)
{
	const struct wire__edits *found = &matches->found;
	while (*first < found->count && found->list[*first].end <= line->start)
		++*first;
	for (size_t i = *first; i < found->count && found->list[i].start < line->value_end; i++) {
		const struct wire__edit *match = &found->list[i];
		size_t name = match->start > line->start ? match->start : line->start;
		size_t name_end = match->end < line->name_end ? match->end : line->name_end;
		size_t value = match->start > line->value ? match->start : line->value;
		size_t value_end = match->end < line->value_end ? match->end : line->value_end;
		if (!line->is_status && !cover(edits, name, name_end, WIRE__EDIT_STARS, match->rule))
			return false;
		if (!cover(edits, value, value_end, (enum wire__edit_form)match->form, match->rule))
			return false;
	}
	return true;
}

static bool cover_all_lines(struct wire_slice block, struct wire__edits *edits)
{
	edits->count = 0;
	for (size_t at = 0; at < block.len;) {
		struct line line = read_line(block, at);
		size_t start = line.is_status ? line.value : line.start;
		if (!cover(edits, start, line.value_end, WIRE__EDIT_STARS, WIRE__MASK_NO_RULE)) {
			wire__edits_cover(edits, block.len, WIRE__EDIT_STARS, WIRE__MASK_NO_RULE);
			return false;
		}
		at = line.end;
	}
	return false;
}

/* How a line is judged, and with it the lines that continue it. */
struct judged {
	unsigned rule;
	size_t match;   /* see cover_matches */
	bool is_hidden; /* its name cannot be told, and a rule asks for one */
};

static bool judge_line(const struct wire__matches *matches, const struct wire__mask_plan *plan,
		       struct wire_slice block, const struct line *line, struct judged *judged,
		       struct wire__edits *edits)
{
	bool is_empty = line->value_end == line->start;
	judged->rule = find_rule(matches, plan, block, line, judged->rule);
	if (!line->is_continued || line->is_odd)
		judged->is_hidden = line->is_odd && plan->has[WIRE__MASK_HEADER] && !is_empty;
	if (judged->is_hidden)
		return cover(edits, line->start, line->value_end, WIRE__EDIT_STARS, WIRE__MASK_NO_RULE);
	if (judged->rule != WIRE__MASK_NO_RULE)
		return cover_line(matches, line, judged->rule, edits);
	return cover_matches(matches, line, &judged->match, edits);
}

bool wire__header_block_judge(struct wire__matches *matches, const struct wire__mask_plan *plan,
			      struct wire_slice block, bool is_partial, struct wire__edits *edits)
{
	const bool has_regex = plan->has[WIRE__MASK_REGEX];
	struct judged judged = {.rule = WIRE__MASK_NO_RULE};
	edits->count = matches->found.count = 0;
	if (block.len == 0 || (!plan->has[WIRE__MASK_HEADER] && !has_regex))
		return true;
	if (is_partial || (has_regex && !wire__matches_find(matches, plan, block)))
		return cover_all_lines(block, edits);
	for (size_t at = 0; at < block.len;) {
		struct line line = read_line(block, at);
		if (!judge_line(matches, plan, block, &line, &judged, edits))
			return cover_all_lines(block, edits);
		at = line.end;
	}
	return true;
}
