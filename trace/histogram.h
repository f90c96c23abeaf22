/* histogram.h - count many durations in little memory, merge the counts, and ask for percentiles.
 *
 * Log-linear: one bucket per nanosecond below 128 ns, then 64 buckets for each power of two. A percentile is therefore
 * never below the true one, and above it by at most 1/64 (1.6 %). Memory is allocated by the power of two, 512 bytes
 * each: usually about 3 KiB, never more than 30 KiB. */
#ifndef TRACE_HISTOGRAM_H
#define TRACE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { TRACE_HISTOGRAM_STEPS = 64, TRACE_HISTOGRAM_OCTAVES = 58 };

/* Zeroed = empty. */
struct trace_histogram {
	uint64_t
	    *octaves[TRACE_HISTOGRAM_OCTAVES]; /* owned; TRACE_HISTOGRAM_STEPS counts each; NULL = all 0 */
	uint64_t count;
	uint64_t skipped; /* durations that are in max_ns only, see trace_histogram_skip */
	int64_t max_ns;   /* exact */
};

void trace_histogram_fini(struct trace_histogram *histogram);

/* Count a duration; a negative one counts as 0. 0, or -ENOMEM with the histogram unchanged. */
int trace_histogram_add(struct trace_histogram *histogram, int64_t ns);

/* Note a duration that there is no memory to count: it is not in `count` and the percentiles, but max_ns stays exact. */
void trace_histogram_skip(struct trace_histogram *histogram, int64_t ns);

/* The bytes that trace_histogram_add would allocate for this duration, usually 0. */
size_t trace_histogram_growth(const struct trace_histogram *histogram, int64_t ns);

/* Add all that `from` counted, as if each duration had been added. 0, or -ENOMEM with the counts unchanged. */
int trace_histogram_merge(struct trace_histogram *histogram, const struct trace_histogram *from);

/* The smallest duration that is not exceeded by `percent` (0 to 100) of those counted, rounded up to the end of its
 * bucket but not above the longest. 0 when empty. */
int64_t trace_histogram_percentile(const struct trace_histogram *histogram, double percent);

#endif
