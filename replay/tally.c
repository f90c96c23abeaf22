#include "replay/tally.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX = 4096 }; /* a power of two, several times REPLAY_ANSWERS_SUBJECTS */

static const char *const others = "(other subjects)";

void replay__tally_fini(struct replay__tally *tally)
{
	for (size_t i = 0; i < tally->len; i++)
		free((char *)(uintptr_t)tally->rows[i].subject);
	free(tally->rows);
	free(tally->index);
	*tally = (struct replay__tally){0};
}

static uint32_t hash(const char *subject)
{
	uint32_t value = 2166136261; /* FNV-1a */

	for (; *subject; subject++)
		value = (value ^ (unsigned char)*subject) * 16777619;
	return value;
}

/* The place of the subject in the index, or the free one where it belongs. */
static uint32_t *find(const struct replay__tally *tally, const char *subject)
{
	uint32_t at = hash(subject) % INDEX;

	while (tally->index[at] > 0 && strcmp(tally->rows[tally->index[at] - 1].subject, subject) != 0)
		at = (at + 1) % INDEX;
	return &tally->index[at];
}

static bool reserve(struct replay__tally *tally)
{
	if (!tally->index)
		tally->index = calloc(INDEX, sizeof *tally->index);
	if (tally->len < tally->cap)
		return tally->index != NULL;
	size_t cap = tally->cap ? 2 * tally->cap : 64;
	struct replay_answers_row *rows = realloc(tally->rows, cap * sizeof *rows);
	if (!rows)
		return false;
	tally->rows = rows;
	tally->cap = cap;
	return tally->index != NULL;
}

static struct replay_answers_row *row_of(struct replay__tally *tally, const char *subject)
{
	if (!reserve(tally))
		return NULL;
	uint32_t *place = find(tally, subject);
	if (*place == 0 && tally->len >= REPLAY_ANSWERS_SUBJECTS) {
		subject = others;
		place = find(tally, subject);
	}
	if (*place == 0) {
		char *copy = strdup(subject);
		if (!copy)
			return NULL;
		tally->rows[tally->len] = (struct replay_answers_row){.subject = copy};
		*place = (uint32_t)++tally->len;
	}
	return &tally->rows[*place - 1];
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
	row->recorded_total_ns += recorded_ns;
	row->live_total_ns += live_ns;
}

static uint64_t mismatches(const struct replay_answers_row *row)
{
	return row->requests - row->verdicts[REPLAY_SAME] - row->verdicts[REPLAY_UNVERIFIABLE];
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
