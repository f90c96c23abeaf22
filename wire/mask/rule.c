#include "wire/mask/rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/regex.h"
#include "wire/subject.h"

#define ACTIONS "=redact, =drop or =hash"

static const char *const actions[] = {
    [WIRE__MASK_REDACT] = "redact", [WIRE__MASK_DROP] = "drop", [WIRE__MASK_HASH] = "hash"};

void wire__mask_rule_close(struct wire__mask_rule *rule)
{
	if (!rule)
		return;
	free(rule->name);
	free(rule->subject);
	free(rule->text);
	wire_json_path_fini(&rule->path);
	free(rule);
}

/* ---- parts that several kinds have ---- */

static int refuse(struct wire_fault *fault, const char *why)
{
	return wire_fault_set(fault, -EINVAL, "%s", why);
}

static int keep(char **member, struct wire_slice text, struct wire_fault *fault)
{
	*member = strndup(text.data, text.len);
	return *member ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

static bool is_action(struct wire_slice word, enum wire__mask_action *action)
{
	for (unsigned i = 0; i < sizeof actions / sizeof *actions; i++)
		if (wire_slice_equal(word, wire_slice_str(actions[i]))) {
			*action = (enum wire__mask_action)i;
			return true;
		}
	return false;
}

/* Cut "=ACTION" off the end of *text, where it ends in that. */
static bool take_action(struct wire_slice *text, enum wire__mask_action *action)
{
	const char *equals = text->len > 0 ? memrchr(text->data, '=', text->len) : NULL;
	if (!equals)
		return false;
	size_t len = (size_t)(equals - text->data);
	if (!is_action(wire_slice(equals + 1, text->len - len - 1), action))
		return false;
	text->len = len;
	return true;
}

static bool begins(struct wire_slice text, const char *with)
{
	size_t len = strlen(with);
	return text.len >= len && memcmp(text.data, with, len) == 0;
}

static struct wire_slice without(struct wire_slice text, size_t first)
{
	return wire_slice(text.data + first, text.len - first);
}

static int set_subject(struct wire__mask_rule *rule, struct wire_slice subject, struct wire_fault *fault)
{
	if (!wire_subject_is_valid(subject))
		return wire_fault_set(fault, -EINVAL,
				      "\"%.*s\" is not a subject; write for example orders.> or orders.*.new",
				      (int)subject.len, subject.data);
	return keep(&rule->subject, subject, fault);
}

/* ---- --mask ---- */

static bool is_what(struct wire_slice text)
{
	return begins(text, "$.") || begins(text, "$[") || begins(text, "header:");
}

/* Cut "SUBJECT:" off the beginning of *text. Where a path or a header begins at once, there is none. */
static int take_limit(struct wire__mask_rule *rule, struct wire_slice *text, struct wire_fault *fault)
{
	if (is_what(*text))
		return 0;
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == ':' && is_what(without(*text, i + 1))) {
			struct wire_slice subject = wire_slice(text->data, i);
			*text = without(*text, i + 1);
			return set_subject(rule, subject, fault);
		}
	return refuse(fault, "is neither a JSON path nor a header; write $.card, $..iban, $['odd key'] or "
			     "header:NAME, and SUBJECT: in front to limit it to subjects");
}

/* Where the path ends: at the first = that no quotes and brackets enclose. */
static size_t path_len(struct wire_slice text)
{
	char quote = '\0';
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (i > 0 && text.data[i - 1] == '[' && (c == '\'' || c == '"'))
			quote = c;
		else if (c == '=')
			return i;
	}
	return text.len;
}

/* The action at the end of a --mask rule, which nothing else can be. */
static int set_action(struct wire__mask_rule *rule, struct wire_slice rest, const char *hint,
		      struct wire_fault *fault)
{
	if (rest.len == 0 || is_action(without(rest, 1), &rule->action))
		return 0;
	return wire_fault_set(fault, -EINVAL, "\"%.*s\" is not an action; write " ACTIONS "%s", (int)rest.len,
			      rest.data, hint);
}

