#include "broker/config/node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

json_t *broker__node(json_t *value, json_t *file, int line)
{
	if (!value)
		return NULL;
	json_t *node = json_object();
	if (node && json_object_set(node, "file", file) == 0 &&
	    json_object_set_new(node, "line", json_integer(line)) == 0 &&
	    json_object_set(node, "value", value) == 0) {
		json_decref(value);
		return node;
	}
	json_decref(node);
	json_decref(value);
	return NULL;
}

/* The factor of a size suffix; 0 when the text is no suffix. */
static int64_t suffix_factor(const char *suffix, size_t len)
{
	static const char letters[] = "kmgtpe";
	static const int64_t decimal[] = {1000,          1000000,          1000000000,
					  1000000000000, 1000000000000000, 1000000000000000000};
	if (len == 0)
		return 1;
	const char *letter = strchr(letters, suffix[0] | 0x20);
	if (!letter)
		return 0;
	if (len == 1)
		return decimal[letter - letters];
	bool is_binary =
	    (len == 2 && (strncasecmp(suffix + 1, "b", 1) == 0 || strncasecmp(suffix + 1, "i", 1) == 0)) ||
	    (len == 3 && strncasecmp(suffix + 1, "ib", 2) == 0);
	return is_binary ? (int64_t)1 << (10 * (letter - letters + 1)) : 0;
}

static json_t *scalar_bool(const char *word, size_t len)
{
	static const char *const truths[] = {"true", "yes", "on"};
	static const char *const lies[] = {"false", "no", "off"};
	for (size_t i = 0; i < 3; i++) {
		if (strlen(truths[i]) == len && strncasecmp(word, truths[i], len) == 0)
			return json_true();
		if (strlen(lies[i]) == len && strncasecmp(word, lies[i], len) == 0)
			return json_false();
	}
	return NULL;
}

/* digits "." digits and nothing else: no address, no version. */
static bool is_float(const char *word, size_t len)
{
	size_t at = word[0] == '-';
	size_t whole = strspn(word + at, "0123456789");
	if (whole == 0 || word[at + whole] != '.')
		return false;
	size_t part = strspn(word + at + whole + 1, "0123456789");
	return part > 0 && at + whole + 1 + part == len;
}

/* The integer that word is, scaled by its suffix. 1 when it is one, 0 when not, -1 when out of range. */
static int scan_integer(const char *word, size_t len, int64_t *number)
{
	size_t digits = strspn(word + (word[0] == '-'), "0123456789") + (word[0] == '-');
	int64_t factor = digits > (word[0] == '-') ? suffix_factor(word + digits, len - digits) : 0;
	if (factor == 0)
		return 0;
	errno = 0;
	*number = strtoll(word, NULL, 10);
	return errno || __builtin_mul_overflow(*number, factor, number) ? -1 : 1;
}

json_t *broker__node_scalar(const char *word, size_t len, json_t *file, int line, struct wire_fault *fault)
{
	int64_t number = 0;
	json_t *value = scalar_bool(word, len);
	int is_integer = value ? 0 : scan_integer(word, len, &number);
	if (is_integer < 0) {
		wire_fault_set(fault, BROKER_ECONFIG, "%s:%d: %.40s is out of range; write a smaller number",
			       json_string_value(file), line, word);
		return NULL;
	}
	if (!value && is_integer)
		value = json_integer(number);
	if (!value && is_float(word, len))
		value = json_real(strtod(word, NULL));
	if (!value)
		value = json_stringn_nocheck(word, len);
	json_t *node = broker__node(value, file, line);
	if (node && is_integer && !strchr("0123456789", word[len - 1]))
		json_object_set_new_nocheck(node, "text", json_stringn_nocheck(word, len));
	if (!node)
		wire_fault_set(fault, -ENOMEM, "out of memory");
	return node;
}

const json_t *broker__node_value(const json_t *node)
{
	return json_object_get(node, "value");
}

const char *broker__node_kind(const json_t *node)
{
	const json_t *value = broker__node_value(node);
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT: return "a block";
	case JSON_ARRAY: return "a list";
	case JSON_STRING: return "a string";
	case JSON_INTEGER: return "a whole number";
	case JSON_REAL: return "a number";
	case JSON_TRUE:
	case JSON_FALSE: return "a boolean";
	case JSON_NULL: break;
	}
	return "nothing";
}

