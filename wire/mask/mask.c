#include "wire/mask/mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/mask/rule.h"
#include "wire/mask/steps.h"

struct wire_mask *wire_mask_open(void)
{
	struct wire_mask *mask = calloc(1, sizeof *mask);
	if (mask)
		mask->keeps_length = true;
	return mask;
}

void wire_mask_close(struct wire_mask *mask)
{
	for (unsigned i = 0; mask && i < mask->count; i++)
		wire__mask_rule_close(mask->rules[i]);
	if (mask)
		explicit_bzero(&mask->key, sizeof mask->key);
	free(mask);
}

/* ---- adding rules ---- */

/* Takes the rule. */
static int take(struct wire_mask *mask, struct wire__mask_rule *rule, struct wire_fault *fault)
{
	if (mask->count == WIRE__MASK_RULES_MAX ||
	    (rule->kind == WIRE__MASK_JSON &&
	     !wire__mask_steps_add(&mask->steps, &rule->path, mask->count))) {
		wire__mask_rule_close(rule);
		return wire_fault_set(fault, -E2BIG,
				      "is one rule too many; %d rules with %d steps of paths can be given",
				      (int)WIRE__MASK_RULES_MAX, (int)WIRE__MASK_STEPS_MAX);
	}
	mask->rules[mask->count++] = rule;
	mask->has[rule->kind] = true;
	mask->keeps_length &= rule->action == WIRE__MASK_REDACT || rule->kind == WIRE__MASK_HEADER ||
			      rule->kind == WIRE__MASK_SUBJECT;
	mask->is_by_subject |= rule->subject != NULL;
	return 0;
}

static int add(struct wire_mask *mask, enum wire_mask_option option, const char *text, const char *place,
	       struct wire_fault *fault)
{
	struct wire_fault own;
	struct wire__mask_rule *rule = wire__mask_rule_open(option, text, place, &own);
	if (rule)
		return take(mask, rule, fault);
	return wire_fault_set(fault, own.code, "%s", own.text);
}

int wire_mask_add(struct wire_mask *mask, enum wire_mask_option option, const char *text,
		  struct wire_fault *fault)
{
	char place[32];
	snprintf(place, sizeof place, "rule %u", mask->count + 1);
	return add(mask, option, text, place, fault);
}

/* ---- the lines of a file ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct wire_slice trim(struct wire_slice text)
{
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_blank(*text.data)) {
		text.data++;
		text.len--;
	}
	return text;
}

/* The word that a line begins with, cut off with the blanks after it. */
static enum wire_mask_option take_word(struct wire_slice *line)
{
	static const char *const words[] = {
	    [WIRE_MASK_PAYLOAD] = "payload", [WIRE_MASK_REGEX] = "regex", [WIRE_MASK_SUBJECT] = "subject"};
	for (unsigned i = WIRE_MASK_PAYLOAD; i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);
		if (line->len <= len || memcmp(line->data, words[i], len) != 0 || !is_blank(line->data[len]))
			continue;
		*line = trim(wire_slice(line->data + len, line->len - len));
		return (enum wire_mask_option)i;
	}
	return WIRE_MASK_VALUE;
}

/* A line without blanks around it. */
static int add_line(struct wire_mask *mask, struct wire_slice line, const char *place,
		    struct wire_fault *fault)
{
	struct wire_fault own;
	enum wire_mask_option option = take_word(&line);
	if (memchr(line.data, '\0', line.len))
		return wire_fault_set(fault, -EINVAL, "%s: holds a NUL byte; a file of rules is text", place);
	char *text = strndup(line.data, line.len);
	if (!text)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = add(mask, option, text, place, &own);
	if (error)
		wire_fault_set(fault, error, "%s: \"%.100s\" %s", place, text, own.text);
	free(text);
	return error;
}

int wire_mask_add_lines(struct wire_mask *mask, struct wire_slice text, const char *file,
			struct wire_fault *fault)
{
	int error = 0;
	for (unsigned number = 1; error == 0 && text.len > 0; number++) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		struct wire_slice line = trim(wire_slice(text.data, len));
		char place[300];
		snprintf(place, sizeof place, "%.250s:%u", file, number);
		if (line.len > 0 && *line.data != '#')
			error = add_line(mask, line, place, fault);
		len += end != NULL;
		text = wire_slice(text.data + len, text.len - len);
	}
	return error;
}

/* ---- the key ---- */

static int digit(char c)
{
	const char *found = c ? strchr("0123456789abcdef", c | 0x20) : NULL;
	return found ? (int)(found - "0123456789abcdef") : -1;
}

int wire_mask_set_key(struct wire_mask *mask, struct wire_slice text, struct wire_fault *fault)
{
	enum { DIGITS = 32 };
	uint64_t halves[2] = {0};
	size_t len = text.len;
	while (len > 0 && (is_blank(text.data[len - 1]) || text.data[len - 1] == '\n'))
		len--;
	bool is_key = len == DIGITS;
	for (size_t i = 0; is_key && i < DIGITS; i++) {
		is_key = digit(text.data[i]) >= 0;
		halves[i / 16] = halves[i / 16] << 4 | (uint64_t)digit(text.data[i]);
	}
	if (!is_key)
		return wire_fault_set(fault, -EINVAL,
				      "is not a key; write one with: openssl rand -hex 16 >FILE");
	mask->key = (struct wire__mask_key){.low = halves[0], .high = halves[1]};
	mask->has_key = true;
	return 0;
}

int wire_mask_check(const struct wire_mask *mask, struct wire_fault *fault)
{
	for (unsigned i = 0; i < mask->count; i++)
		if (mask->rules[i]->action == WIRE__MASK_HASH && !mask->has_key)
			return wire_fault_set(
			    fault, -EINVAL,
			    "%s: =hash needs a key; give --mask-key FILE, a file written by "
			    "openssl rand -hex 16",
			    mask->rules[i]->name);
	return 0;
}

/* ---- reports ---- */

void wire_mask_counts(const struct wire_mask *mask, struct wire_mask_counts *counts)
{
	*counts = (struct wire_mask_counts){
	    .messages = mask->messages, .malformed = mask->malformed, .unjudged = mask->unjudged};
}

unsigned wire_mask_unmatched(const struct wire_mask *mask, void (*each)(void *context, const char *rule),
			     void *context)
{
	unsigned count = 0;
	for (unsigned i = 0; i < mask->count; i++) {
		if (mask->rules[i]->has_matched)
			continue;
		count++;
		if (each)
			each(context, mask->rules[i]->name);
	}
	return count;
}

unsigned wire_mask_rules(const struct wire_mask *mask)
{
	return mask->count;
}