static int read_path(struct wire__mask_rule *rule, struct wire_slice text, struct wire_fault *fault)
{
	size_t len = path_len(text);
	rule->kind = WIRE__MASK_JSON;
	int error = set_action(rule, without(text, len), "; a key that holds = is written $['a=b']", fault);
	if (!error)
		error = keep(&rule->text, wire_slice(text.data, len), fault);
	if (!error && !wire_json_path_parse(&rule->path, rule->text))
		error =
		    refuse(fault, "is not a JSON path; write for example $.card, $.items[*].price, $..iban "
				  "or $['odd key']; --mask-payload masks whole payloads");
	return error;
}

static bool is_header_name(struct wire_slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == ':')
			return false;
	return name.len > 0;
}

static int read_header(struct wire__mask_rule *rule, struct wire_slice text, struct wire_fault *fault)
{
	struct wire_slice name = without(text, strlen("header:"));
	const char *equals = name.len > 0 ? memchr(name.data, '=', name.len) : NULL;
	struct wire_slice rest = without(name, equals ? (size_t)(equals - name.data) : name.len);
	name.len -= rest.len;
	rule->kind = WIRE__MASK_HEADER;
	int error = set_action(rule, rest, "", fault);
	if (!error && !is_header_name(name))
		error = refuse(fault, "has no name of a header; write header:NAME, for example "
				      "header:Authorization");
	return error ? error : keep(&rule->text, name, fault);
}

static int read_value(struct wire__mask_rule *rule, struct wire_slice text, struct wire_fault *fault)
{
	int error = take_limit(rule, &text, fault);
	if (error)
		return error;
	return begins(text, "header:") ? read_header(rule, text, fault) : read_path(rule, text, fault);
}

/* ---- --mask-payload ---- */

static int read_payload(struct wire__mask_rule *rule, struct wire_slice text, struct wire_fault *fault)
{
	rule->kind = WIRE__MASK_PAYLOAD;
	if (!take_action(&text, &rule->action) && memchr(text.data, '=', text.len))
		return refuse(fault,
			      "does not end in " ACTIONS "; write it also where the subject itself holds =");
	return set_subject(rule, text, fault);
}

/* ---- --mask-regex ---- */

/* What stands before the first colon could be meant as a subject. */
static bool may_be_limit(struct wire_slice text)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$.*>";
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == ':')
			return i > 0;
		if (!memchr(usual, text.data[i], sizeof usual - 1))
			return false;
	}
	return false;
}

/* The place of the first slash of SUBJECT:/RE/ or /RE/; text.len: it is not written with slashes. */
static size_t find_slashes(struct wire_slice text)
{
	if (text.len < 2 || text.data[text.len - 1] != '/')
		return text.len;
	if (text.data[0] == '/')
		return 0;
	for (size_t i = 1; i + 2 < text.len; i++)
		if (text.data[i - 1] == ':' && text.data[i] == '/')
			return i;
	return text.len;
}

/* Maskers have compiled expressions of their own; here it is only seen whether it compiles. */
static int check_regex(const struct wire__mask_rule *rule, struct wire_fault *fault)
{
	struct wire_regex *regex;
	int error = wire_regex_open(&regex, wire_slice_str(rule->text), fault);
	if (!error)
		wire_regex_close(regex);
	return error;
}

static int read_regex(struct wire__mask_rule *rule, struct wire_slice text, struct wire_fault *fault)
{
	int error = 0;
	rule->kind = WIRE__MASK_REGEX;
	take_action(&text, &rule->action);
	size_t slash = find_slashes(text);
	if (slash == text.len && may_be_limit(text))
		return refuse(fault,
			      "may begin with a subject or be all expression; write SUBJECT:/RE/ or /RE/");
	if (slash > 0 && slash < text.len)
		error = set_subject(rule, wire_slice(text.data, slash - 1), fault);
	if (slash < text.len)
		text = wire_slice(text.data + slash + 1, text.len - slash - 2);
	if (!error && text.len == 0)
		error = refuse(fault, "is an empty expression");
	if (!error)
		error = keep(&rule->text, text, fault);
	return error ? error : check_regex(rule, fault);
}

/* ---- --mask-subject ---- */

static unsigned count_tokens(struct wire_slice subject)
{
	struct wire_slice token;
	unsigned count = 0;
	while (wire_subject_next_token(&subject, &token))
		count++;
	return count;
}