int broker__node_fault(const json_t *node, struct wire_fault *fault, const char *format, ...)
{
	char text[400];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	const char *file = json_string_value(json_object_get(node, "file"));
	int line = (int)json_integer_value(json_object_get(node, "line"));
	return wire_fault_set(fault, BROKER_ECONFIG, "%.90s:%d: %s", file ? file : "", line, text);
}

int broker__node_text(const json_t *node, const char *key, const char **text, struct wire_fault *fault)
{
	const json_t *value = broker__node_value(node);
	if (!json_is_string(value))
		return broker__node_fault(node, fault, "%s: expected a string, found %s; put it in quotes",
					  key, broker__node_kind(node));
	*text = json_string_value(value);
	return 0;
}

int broker__node_copy(const json_t *node, const char *key, char **text, struct wire_fault *fault)
{
	const char *borrowed = NULL;
	int result = broker__node_text(node, key, &borrowed, fault);
	if (result < 0)
		return result;
	char *copy = strdup(borrowed);
	if (!copy)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	free(*text);
	*text = copy;
	return 0;
}

int broker__node_bool(const json_t *node, const char *key, bool *truth, struct wire_fault *fault)
{
	const json_t *value = broker__node_value(node);
	if (!json_is_boolean(value))
		return broker__node_fault(node, fault, "%s: expected true or false, found %s", key,
					  broker__node_kind(node));
	*truth = json_is_true(value);
	return 0;
}

int broker__node_int(const json_t *node, const char *key, int64_t min, int64_t max, int64_t *number,
		     struct wire_fault *fault)
{
	const json_t *value = broker__node_value(node);
	if (!json_is_integer(value))
		return broker__node_fault(node, fault, "%s: expected a whole number, found %s", key,
					  broker__node_kind(node));
	int64_t found = json_integer_value(value);
	if (found < min || found > max)
		return broker__node_fault(node, fault, "%s: %lld is not between %lld and %lld", key,
					  (long long)found, (long long)min, (long long)max);
	*number = found;
	return 0;
}

/* Milliseconds per unit of Go's durations, the unit's length in *len; 0 when there is none. */
static double go_unit_ms(const char *text, size_t *len)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"\xc2\xb5s", 1e-3}, {"\xce\xbcs", 1e-3},
		     {"ms", 1},    {"s", 1e3},   {"m", 60e3},         {"h", 3600e3}};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		*len = strlen(units[i].name);
		if (strncmp(text, units[i].name, *len) == 0)
			return units[i].ms;
	}
	return 0;
}

/* A duration as Go's time.ParseDuration reads it, in milliseconds. */
static bool parse_go_duration(const char *text, double *ms)
{
	double sign = *text == '-' ? -1 : 1;
	text += *text == '-' || *text == '+';
	*ms = 0;
	if (strcmp(text, "0") == 0)
		return true;
	do {
		size_t number = strspn(text, "0123456789.");
		size_t unit = 0;
		char *end;
		double count = number ? strtod(text, &end) : 0;
		double unit_ms = number && end == text + number ? go_unit_ms(text + number, &unit) : 0;
		if (unit_ms <= 0)
			return false;
		*ms += sign * count * unit_ms;
		text += number + unit;
	} while (*text);
	return true;
}

int broker__node_duration(const json_t *node, const char *key, int64_t *ms, struct wire_fault *fault)
{
	const json_t *value = broker__node_value(node);
	/* `2m` without quotes is the number 2000000 by the syntax, but means two minutes. */
	const char *text = json_string_value(json_object_get(node, "text"));
	double found = 0;
	bool is_text = text || json_is_string(value);
	if (!is_text && !json_is_number(value))
		return broker__node_fault(node, fault, "%s: expected a duration like \"2m\", found %s", key,
					  broker__node_kind(node));
	if (is_text && !parse_go_duration(text ? text : json_string_value(value), &found))
		return broker__node_fault(
		    node, fault, "%s: \"%.40s\" is not a duration; write for example \"2m\" or \"1h30m\"",
		    key, text ? text : json_string_value(value));
	if (!is_text)
		found = json_number_value(value) * 1e3;
	if (found > 1e15)
		return broker__node_fault(node, fault, "%s: the duration is too long; write a smaller one",
					  key);
	*ms = found < 0 ? -1 : found > 0 && found < 1 ? 1 : (int64_t)found;
	return 0;
}
