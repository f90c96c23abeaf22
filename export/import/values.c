#include "export/import/values.h"

#include "export/text/calendar.h"

enum { NS_PER_SECOND = 1000000000, NS_PER_MS = 1000000, NS_PER_US = 1000, TIME_BYTES_MAX = 63 };

bool export__value_count(struct wire_slice text, uint64_t *count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.len; i++) {
		const unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';
		if (digit > 9 || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*count = value;
	return text.len > 0;
}

/* A decimal number as a multiple of 1 / `unit`, a power of ten; further decimals are dropped. */
static bool read_decimal(struct wire_slice text, int64_t unit, int64_t *value)
{
	const char *point = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
	const size_t whole_len = point ? (size_t)(point - text.data) : text.len;
	int64_t result;
	uint64_t whole;

	if (!export__value_count(wire_slice(text.data, whole_len), &whole) || whole > INT64_MAX ||
	    __builtin_mul_overflow((int64_t)whole, unit, &result))
		return false;
	for (size_t i = whole_len + 1; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		unit /= 10;
		if (__builtin_add_overflow(result, (text.data[i] - '0') * unit, &result))
			return false;
	}
	*value = result;
	return true;
}

bool export__value_us(struct wire_slice text, int64_t *ns)
{
	const bool is_negative = text.len > 0 && text.data[0] == '-';

	if (is_negative)
		text = wire_slice(text.data + 1, text.len - 1);
	if (!read_decimal(text, NS_PER_US, ns))
		return false;
	*ns = is_negative ? -*ns : *ns;
	return true;
}

/* The unit by the number of digits: seconds have 11 at most, for some thousand years. */
static bool read_epoch(struct wire_slice text, int64_t *ns)
{
	size_t digits = 0;

	while (digits < text.len && text.data[digits] != '.')
		digits++;
	if (digits < 9)
		return false;
	return read_decimal(text,
			    digits < 12   ? NS_PER_SECOND
			    : digits < 15 ? NS_PER_MS
			    : digits < 18 ? NS_PER_US
					  : 1,
			    ns);
}

bool export__value_time(struct wire_slice text, int64_t *ns)
{
	struct export_calendar calendar;
	char copy[TIME_BYTES_MAX + 1];

	if (text.len > TIME_BYTES_MAX || (text.len > 0 && memchr(text.data, '\0', text.len)))
		return false;
	if (read_epoch(text, ns))
		return true;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (!export_calendar_read(&calendar, copy))
		return false;
	*ns = export_calendar_ns(&calendar);
	return true;
}
