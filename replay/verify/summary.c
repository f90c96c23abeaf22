#include "replay/verify/summary.h"

#include <stdlib.h>

void replay__verify_summary_fini(struct replay__verify_summary *summary)
{
	trace_names_fini(&summary->names);
	free(summary->rows);
	*summary = (struct replay__verify_summary){0};
}

static bool reserve(struct replay__verify_summary *summary)
{
	if (summary->len < summary->cap)
		return true;
	uint32_t cap = summary->cap ? 2 * summary->cap : 64;
	struct replay_verify_row *rows = realloc(summary->rows, cap * sizeof *rows);
	if (!rows)
		return false;
	summary->rows = rows;
	summary->cap = cap;
	return true;
}

static struct replay_verify_row *row_of(struct replay__verify_summary *summary, const char *subject)
{
	if (!reserve(summary))
		return NULL;
	uint32_t number =
	    trace_names_number(&summary->names, wire_slice_str(subject), REPLAY_VERIFY_SUBJECTS);
	if (number == TRACE_NO_NAME)
		number = trace_names_number(&summary->names, WIRE_LITERAL("(other subjects)"),
					    REPLAY_VERIFY_SUBJECTS + 1);
	if (number == TRACE_NO_NAME)
		return NULL;
	if (number == summary->len)
		summary->rows[summary->len++] =
		    (struct replay_verify_row){.subject = summary->names.list[number].text};
	return &summary->rows[number];
}

void replay__verify_summary_add_verdict(struct replay__verify_summary *summary, const char *subject,
					enum replay_verdict verdict)
{
	struct replay_verify_row *row = row_of(summary, subject);

	if (!row)
		return;
	row->requests++;
	row->verdicts[verdict]++;
}

void replay__verify_summary_add_pair(struct replay__verify_summary *summary, const char *subject,
				     int64_t recorded_ns, int64_t live_ns)
{
	struct replay_verify_row *row = row_of(summary, subject);

	if (!row)
		return;
	row->pairs++;
	row->recorded_total_ns += (double)recorded_ns;
	row->live_total_ns += (double)live_ns;
}

static uint64_t mismatches(const struct replay_verify_row *row)
{
	return row->requests - row->verdicts[REPLAY_VERDICT_SAME] - row->verdicts[REPLAY_VERDICT_MASKED] -
	       row->verdicts[REPLAY_VERDICT_UNVERIFIABLE];
}

static int compare(const void *a, const void *b)
{
	const struct replay_verify_row *x = a, *y = b;

	if (mismatches(x) != mismatches(y))
		return mismatches(x) < mismatches(y) ? 1 : -1;
	if (x->requests != y->requests)
		return x->requests < y->requests ? 1 : -1;
	return strcmp(x->subject, y->subject);
}

void replay__verify_summary_sort(struct replay__verify_summary *summary)
{
	if (summary->len > 0)
		qsort(summary->rows, summary->len, sizeof *summary->rows, compare);
}
