#include "cli/options/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	double factor;
};

/* The factor of the unit at text, its length in *len; 0 when there is none. Longest names come first. */
static double find_unit(const struct unit *units, const char *text, size_t *len)
{
	size_t letters = 0;
	while (isalpha((unsigned char)text[letters]) || (text[letters] & 0x80))
		letters++;
	for (const struct unit *unit = units; unit->name; unit++) {
		if (strlen(unit->name) == letters && strncasecmp(text, unit->name, letters) == 0) {
			*len = letters;
			return unit->factor;
		}
	}
	return 0;
}

/* A decimal number without sign, exponent or blanks; NULL when there is none, else its end. */
static const char *parse_number(const char *text, double *number)
{
	size_t digits = strspn(text, "0123456789");
	size_t len = digits;
	if (text[len] == '.')
		len += 1 + strspn(text + len + 1, "0123456789");
	if (digits == 0 || len > 40)
		return NULL;
	*number = strtod(text, NULL);
	return text + len;
}

int cli_parse_bytes(const char *text, uint64_t *bytes, struct wire_fault *fault)
{
	static const struct unit units[] = {{"", 1},        {"b", 1},        {"k", 1e3},     {"kb", 1e3},
					    {"m", 1e6},     {"mb", 1e6},     {"g", 1e9},     {"gb", 1e9},
					    {"t", 1e12},    {"tb", 1e12},    {"ki", 0x1p10}, {"kib", 0x1p10},
					    {"mi", 0x1p20}, {"mib", 0x1p20}, {"gi", 0x1p30}, {"gib", 0x1p30},
					    {"ti", 0x1p40}, {"tib", 0x1p40}, {NULL, 0}};
	double number = 0;
	size_t len = 0;
	const char *end = parse_number(text, &number);
	double factor = end ? find_unit(units, end, &len) : 0;
	if (factor == 0 || end[len] != '\0' || number * factor >= 0x1p63)
		return wire_fault_set(fault, -EINVAL,
				      "is not a size; write for example 65536, 64KiB or 1GiB");
	*bytes = (uint64_t)(number * factor);
	return 0;
}

/* A duration as a number of seconds. */
static int parse_duration(const char *text, double *seconds, struct wire_fault *fault)
{
	static const struct unit units[] = {{"ns", 1e-9},  {"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3},
					    {"s", 1},      {"m", 60},    {"h", 3600},  {"d", 86400},
					    {"w", 604800}, {NULL, 0}};
	const char *rest = text;

	*seconds = 0;
	do {
		double number = 0;
		size_t len = 0;
		const char *end = parse_number(rest, &number);
		bool is_plain = end && rest == text && *end == '\0';
		double factor = is_plain ? 1 : end ? find_unit(units, end, &len) : 0;
		if (factor == 0)
			return wire_fault_set(fault, -EINVAL,
					      "is not a duration; write for example 250ms, 5m or 1h30m");
		*seconds += number * factor;
		rest = end + len;
	} while (*rest);
	return 0;
}

static int too_long(struct wire_fault *fault)
{
	return wire_fault_set(fault, -EINVAL, "is too long (more than 73 years); write a smaller duration");
}

int cli_parse_duration_ms(const char *text, int64_t *ms, struct wire_fault *fault)
{
	double seconds;
	int error = parse_duration(text, &seconds, fault);

	if (error)
		return error;
	if (seconds * 1e3 >= 0x1p53)
		return too_long(fault);
	*ms = (int64_t)(seconds * 1e3 + 0.5);
	return 0;
}

int cli_parse_duration_ns(const char *text, int64_t *ns, struct wire_fault *fault)
{
	double seconds;
	int error = parse_duration(text, &seconds, fault);

	if (error)
		return error;
	if (seconds * 1e9 >= 0x1p61) /* 73 years */
		return too_long(fault);
	*ns = (int64_t)(seconds * 1e9 + 0.5);
	return 0;
}
