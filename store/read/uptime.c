#include "store/read/uptime.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"

void store_uptime_fini(struct store_uptime *uptime)
{
	free(uptime->down);
	*uptime = (struct store_uptime){0};
}

bool store_uptime_is_down_in(const struct wire_event *gap)
{
	return (gap->lost_messages > 0 || (gap->flags & WIRE_EVENT_DAMAGE)) && gap->from_ns < gap->to_ns;
}

static void shift(struct store_period *period, int64_t by_ns)
{
	period->from_ns = store_time_plus(period->from_ns, by_ns);
	period->to_ns = store_time_plus(period->to_ns, by_ns);
}

void store_uptime_shift(struct store_uptime *uptime, int64_t by_ns)
{
	shift(&uptime->life, by_ns);
	for (size_t i = 0; i < uptime->len; i++)
		shift(&uptime->down[i], by_ns);
}

int store_uptime_add_down(struct store_uptime *uptime, int64_t from_ns, int64_t to_ns)
{
	if (from_ns >= to_ns || uptime->len == STORE_DOWN_PERIODS_MAX)
		return 0;
	if (uptime->len == uptime->cap) {
		size_t cap = uptime->cap ? uptime->cap * 2 : 16;
		struct store_period *down = realloc(uptime->down, cap * sizeof *down);
		if (!down)
			return -ENOMEM;
		uptime->down = down;
		uptime->cap = cap;
	}
	uptime->down[uptime->len++] = (struct store_period){from_ns, to_ns};
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct store_period *x = a, *y = b;
	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

void store_uptime_sort(struct store_uptime *uptime)
{
	size_t len = 0;
	if (uptime->len == 0)
		return;
	qsort(uptime->down, uptime->len, sizeof *uptime->down, compare);
	for (size_t i = 1; i < uptime->len; i++) {
		struct store_period *last = &uptime->down[len];
		if (uptime->down[i].from_ns > last->to_ns)
			uptime->down[++len] = uptime->down[i];
		else if (uptime->down[i].to_ns > last->to_ns)
			last->to_ns = uptime->down[i].to_ns;
	}
	uptime->len = len + 1;
}

/* ---- several logs ---- */

static bool has_events(const struct store_uptime *uptime)
{
	return uptime->life.from_ns != 0 || uptime->life.to_ns != 0;
}

/* The period before (the first), within or after (the last) the log in which it was not written. By rising `number`, up to len + 1. */
static struct store_period silence(const struct store_uptime *uptime, size_t number)
{
	if (number == 0)
		return (struct store_period){INT64_MIN, uptime->life.from_ns};
	if (number <= uptime->len)
		return uptime->down[number - 1];
	return (struct store_period){uptime->life.to_ns, INT64_MAX};
}

/* Add the periods in which neither of two logs was written. 0 or -ENOMEM. */
static int add_common_silences(struct store_uptime *both, const struct store_uptime *a,
			       const struct store_uptime *b)
{
	int error = 0;
	for (size_t i = 0, j = 0; !error && i <= a->len + 1 && j <= b->len + 1;) {
		const struct store_period x = silence(a, i), y = silence(b, j);
		int64_t from_ns = x.from_ns > y.from_ns ? x.from_ns : y.from_ns;
		int64_t to_ns = x.to_ns < y.to_ns ? x.to_ns : y.to_ns;
		if (from_ns != INT64_MIN && to_ns != INT64_MAX)
			error = store_uptime_add_down(both, from_ns, to_ns);
		if (x.to_ns < y.to_ns)
			i++;
		else
			j++;
	}
	return error;
}

int store_uptime_join(struct store_uptime *uptime, const struct store_uptime *other)
{
	struct store_uptime both = {.life = has_events(uptime) ? uptime->life : other->life};
	if (!has_events(other))
		return 0;
	if (other->life.from_ns < both.life.from_ns)
		both.life.from_ns = other->life.from_ns;
	if (other->life.to_ns > both.life.to_ns)
		both.life.to_ns = other->life.to_ns;
	int error = add_common_silences(&both, has_events(uptime) ? uptime : other, other);
	if (error) {
		store_uptime_fini(&both);
		return error;
	}
	store_uptime_sort(&both);
	store_uptime_fini(uptime);
	*uptime = both;
	return 0;
}

/* ---- questions ---- */

/* The length of the overlap of two periods; 0 or less when they do not meet. */
static int64_t common(struct store_period a, struct store_period b)
{
	int64_t from_ns = a.from_ns > b.from_ns ? a.from_ns : b.from_ns;
	int64_t to_ns = a.to_ns < b.to_ns ? a.to_ns : b.to_ns;
	return store_time_minus(to_ns, from_ns);
}

/* The first period that ends after ns. */
static size_t first_after(const struct store_uptime *uptime, int64_t ns)
{
	size_t low = 0, high = uptime->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (uptime->down[middle].to_ns <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t store_uptime_down(const struct store_uptime *uptime, struct store_period period)
{
	int64_t down_ns = 0;
	if (period.from_ns < uptime->life.from_ns)
		period.from_ns = uptime->life.from_ns;
	if (period.to_ns > uptime->life.to_ns)
		period.to_ns = uptime->life.to_ns;
	for (size_t i = first_after(uptime, period.from_ns);
	     i < uptime->len && uptime->down[i].from_ns < period.to_ns; i++)
		down_ns += common(uptime->down[i], period);
	return down_ns;
}

int64_t store_uptime_up(const struct store_uptime *uptime, struct store_period period)
{
	int64_t ns = common(uptime->life, period);
	return ns > 0 ? ns - store_uptime_down(uptime, period) : 0;
}