/* Read the number after the last = of *text and cut it off. False when there is none from 1 to 999. */
static bool take_token(struct wire_slice *text, unsigned *token)
{
	const char *equals = text->len > 0 ? memrchr(text->data, '=', text->len) : NULL;
	*token = 0;
	if (!equals)
		return false;
	size_t len = (size_t)(equals - text->data);
	for (size_t i = len + 1; i < text->len; i++) {
		if (text->data[i] < '0' || text->data[i] > '9' || *token > 99)
			return false;
		*token = *token * 10 + (unsigned)(text->data[i] - '0');
	}
	text->len = len;
	return *token > 0;
}

static int read_subject(struct wire__mask_rule *rule, struct wire_slice text, struct wire_fault *fault)
{
	rule->kind = WIRE__MASK_SUBJECT;
	take_action(&text, &rule->action);
	if (!take_token(&text, &rule->token))
		return refuse(fault, "has no number of a token; write SUBJECT=N, then perhaps " ACTIONS
				     ": users.*.profile=2");
	int error = set_subject(rule, text, fault);
	if (!error && rule->token > count_tokens(text) && text.data[text.len - 1] != '>')
		error = wire_fault_set(fault, -EINVAL, "has no token %u; the first token is 1", rule->token);
	return error;
}

/* ---- the whole ---- */

/* Owned; NULL when out of memory. */
static char *join(const char *word, const char *text)
{
	char *joined;
	return asprintf(&joined, "%s%s", word, text) < 0 ? NULL : joined;
}

/* The pattern of a rule about a token, without that token. Owned. */
static char *hide_token(const struct wire__mask_rule *rule)
{
	struct wire_slice rest = wire_slice_str(rule->subject), token = {0};
	for (unsigned i = 0; i < rule->token && wire_subject_next_token(&rest, &token); i++)
		continue;
	char *name = NULL;
	bool is_literal = rule->token <= count_tokens(wire_slice_str(rule->subject)) &&
			  !wire_slice_equal(token, WIRE_LITERAL(">"));
	int start = is_literal ? (int)(token.data - rule->subject) : (int)strlen(rule->subject);
	if (asprintf(&name, "subject %.*s%s%s=%u", start, rule->subject, is_literal ? "*" : "",
		     is_literal ? token.data + token.len : "", rule->token) < 0)
		return NULL;
	return name;
}

/* How reports name the rule. An expression may be the secret itself, and so may a token that is to be masked. */
static int set_name(struct wire__mask_rule *rule, const char *text, const char *place,
		    struct wire_fault *fault)
{
	if (rule->kind == WIRE__MASK_SUBJECT)
		rule->name = hide_token(rule);
	else if (rule->kind == WIRE__MASK_REGEX)
		rule->name = join("regex of ", place);
	else
		rule->name = join(rule->kind == WIRE__MASK_PAYLOAD ? "payload " : "", text);
	return rule->name ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int read_rule(struct wire__mask_rule *rule, enum wire_mask_option option, struct wire_slice text,
		     struct wire_fault *fault)
{
	if (text.len == 0)
		return refuse(fault, "is empty");
	switch (option) {
	case WIRE_MASK_VALUE: return read_value(rule, text, fault);
	case WIRE_MASK_PAYLOAD: return read_payload(rule, text, fault);
	case WIRE_MASK_REGEX: return read_regex(rule, text, fault);
	case WIRE_MASK_SUBJECT: return read_subject(rule, text, fault);
	}
	return refuse(fault, "is no rule");
}

struct wire__mask_rule *wire__mask_rule_open(enum wire_mask_option option, const char *text,
					     const char *place, struct wire_fault *fault)
{
	struct wire__mask_rule *rule = calloc(1, sizeof *rule);
	int error = rule ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (!error)
		error = read_rule(rule, option, wire_slice_str(text), fault);
	if (!error)
		error = set_name(rule, text, place, fault);
	if (!error)
		return rule;
	wire__mask_rule_close(rule);
	return NULL;
}

bool wire__mask_rule_is_about(const struct wire__mask_rule *rule, struct wire_slice subject)
{
	const struct wire_slice about = wire_slice_str(rule->subject);
	return wire_subject_matches(about, subject) || wire_subject_covers(about, subject);
}
