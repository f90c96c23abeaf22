#include "replay/verify/tally.h"

#include <stdlib.h>

void replay__tally_fini(struct replay__tally *tally)
{
	replay__names_fini(&tally->names);
	free(tally->rows);
	*tally = (struct replay__tally){0};
}

static bool reserve(struct replay__tally *tally)
{
	if (tally->len < tally->cap)
		return true;
	uint32_t cap = tally->cap ? 2 * tally->cap : 64;
	struct replay_answers_row *rows = realloc(tally->rows, cap * sizeof *rows);
	if (!rows)
		return false;
	tally->rows = rows;
	tally->cap = cap;
	return true;
}

static struct replay_answers_row *row_of(struct replay__tally *tally, const char *subject)
{
	if (!reserve(tally))
		return NULL;
	uint32_t number =
	    replay__names_number(&tally->names, wire_slice_str(subject), REPLAY_ANSWERS_SUBJECTS);
	if (number == REPLAY__NO_NAME)
		number = replay__names_number(&tally->names, WIRE_LITERAL("(other subjects)"),
					      REPLAY_ANSWERS_SUBJECTS + 1);
	if (number == REPLAY__NO_NAME)
		return NULL;
	if (number == tally->len)
		tally->rows[tally->len++] = (struct replay_answers_row){.subject = tally->names.list[number]};
	return &tally->rows[number];
}

void replay__tally_verdict(struct replay__tally *tally, const char *subject, enum replay_verdict verdict)
{
	struct replay_answers_row *row = row_of(tally, subject);

	if (!row)
		return;
	row->requests++;
	row->verdicts[verdict]++;
}

void replay__tally_pair(struct replay__tally *tally, const char *subject, int64_t recorded_ns,
			int64_t live_ns)
{
	struct replay_answers_row *row = row_of(tally, subject);

	if (!row)
		return;
	row->pairs++;
	row->recorded_total_ns += (double)recorded_ns;
	row->live_total_ns += (double)live_ns;
}

static uint64_t mismatches(const struct replay_answers_row *row)
{
	return row->requests - row->verdicts[REPLAY_VERDICT_SAME] - row->verdicts[REPLAY_VERDICT_MASKED] -
	       row->verdicts[REPLAY_VERDICT_UNVERIFIABLE];
}

static int compare(const void *a, const void *b)
{
	const struct replay_answers_row *x = a, *y = b;

	if (mismatches(x) != mismatches(y))
		return mismatches(x) < mismatches(y) ? 1 : -1;
	if (x->requests != y->requests)
		return x->requests < y->requests ? 1 : -1;
	return strcmp(x->subject, y->subject);
}

void replay__tally_sort(struct replay__tally *tally)
{
	if (tally->len > 0)
		qsort(tally->rows, tally->len, sizeof *tally->rows, compare);
}
