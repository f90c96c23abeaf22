/* sizes.h - numbers for people: 34.5 MB, 1,234,567, 12.3 s. Units of 1000, a point for decimals in every locale. */
#ifndef EXPORT_TEXT_SIZES_H
#define EXPORT_TEXT_SIZES_H

#include <stdint.h>

#include "wire/source.h"

enum { EXPORT_SIZE_TEXT = 32, EXPORT_STEPS_TEXT = 100 };

/* Each writes at most EXPORT_SIZE_TEXT bytes, NUL included, to out and returns out. */
const char *export_size_text(char *out, uint64_t bytes);    /* "128 B", "1.2 kB", "34 MB" */
const char *export_count_text(char *out, uint64_t count);   /* "1,234,567" */
const char *export_rate_text(char *out, double per_second); /* "0", "<0.01", "0.25", "12.5", "1,334" */
const char *export_span_text(char *out, int64_t ns); /* "0 s", "120 us", "12.3 s", "5 min 07 s", "3 d 04 h" */
const char *export_factor_text(char *out, double factor); /* "0.31x", "1x", "1.25x", "10x" */

/* The time that a rate is counted over, chosen so that the number is not tiny: a second, a minute, an hour, a day. */
struct export_rate_unit {
	const char *name; /* "/s", "/min", "/h", "/day" */
	double seconds;
};
struct export_rate_unit export_rate_unit_of(double per_second);

/* A rate with its unit: "731/s", "2.4/min", "3.0/day"; of bytes: "49 MB/s", "12 B/h". */
const char *export_per_time_text(char *out, double per_second);
const char *export_bytes_per_time_text(char *out, double bytes_per_second);

/* Likewise in at most 5 columns, for tables. */
const char *export_short_span_text(char *out,
				   int64_t ns); /* "0", "87us", "1.2ms", "12.3s", "5m07s", "3d04h" */
const char *export_short_count_text(char *out, uint64_t count); /* "12345", "123k", "1.23M", "45.6G" */
const char *export_short_rate_text(char *out,
				   double per_second); /* "0", "<0.01", "0.25", "12.5", "1334", "45.6k" */

/* "set back once, by 59 min 59 s", "set 3 times, by 1.00 s ahead at most"; at most EXPORT_STEPS_TEXT bytes. Returns out. */
const char *export_steps_text(char *out, const struct wire_steps *steps);

/* The ending that makes a noun agree with its count: "" or "s". */
const char *export_plural(uint64_t count);

#endif
