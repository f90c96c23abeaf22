#include "export/text/sizes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *export_size_text(char *out, uint64_t bytes)
{
	static const char prefixes[] = "kMGTPE";
	double value = (double)bytes;
	size_t power = 0;

	if (bytes < 1000) {
		snprintf(out, EXPORT_SIZE_TEXT, "%" PRIu64 " B", bytes);
		return out;
	}
	/* 999.5 would be rounded to a fourth digit. */
	for (; value >= 999.5 && power < strlen(prefixes); power++)
		value /= 1000;
	unsigned tenths = (unsigned)(value * 10 + 0.5);
	if (tenths < 100)
		snprintf(out, EXPORT_SIZE_TEXT, "%u.%u %cB", tenths / 10, tenths % 10, prefixes[power - 1]);
	else
		snprintf(out, EXPORT_SIZE_TEXT, "%u %cB", (unsigned)(value + 0.5), prefixes[power - 1]);
	return out;
}

const char *export_count_text(char *out, uint64_t count)
{
	char digits[EXPORT_SIZE_TEXT];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *end = out;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return out;
}

/* Writes value with `decimals` digits (0 to 2) after the point. */
static void fixed(char *out, double value, unsigned decimals)
{
	static const unsigned scales[] = {1, 10, 100};
	unsigned scaled = (unsigned)(value * scales[decimals] + 0.5);

	if (decimals == 0)
		snprintf(out, EXPORT_SIZE_TEXT, "%u", scaled);
	else
		snprintf(out, EXPORT_SIZE_TEXT, "%u.%0*u", scaled / scales[decimals], (int)decimals,
			 scaled % scales[decimals]);
}

const char *export_rate_text(char *out, double per_second)
{
	if (per_second >= 99.95)
		return export_count_text(out, (uint64_t)(per_second + 0.5));
	if (per_second < 0.005) {
		snprintf(out, EXPORT_SIZE_TEXT, "%s", per_second > 0 ? "<0.01" : "0");
		return out;
	}
	fixed(out, per_second, per_second < 9.995 ? 2 : 1);
	return out;
}

struct export_rate_unit export_rate_unit_of(double per_second)
{
	static const struct export_rate_unit units[] = {
	    {"/s", 1}, {"/min", 60}, {"/h", 3600}, {"/day", 86400}};
	size_t unit = 0;

	while (unit < 3 && per_second * units[unit].seconds < 0.095)
		unit++;
	return units[unit];
}

const char *export_per_time_text(char *out, double per_second)
{
	struct export_rate_unit unit = export_rate_unit_of(per_second);
	double rate = per_second * unit.seconds;

	if (rate > 0 && rate < 0.005)
		snprintf(out, EXPORT_SIZE_TEXT, "less than 0.01");
	else
		export_rate_text(out, rate);
	strcat(out, unit.name);
	return out;
}

const char *export_bytes_per_time_text(char *out, double bytes_per_second)
{
	/* Ten times finer, since bytes have no decimals. */
	struct export_rate_unit unit = export_rate_unit_of(bytes_per_second / 10);

	export_size_text(out, (uint64_t)(bytes_per_second * unit.seconds + 0.5));
	strcat(out, unit.name);
	return out;
}

