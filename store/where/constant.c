#include "store/where/constant.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "store/where/operands.h"
#include "wire/event.h"

/* The state of reading one value. */
struct reading {
	struct store__where_test *test;
	const struct store__token *token;
	const struct store__lexer *lexer;
	const struct store_where_times *times;
	struct wire_fault *fault;
};

static int complain(const struct reading *reading, const char *expected)
{
	const struct wire_slice text = reading->token->text;
	const char *name = store__operand(reading->test->operand)->name;
	if (reading->token->hint)
		return store__lexer_fault(reading->lexer, reading->token->start, reading->fault, "%s",
					  reading->token->hint);
	if (reading->token->kind == STORE__TOKEN_END)
		return store__lexer_fault(reading->lexer, reading->token->start, reading->fault,
					  "expected %s, found the end", expected);
	if (reading->test->operand == STORE__WHERE_JSON)
		return store__lexer_fault(reading->lexer, reading->token->start, reading->fault,
					  "expected %s, found \"%.*s\"", expected, (int)text.len, text.data);
	return store__lexer_fault(reading->lexer, reading->token->start, reading->fault,
				  "\"%s\" is compared with %s, not with \"%.*s\"", name, expected,
				  (int)text.len, text.data);
}

/* ---- texts ---- */

/* A backslash before a quote or a backslash is left out; others stay, as regular expressions need them. */
static size_t unescape(char *out, struct wire_slice written)
{
	size_t len = 0;
	for (size_t i = 0; i < written.len; i++) {
		char next = i + 1 < written.len ? written.data[i + 1] : '\0';
		if (written.data[i] == '\\' && (next == '"' || next == '\'' || next == '\\'))
			i++;
		out[len++] = written.data[i];
	}
	return len;
}

static int read_text(const struct reading *reading)
{
	struct store__where_constant *constant = &reading->test->constant;
	constant->kind = STORE__TEXT;
	constant->text = malloc(reading->token->text.len + 1);
	if (!constant->text)
		return wire_fault_set(reading->fault, -ENOMEM, "out of memory");
	constant->len = unescape(constant->text, reading->token->text);
	constant->text[constant->len] = '\0';
	return 0;
}

static int read_regex(const struct reading *reading)
{
	struct wire_fault fault;
	if (reading->token->kind != STORE__TOKEN_STRING)
		return complain(reading, "a regular expression in quotes");
	int error = read_text(reading);
	if (error)
		return error;
	const struct wire_slice pattern =
	    wire_slice(reading->test->constant.text, reading->test->constant.len);
	error = wire_regex_open(&reading->test->regex, pattern, &fault);
	return error != STORE_EFILTER ? error
				      : store__lexer_fault(reading->lexer, reading->token->start,
							   reading->fault, "%s", fault.text);
}

/* ---- numbers ---- */

/* The number of bytes of a unit; 0 when it is none. */
static double unit_bytes(struct wire_slice unit)
{
	static const char prefixes[] = "kmgt";
	const char *prefix = unit.len > 0 ? memchr(prefixes, unit.data[0] | 0x20, sizeof prefixes - 1) : NULL;
	if (unit.len == 0 || (unit.len == 1 && (unit.data[0] | 0x20) == 'b'))
		return 1;
	if (!prefix)
		return 0;
	const struct wire_slice rest = wire_slice(unit.data + 1, unit.len - 1);
	bool is_binary = (rest.len == 1 || rest.len == 2) && strncasecmp(rest.data, "ib", rest.len) == 0;
	if (rest.len > 0 && !is_binary && !(rest.len == 1 && (rest.data[0] | 0x20) == 'b'))
		return 0;
	double bytes = 1;
	for (const char *each = prefixes; each <= prefix; each++)
		bytes *= is_binary ? 1024 : 1000;
	return bytes;
}

/* The end of the number that the text begins with: a unit has no digits, and an exponent ends with one. */
static size_t number_len(struct wire_slice text)
{
	size_t len = text.len;
	while (len > 0 && !(text.data[len - 1] >= '0' && text.data[len - 1] <= '9'))
		len--;
	return len;
}

static int read_number(const struct reading *reading)
{
	const struct wire_slice text = reading->token->text;
	struct store__where_constant *constant = &reading->test->constant;
	size_t len = number_len(text);
	double unit = unit_bytes(wire_slice(text.data + len, text.len - len));
	constant->kind = STORE__NUMBER;
	if (!store__number_read(wire_slice(text.data, len), &constant->number) || unit == 0)
		return store__lexer_fault(
		    reading->lexer, reading->token->start, reading->fault,
		    "\"%.*s\" is no number; its unit may be k, M, G (1000), Ki, Mi, Gi (1024)", (int)text.len,
		    text.data);
	double value = constant->number.real * unit;
	if (unit != 1 && value == (double)(int64_t)value)
		constant->number = store__number_of((int64_t)value);
	else if (unit != 1)
		constant->number = (struct store__number){.real = value};
	return 0;
}

/* ---- times ---- */

