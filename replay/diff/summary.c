#include "replay/diff/summary.h"

#include <errno.h>
#include <stdlib.h>

#include "replay/diff/state.h"

static const char *const names[REPLAY_DIFFERENCES] = {"missing",   "extra",      "changed",
						      "reordered", "deliveries", "slower"};

const char *replay_difference_name(enum replay_difference_kind kind)
{
	return names[kind];
}

uint64_t replay_diff_differences(const struct replay_diff_subject *counts)
{
	uint64_t sum = 0;
	for (int kind = 0; kind < REPLAY_DIFFERENCES; kind++)
		sum += counts->differences[kind];
	return sum;
}

static struct replay_latency sum_up_latency(const struct trace_histogram *latencies)
{
	if (!latencies)
		return (struct replay_latency){0};
	return (struct replay_latency){.count = latencies->count,
				       .p50_ns = trace_histogram_percentile(latencies, 50),
				       .p99_ns = trace_histogram_percentile(latencies, 99),
				       .max_ns = latencies->max_ns};
}

/* Report a subject whose median latency is too long. */
static void check_latency(struct replay_diff *diff, struct replay_diff_subject *counts)
{
	const struct replay_latency *a = &counts->latency[REPLAY_A], *b = &counts->latency[REPLAY_B];
	if (diff->options.slower <= 0 || a->count == 0 || b->count == 0 ||
	    (double)b->p50_ns <= diff->options.slower * (double)a->p50_ns)
		return;
	const struct replay_difference difference = {.kind = REPLAY_DIFF_SLOWER,
						     .subject = counts->subject,
						     .is_reply = true,
						     .latency_ns = {a->p50_ns, b->p50_ns}};
	counts->differences[REPLAY_DIFF_SLOWER] = 1;
	diff->found(diff->context, &difference);
}

static void add(struct replay_diff_subject *total, const struct replay_diff_subject *counts)
{
	for (int side = 0; side < REPLAY_SIDES; side++)
		total->messages[side] += counts->messages[side];
	for (int kind = 0; kind < REPLAY_DIFFERENCES; kind++)
		total->differences[kind] += counts->differences[kind];
	total->equal += counts->equal;
	total->masked += counts->masked;
	total->unverifiable += counts->unverifiable;
}

static int compare_names(struct wire_slice a, struct wire_slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_differences(const void *x, const void *y)
{
	const struct replay_diff_subject *a = x, *b = y;
	uint64_t in_a = replay_diff_differences(a), in_b = replay_diff_differences(b);
	if (in_a != in_b)
		return in_a > in_b ? -1 : 1;
	int order = compare_names(a->subject, b->subject);
	return order ? order : (int)a->is_reply - (int)b->is_reply;
}

static void put_subject(struct replay_diff *diff, struct replay_diff_summary *summary,
			const struct replay__subject *subject)
{
	struct replay_diff_subject *counts = &summary->subjects[summary->subjects_len];
	if (!subject || subject->counts.messages[REPLAY_A] + subject->counts.messages[REPLAY_B] == 0)
		return;
	*counts = subject->counts;
	for (int side = 0; side < REPLAY_SIDES; side++)
		counts->latency[side] = sum_up_latency(subject->latencies[side]);
	check_latency(diff, counts);
	add(&summary->total, counts);
	summary->subjects_len++;
}

int replay_diff_sum_up(struct replay_diff *diff, struct replay_diff_summary *summary)
{
	*summary =
	    (struct replay_diff_summary){.short_of_memory = diff->short_of_memory, .stopped = diff->stopped};
	free(diff->list);
	diff->list = calloc(diff->subjects.count + 1, sizeof *diff->list);
	summary->subjects = diff->list;
	if (!diff->list)
		return -ENOMEM;
	put_subject(diff, summary, diff->subjects.others);
	for (size_t i = 0; i <= diff->subjects.mask; i++)
		put_subject(diff, summary, diff->subjects.slots[i]);
	qsort(summary->subjects, summary->subjects_len, sizeof *summary->subjects, by_differences);
	for (int side = 0; side < REPLAY_SIDES; side++) {
		summary->first_time_ns[side] = diff->recordings[side].first_time_ns;
		summary->last_time_ns[side] = diff->recordings[side].last_time_ns;
		summary->gaps[side] = diff->recordings[side].gaps.total;
		summary->gap_messages[side] = diff->recordings[side].gaps.total_messages;
	}
	return 0;
}