static void short_span(char *out, int64_t ns)
{
	static const struct {
		int64_t ns;
		const char *name;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	size_t unit = 0;

	while (unit < 3 && ns < units[unit].ns)
		unit++;
	double value = (double)ns / (double)units[unit].ns;
	fixed(out, value, value < 99.95 && unit < 3 ? 1 : 0);
	size_t len = strlen(out);
	snprintf(out + len, EXPORT_SIZE_TEXT - len, " %s", units[unit].name);
}

static void long_span(char *out, int64_t s)
{
	if (s < 3600)
		snprintf(out, EXPORT_SIZE_TEXT, "%d min %02d s", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		snprintf(out, EXPORT_SIZE_TEXT, "%d h %02d min", (int)(s / 3600), (int)(s % 3600 / 60));
	else
		snprintf(out, EXPORT_SIZE_TEXT, "%" PRId64 " d %02d h", s / 86400, (int)(s % 86400 / 3600));
}

const char *export_span_text(char *out, int64_t ns)
{
	const int64_t second = 1000000000;

	if (ns <= 0)
		snprintf(out, EXPORT_SIZE_TEXT, "0 s");
	else if (ns < 100 * second)
		short_span(out, ns);
	else
		long_span(out, ns / second);
	return out;
}

const char *export_short_span_text(char *out, int64_t ns)
{
	static const struct {
		int64_t ns;
		const char *name;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	const int64_t second = units[0].ns;
	size_t unit = 0;

	if (ns >= 100 * second) {
		int64_t s = ns / second;
		if (s < 6000)
			snprintf(out, EXPORT_SIZE_TEXT, "%dm%02d", (int)(s / 60), (int)(s % 60));
		else if (s < 360000)
			snprintf(out, EXPORT_SIZE_TEXT, "%dh%02d", (int)(s / 3600), (int)(s % 3600 / 60));
		else
			snprintf(out, EXPORT_SIZE_TEXT, "%dd%02d", (int)(s / 86400 < 999 ? s / 86400 : 999),
				 (int)(s % 86400 / 3600));
		return out;
	}
	if (ns <= 0) {
		snprintf(out, EXPORT_SIZE_TEXT, "0");
		return out;
	}
	/* 999.5 would be rounded to a fourth digit. */
	while (unit < 3 && (double)ns < 0.9995 * (double)units[unit].ns)
		unit++;
	double value = (double)ns / (double)units[unit].ns;
	bool has_point = unit < 3 && value < (unit == 0 ? 99.95 : 9.95);
	fixed(out, value, has_point ? 1 : 0);
	strcat(out, units[unit].name);
	return out;
}

const char *export_factor_text(char *out, double factor)
{
	int decimals = 2;

	/* Two digits of a small factor. */
	for (double rest = factor; rest > 0 && rest < 0.095 && decimals < 9; rest *= 10)
		decimals++;
	int len = snprintf(out, EXPORT_SIZE_TEXT, "%.*f", decimals, factor);
	while (len > 0 && out[len - 1] == '0')
		len--;
	if (len > 0 && out[len - 1] == '.')
		len--;
	snprintf(out + len, (size_t)(EXPORT_SIZE_TEXT - len), "x");
	return out;
}

/* In at most 5 columns: 4 digits or a point and 3 digits, and a prefix of 1000. */
static void shorten(char *out, double value)
{
	static const char prefixes[] = "kMGTPE";
	size_t power = 0;

	while (value >= 999.5 && power < strlen(prefixes)) {
		value /= 1000;
		power++;
	}
	fixed(out, value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
	size_t len = strlen(out);
	out[len] = prefixes[power - 1];
	out[len + 1] = '\0';
}

const char *export_short_count_text(char *out, uint64_t count)
{
	if (count < 100000)
		snprintf(out, EXPORT_SIZE_TEXT, "%" PRIu64, count);
	else
		shorten(out, (double)count);
	return out;
}

const char *export_short_rate_text(char *out, double per_second)
{
	if (per_second >= 99999.5)
		shorten(out, per_second);
	else if (per_second >= 99.95)
		snprintf(out, EXPORT_SIZE_TEXT, "%.0f", per_second);
	else if (per_second > 0 && per_second < 0.005)
		snprintf(out, EXPORT_SIZE_TEXT, "<0.01");
	else
		export_rate_text(out, per_second);
	return out;
}

const char *export_steps_text(char *out, const struct wire_steps *steps)
{
	const char *way = steps->largest_ns < 0 ? "back" : "ahead";
	int64_t size_ns = steps->largest_ns < -INT64_MAX ? INT64_MAX : llabs(steps->largest_ns);
	char span[EXPORT_SIZE_TEXT];

	export_span_text(span, size_ns);
	if (steps->count == 1)
		snprintf(out, EXPORT_STEPS_TEXT, "set %s once, by %s", way, span);
	else
		snprintf(out, EXPORT_STEPS_TEXT, "set %" PRIu64 " times, by %s %s at most", steps->count,
			 span, way);
	return out;
}

const char *export_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