static int read_time(const struct reading *reading)
{
	struct store__where_constant *constant = &reading->test->constant;
	struct wire_fault fault;
	int64_t ns;
	int error = read_text(reading);
	if (error)
		return error;
	if (!reading->times ||
	    reading->times->parse(reading->times->context, constant->text, &ns, &fault) != 0)
		return store__lexer_fault(reading->lexer, reading->token->start, reading->fault, "\"%s\" %s",
					  constant->text, reading->times ? fault.text : "is no time");
	constant->kind = STORE__NUMBER;
	constant->number = store__number_of(ns);
	return 0;
}

/* Two digits up to max. -1: there are none. */
static int two_digits(const char *at, int max)
{
	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return -1;
	int value = (at[0] - '0') * 10 + (at[1] - '0');
	return value <= max ? value : -1;
}

/* "HH:MM" or "HH:MM:SS"; 24:00 is the end of the day. */
static int read_clock(const struct reading *reading)
{
	struct store__where_constant *constant = &reading->test->constant;
	int error = read_text(reading);
	if (error)
		return error;
	const char *text = constant->text;
	bool has_seconds = constant->len == 8 && text[5] == ':';
	int hour = constant->len >= 5 ? two_digits(text, 24) : -1;
	int minute = hour >= 0 && text[2] == ':' ? two_digits(text + 3, 59) : -1;
	int second = has_seconds ? two_digits(text + 6, 59) : 0;
	if (minute < 0 || second < 0 || (constant->len != 5 && !has_seconds) ||
	    (hour == 24 && minute + second > 0))
		return complain(reading, "a time of day in quotes (\"07:30\" or \"07:30:15\")");
	constant->kind = STORE__NUMBER;
	constant->number = store__number_of((INT64_C(3600) * hour + 60 * minute + second) * 1000000000);
	return 0;
}

/* ---- which of them ---- */

static bool read_word(const struct reading *reading)
{
	static const struct {
		const char *word;
		int kind;
	} words[] = {{"true", STORE__TRUE}, {"false", STORE__FALSE}, {"null", STORE__NULL}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (wire_slice_equal(reading->token->text, wire_slice_str(words[i].word))) {
			reading->test->constant.kind = words[i].kind;
			return reading->token->kind == STORE__TOKEN_WORD;
		}
	return false;
}

static bool is_order(const struct store__where_test *test)
{
	return test->operator>= STORE__WHERE_LESS && test->operator<= STORE__WHERE_GREATER_EQUAL;
}

static int read_kind(const struct reading *reading)
{
	static const char expected[] =
	    "\"message\", \"delivery\", \"connect\", \"disconnect\", \"subscribe\", "
	    "\"unsubscribe\", \"error\", \"mark\" or \"gap\"";
	if (reading->token->kind != STORE__TOKEN_STRING)
		return complain(reading, expected);
	for (int kind = 0; kind < WIRE_EVENT_KINDS; kind++)
		if (wire_slice_equal(reading->token->text,
				     wire_slice_str(wire_event_kind_name((enum wire_event_kind)kind))))
			return read_text(reading);
	return complain(reading, expected);
}

static int read_json(const struct reading *reading)
{
	switch (reading->token->kind) {
	case STORE__TOKEN_STRING: return read_text(reading);
	case STORE__TOKEN_NUMBER: return read_number(reading);
	default: break;
	}
	if (!is_order(reading->test) && read_word(reading))
		return 0;
	return complain(reading, is_order(reading->test)
				     ? "a string in quotes or a number"
				     : "a string in quotes, a number, true, false or null");
}

static int read_plain_text(const struct reading *reading)
{
	switch (reading->token->kind) {
	case STORE__TOKEN_STRING: return read_text(reading);
	case STORE__TOKEN_NUMBER: return read_number(reading);
	default: return complain(reading, "a string in quotes or a number");
	}
}

int store__where_constant(struct store__where_test *test, const struct store__token *token,
			  const struct store__lexer *lexer, const struct store_where_times *times,
			  struct wire_fault *fault)
{
	const struct reading reading = {test, token, lexer, times, fault};
	const enum store__operand_type type = store__operand(test->operand)->type;
	const bool is_value = token->kind == STORE__TOKEN_STRING || token->kind == STORE__TOKEN_NUMBER;
	const bool is_regex =
	    test->operator== STORE__WHERE_MATCHES || test->operator== STORE__WHERE_MATCHES_NOT;
	if (is_regex && (type == STORE__TYPE_JSON || type == STORE__TYPE_TEXT || type == STORE__TYPE_KIND))
		return read_regex(&reading);
	if (is_regex)
		return store__lexer_fault(lexer, token->start, fault,
					  "\"%s\" cannot be matched: compare it with == != < <= > >=",
					  store__operand(test->operand)->name);
	switch (type) {
	case STORE__TYPE_JSON: return read_json(&reading);
	case STORE__TYPE_TEXT: return read_plain_text(&reading);
	case STORE__TYPE_KIND: return read_kind(&reading);
	case STORE__TYPE_NUMBER:
		return token->kind == STORE__TOKEN_NUMBER ? read_number(&reading)
							  : complain(&reading, "a number");
	case STORE__TYPE_TIME:
		return is_value ? read_time(&reading)
				: complain(&reading, "a time in quotes (as --since takes it)");
	case STORE__TYPE_CLOCK:
		return token->kind == STORE__TOKEN_STRING
			   ? read_clock(&reading)
			   : complain(&reading, "a time of day in quotes (\"07:30\" or \"07:30:15\")");
	}
	return STORE_EFILTER;
}
