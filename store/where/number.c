#include "store/where/number.h"

#include <stdlib.h>

enum {
	EXACT_DIGITS = 15,   /* a double holds every integer of so many digits */
	INTEGER_DIGITS = 19, /* an int64_t holds no integer of more digits, and not all of so many */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Skip digits. False when there are none. */
static bool skip_digits(const char **at, const char *end)
{
	const char *start = *at;
	while (*at < end && is_digit(**at))
		++*at;
	return *at > start;
}

/* The text is a JSON number; *digits_end is the end of its integer part, *fraction_end that of its fraction. */
static bool is_number(struct wire_slice text, const char **digits_end, const char **fraction_end)
{
	const char *at = text.data, *end = text.data + text.len;
	at += at < end && *at == '-';
	if (at < end && *at == '0')
		at++;
	else if (!skip_digits(&at, end))
		return false;
	*digits_end = *fraction_end = at;
	if (at < end && *at == '.') {
		at++;
		if (!skip_digits(&at, end))
			return false;
		*fraction_end = at;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		if (!skip_digits(&at, end))
			return false;
	}
	return at == end;
}

/* The digits of [at, end) as an integer, the point left out. */
static uint64_t read_digits(const char *at, const char *end)
{
	uint64_t value = 0;
	for (; at < end; at++)
		if (is_digit(*at))
			value = value * 10 + (uint64_t)(*at - '0');
	return value;
}

static double power_of_10(size_t exponent)
{
	double power = 1;
	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* By the C library. Nobody calls setlocale: the decimal point is a dot. */
static double read_slowly(struct wire_slice text)
{
	char copy[STORE__NUMBER_TEXT_MAX + 1];
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return strtod(copy, NULL);
}

/* Hot: once for every message that has the field of a condition. */
bool store__number_read(struct wire_slice text, struct store__number *number)
{
	const char *digits_end, *fraction_end;
	if (text.len == 0 || text.len > STORE__NUMBER_TEXT_MAX ||
	    !is_number(text, &digits_end, &fraction_end))
		return false;
	const char *start = text.data + (text.data[0] == '-'), *end = text.data + text.len;
	const bool is_negative = start > text.data;
	const size_t digits = (size_t)(digits_end - start), all = (size_t)(fraction_end - start);
	const bool may_be_integer = digits_end == end && digits <= INTEGER_DIGITS;
	const uint64_t integer = may_be_integer ? read_digits(start, end) : UINT64_MAX;
	*number = (struct store__number){0};
	if (integer <= INT64_MAX) {
		*number = store__number_of(is_negative ? -(int64_t)integer : (int64_t)integer);
	} else if (fraction_end == end && all <= EXACT_DIGITS) {
		double value =
		    (double)read_digits(start, end) / power_of_10(all > digits ? all - digits - 1 : 0);
		number->real = is_negative ? -value : value;
	} else {
		number->real = read_slowly(text);
	}
	return true;
}
