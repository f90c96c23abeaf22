#include "trace/histogram.h"

#include <errno.h>
#include <stdlib.h>

enum { STEPS = TRACE_HISTOGRAM_STEPS, STEP_BITS = 6, EXACT = 2 * STEPS };

/* The number of a duration's bucket. Below EXACT it is the duration. Above, the 7 highest bits choose the bucket and
 * the lower ones, `dropped` of them, are ignored. */
static uint32_t bucket_of(int64_t ns)
{
	if (ns < EXACT)
		return ns < 0 ? 0 : (uint32_t)ns;
	uint32_t dropped = 63 - (uint32_t)__builtin_clzll((uint64_t)ns) - STEP_BITS;
	return dropped * STEPS + (uint32_t)(ns >> dropped);
}

void trace_histogram_fini(struct trace_histogram *histogram)
{
	for (int i = 0; i < TRACE_HISTOGRAM_OCTAVES; i++)
		free(histogram->octaves[i]);
	*histogram = (struct trace_histogram){0};
}

static int reserve(struct trace_histogram *histogram, uint32_t octave)
{
	if (!histogram->octaves[octave])
		histogram->octaves[octave] = calloc(1, sizeof(struct trace_octave));
	return histogram->octaves[octave] ? 0 : -ENOMEM;
}

static void count_in(struct trace_octave *octave, uint32_t step, uint64_t times, int64_t longest_ns)
{
	octave->counts[step] += times;
	if (longest_ns > octave->longest[step])
		octave->longest[step] = longest_ns;
}

int trace_histogram_add_times(struct trace_histogram *histogram, int64_t longest_ns, uint64_t times)
{
	uint32_t bucket = bucket_of(longest_ns);
	if (reserve(histogram, bucket / STEPS) != 0)
		return -ENOMEM;
	count_in(histogram->octaves[bucket / STEPS], bucket % STEPS, times, longest_ns < 0 ? 0 : longest_ns);
	histogram->count += times;
	if (longest_ns > histogram->max_ns)
		histogram->max_ns = longest_ns;
	return 0;
}

int trace_histogram_add(struct trace_histogram *histogram, int64_t ns)
{
	return trace_histogram_add_times(histogram, ns, 1);
}

uint64_t trace_histogram_bucket(const struct trace_histogram *histogram, uint32_t bucket, int64_t *longest_ns)
{
	const struct trace_octave *octave = histogram->octaves[bucket / STEPS];
	*longest_ns = octave ? octave->longest[bucket % STEPS] : 0;
	return octave ? octave->counts[bucket % STEPS] : 0;
}

void trace_histogram_skip(struct trace_histogram *histogram, int64_t ns)
{
	histogram->skipped++;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

size_t trace_histogram_growth(const struct trace_histogram *histogram, int64_t ns)
{
	return histogram->octaves[bucket_of(ns) / STEPS] ? 0 : sizeof(struct trace_octave);
}

int trace_histogram_merge(struct trace_histogram *histogram, const struct trace_histogram *from)
{
	for (uint32_t i = 0; i < TRACE_HISTOGRAM_OCTAVES; i++)
		if (from->octaves[i] && reserve(histogram, i) != 0)
			return -ENOMEM;
	for (uint32_t i = 0; i < TRACE_HISTOGRAM_OCTAVES; i++)
		for (uint32_t step = 0; from->octaves[i] && step < STEPS; step++)
			count_in(histogram->octaves[i], step, from->octaves[i]->counts[step],
				 from->octaves[i]->longest[step]);
	histogram->count += from->count;
	histogram->skipped += from->skipped;
	if (from->max_ns > histogram->max_ns)
		histogram->max_ns = from->max_ns;
	return 0;
}

int64_t trace_histogram_percentile(const struct trace_histogram *histogram, double percent)
{
	const double wanted = percent / 100 * (double)histogram->count;
	uint64_t seen = 0;

	for (uint32_t bucket = 0; bucket < TRACE_HISTOGRAM_OCTAVES * STEPS; bucket++) {
		const struct trace_octave *octave = histogram->octaves[bucket / STEPS];
		uint64_t counted = octave ? octave->counts[bucket % STEPS] : 0;
		seen += counted;
		if (counted > 0 && (double)seen >= wanted)
			return octave->longest[bucket % STEPS];
	}
	return histogram->max_ns;
}
