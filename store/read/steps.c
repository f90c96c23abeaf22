#include "store/read/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

/* A silence after a step back is taken for its correction only when the step was at least so large: short silences are too
 * common. */
#define LATE_CORRECTION_NS (60 * SECOND_NS)

int64_t store_time_minus(int64_t a, int64_t b)
{
	int64_t difference;
	if (!__builtin_sub_overflow(a, b, &difference))
		return difference;
	return b < 0 ? INT64_MAX : INT64_MIN;
}

int64_t store_time_plus(int64_t a, int64_t b)
{
	int64_t sum;
	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}

void store_steps_fini(struct store_steps *steps)
{
	free(steps->list);
	*steps = (struct store_steps){0};
}

/* ---- the list ---- */

/* The number of steps up to a position. */
static size_t find(const struct store_steps *steps, uint64_t at)
{
	size_t low = 0, high = steps->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (steps->list[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve(struct store_steps *steps)
{
	if (steps->count < steps->cap)
		return 0;
	size_t cap = steps->cap ? 2 * steps->cap : 8;
	struct store_step *list = realloc(steps->list, cap * sizeof *list);
	if (!list)
		return -ENOMEM;
	steps->list = list;
	steps->cap = cap;
	return 0;
}

/* Totals from an index on. */
static void sum_up(struct store_steps *steps, size_t index)
{
	int64_t total_ns = index > 0 ? steps->list[index - 1].total_ns : 0;
	for (; index < steps->count; index++) {
		int64_t by_ns = steps->list[index].by_ns;
		if (__builtin_add_overflow(total_ns, by_ns, &total_ns))
			total_ns = by_ns > 0 ? INT64_MAX : -INT64_MAX;
		steps->list[index].total_ns = total_ns;
	}
}

static int add(struct store_steps *steps, uint64_t at, int64_t by_ns, bool is_paired)
{
	if (by_ns < -INT64_MAX)
		by_ns = -INT64_MAX;
	if (by_ns == 0 || steps->count == STORE_STEPS_MAX)
		return 0;
	if (reserve(steps))
		return -ENOMEM;
	size_t index = find(steps, at);
	struct store_step *step = &steps->list[index];
	memmove(step + 1, step, (steps->count++ - index) * sizeof *step);
	*step = (struct store_step){.at = at, .by_ns = by_ns, .is_paired = is_paired};
	sum_up(steps, index);
	return 0;
}

int64_t store_steps_total(const struct store_steps *steps, uint64_t at)
{
	size_t count = steps->count > 0 ? find(steps, at) : 0;
	return count > 0 ? steps->list[count - 1].total_ns : 0;
}

int64_t store_steps_steady(const struct store_steps *steps, uint64_t at, int64_t time_ns)
{
	return store_time_minus(time_ns, store_steps_total(steps, at));
}

void store_steps_between(const struct store_steps *steps, uint64_t from, uint64_t to,
			 struct wire_steps *found)
{
	for (size_t i = find(steps, from); i < steps->count && steps->list[i].at <= to; i++)
		wire_steps_add(found, 1, steps->list[i].by_ns);
}

/* ---- corrections ---- */

/* ns > 0 */
static int class_of(int64_t ns)
{
	return 63 - __builtin_clzll((uint64_t)ns);
}

/* Is the silence as long as the step, plus a little time that really passed? */
static bool is_like(int64_t silence_ns, int64_t step_ns)
{
	int64_t slack_ns = step_ns / 2 < 5 * SECOND_NS ? step_ns / 2 : 5 * SECOND_NS;
	int64_t passed_ns = silence_ns - step_ns;
	return passed_ns >= -STORE_STEP_NS && passed_ns <= slack_ns + step_ns / 64;
}

/* The time that really passed is part of the silence only. Half of it is taken to have passed at either end. */
static int64_t mean(int64_t silence_ns, int64_t step_ns)
{
	return step_ns + (silence_ns - step_ns) / 2;
}

/* The clock was set back by *step_ns. If it had been ahead since a silence of that length, the silence gives a better *step_ns. */
static int correct_ahead(struct store_steps *steps, int64_t *step_ns, bool *is_found)
{
	int class = class_of(*step_ns), found = -1;
	for (int i = class > 0 ? class - 1 : 0; i <= class + 1 && i < STORE__SILENCES; i++)
		if (steps->silences[i].ns > 0 && is_like(steps->silences[i].ns, *step_ns) &&
		    (found < 0 || steps->silences[i].at > steps->silences[found].at))
			found = i;
	*is_found = found >= 0;
	if (found < 0)
		return 0;
	*step_ns = mean(steps->silences[found].ns, *step_ns);
	steps->silences[found].ns = 0;
	return add(steps, steps->silences[found].at, *step_ns, true);
}

/* Is this silence the correction of a clock that was behind since the previous step? */
static int correct_behind(struct store_steps *steps, uint64_t at, int64_t silence_ns, bool *is_found)
{
	struct store_step *last = steps->count > 0 ? &steps->list[steps->count - 1] : NULL;
	*is_found = last && !last->is_paired && last->by_ns <= -LATE_CORRECTION_NS &&
		    is_like(silence_ns, -last->by_ns);
	if (!*is_found)
		return 0;
	int64_t step_ns = mean(silence_ns, -last->by_ns);
	last->is_paired = true;
	last->by_ns = -step_ns;
	sum_up(steps, steps->count - 1);
	return add(steps, at, step_ns, true);
}

static int set_back(struct store_steps *steps, uint64_t at, int64_t by_ns)
{
	bool is_paired;
	int64_t back_ns = by_ns > -INT64_MAX ? -by_ns : INT64_MAX;
	int error = correct_ahead(steps, &back_ns, &is_paired);
	return error ? error : add(steps, at, -back_ns, is_paired);
}

static int be_silent(struct store_steps *steps, uint64_t at, int64_t ns)
{
	bool is_correction;
	int error = correct_behind(steps, at, ns, &is_correction);
	if (error || is_correction)
		return error;
	steps->silences[class_of(ns)].at = at;
	steps->silences[class_of(ns)].ns = ns;
	return 0;
}

/* ---- times ---- */

int store_steps_see(struct store_steps *steps, uint64_t at, int64_t time_ns)
{
	int64_t passed_ns = steps->is_begun ? store_time_minus(time_ns, steps->front_ns) : 0;
	if (passed_ns >= 0 || passed_ns < -STORE_STEP_NS || !steps->is_begun)
		steps->front_ns = time_ns;
	steps->is_begun = true;
	if (passed_ns < -STORE_STEP_NS)
		return set_back(steps, at, passed_ns);
	return passed_ns > STORE_STEP_NS ? be_silent(steps, at, passed_ns) : 0;
}

int store_steps_mark(struct store_steps *steps, uint64_t at, int64_t time_ns, int64_t by_ns)
{
	if (!steps->is_begun)
		return store_steps_see(steps, at, time_ns);
	if (by_ns == 0)
		by_ns = store_time_minus(time_ns, steps->front_ns);
	steps->front_ns = time_ns;
	return by_ns < 0 ? set_back(steps, at, by_ns) : add(steps, at, by_ns, false);
}
