/* histogram.h - count many durations in little memory, merge the counts, and ask for percentiles.
 *
 * Log-linear: one bucket per nanosecond below 128 ns, then 64 buckets for each power of two. A bucket keeps its longest duration,
 * which is what a percentile is rounded up to: it is a duration that was counted, never below the true one, and above it by at
 * most 1/64 (1.6 %). Where all took 8 ms, it is 8 ms. Memory is allocated by the power of two, 1 KiB each: usually about 6 KiB,
 * never more than 60 KiB. */
#ifndef TRACE_HISTOGRAM_H
#define TRACE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	TRACE_HISTOGRAM_STEPS = 64,
	TRACE_HISTOGRAM_OCTAVES = 58,
	TRACE_HISTOGRAM_BUCKETS = TRACE_HISTOGRAM_STEPS * TRACE_HISTOGRAM_OCTAVES,
};

/* A power of two. */
struct trace_octave {
	uint64_t counts[TRACE_HISTOGRAM_STEPS];
	int64_t longest[TRACE_HISTOGRAM_STEPS];
};

/* Zeroed = empty. */
struct trace_histogram {
	struct trace_octave *octaves[TRACE_HISTOGRAM_OCTAVES]; /* owned; NULL = all 0 */
	uint64_t count;
	uint64_t skipped; /* durations that are in max_ns only, see trace_histogram_skip */
	int64_t max_ns;   /* exact */
};

void trace_histogram_fini(struct trace_histogram *histogram);

/* Count a duration; a negative one counts as 0. 0, or -ENOMEM with the histogram unchanged. */
int trace_histogram_add(struct trace_histogram *histogram, int64_t ns);

/* Count durations of one bucket, of which this is the longest, to make a histogram again of what trace_histogram_bucket returned.
 * As trace_histogram_add. */
int trace_histogram_add_times(struct trace_histogram *histogram, int64_t longest_ns, uint64_t times);

/* How many durations are in bucket number `bucket`, below TRACE_HISTOGRAM_BUCKETS, and the longest of them. */
uint64_t trace_histogram_bucket(const struct trace_histogram *histogram, uint32_t bucket,
				int64_t *longest_ns);

/* Note a duration that there is no memory to count: it is not in `count` and the percentiles, but max_ns stays exact. */
void trace_histogram_skip(struct trace_histogram *histogram, int64_t ns);

/* The bytes that trace_histogram_add would allocate for this duration, usually 0. */
size_t trace_histogram_growth(const struct trace_histogram *histogram, int64_t ns);

/* Add all that `from` counted, as if each duration had been added. 0, or -ENOMEM with the counts unchanged. */
int trace_histogram_merge(struct trace_histogram *histogram, const struct trace_histogram *from);

/* The smallest duration that is not exceeded by `percent` (0 to 100) of those counted, rounded up to the longest
 * of its bucket. 0 when empty. */
int64_t trace_histogram_percentile(const struct trace_histogram *histogram, double percent);

#endif
