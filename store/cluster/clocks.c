#include "store/cluster/clocks.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"

#define EPOCH_NS INT64_C(2000000000)
#define DRIFT_NS INT64_C(1000000) /* in an epoch; slewed by NTP */

/* A recorder passes bytes on and notes the time afterwards: a delivery may seem to precede its publish by its delays. */
#define JITTER_NS INT64_C(1000000)

enum { PAIRS_PER_LOOK = 256 };

int store__clocks_init(struct store__clocks *clocks, uint32_t count, int64_t unknown_ns)
{
	if (count > STORE__CLOCKS_MAX)
		count = STORE__CLOCKS_MAX;
	const size_t pairs = (size_t)count * count;
	*clocks = (struct store__clocks){.count = count,
					 .unknown_ns = unknown_ns,
					 .epoch_ns = INT64_MIN,
					 .least_ns = malloc(pairs * sizeof(int64_t)),
					 .earlier_ns = malloc(pairs * sizeof(int64_t)),
					 .bound_ns = malloc(pairs * sizeof(int64_t)),
					 .ahead_ns = calloc(count, sizeof(int64_t))};
	if (!clocks->least_ns || !clocks->earlier_ns || !clocks->bound_ns || !clocks->ahead_ns)
		return -ENOMEM;
	for (size_t i = 0; i < pairs; i++)
		clocks->least_ns[i] = clocks->earlier_ns[i] = clocks->bound_ns[i] = INT64_MAX;
	return 0;
}

void store__clocks_fini(struct store__clocks *clocks)
{
	free(clocks->least_ns);
	free(clocks->earlier_ns);
	free(clocks->bound_ns);
	free(clocks->ahead_ns);
	*clocks = (struct store__clocks){0};
}

static size_t at(const struct store__clocks *clocks, uint32_t from, uint32_t to)
{
	return (size_t)from * clocks->count + to;
}

/* ---- bounds ---- */

/* Shortest paths: the clock of `to` is ahead of that of `from` by at most bound_ns. */
static void find_bounds(struct store__clocks *clocks, bool with_earlier)
{
	const uint32_t count = clocks->count;
	for (size_t i = 0; i < (size_t)count * count; i++) {
		bool takes_earlier = with_earlier && clocks->earlier_ns[i] < clocks->least_ns[i];
		clocks->bound_ns[i] = takes_earlier ? clocks->earlier_ns[i] : clocks->least_ns[i];
	}
	for (uint32_t via = 0; via < count; via++)
		for (uint32_t from = 0; from < count; from++)
			for (uint32_t to = 0; to < count; to++) {
				int64_t first = clocks->bound_ns[at(clocks, from, via)],
					second = clocks->bound_ns[at(clocks, via, to)];
				if (from == to || first == INT64_MAX || second == INT64_MAX)
					continue;
				int64_t both = store_time_plus(first, second);
				if (both < clocks->bound_ns[at(clocks, from, to)])
					clocks->bound_ns[at(clocks, from, to)] = both;
			}
}

/* The bounds of a clock contradict each other: it has drifted since the earlier ones were found. */
static bool has_drifted(const struct store__clocks *clocks)
{
	for (uint32_t log = 1; log < clocks->count; log++) {
		int64_t most = clocks->bound_ns[at(clocks, 0, log)],
			back = clocks->bound_ns[at(clocks, log, 0)];
		if (most != INT64_MAX && back != INT64_MAX && store_time_plus(most, back) < 0)
			return true;
	}
	return false;
}

/* ---- corrections ---- */

static bool is_contradicted(const struct store__clocks *clocks)
{
	for (uint32_t from = 0; from < clocks->count; from++)
		for (uint32_t to = 0; to < clocks->count; to++) {
			int64_t ahead = store_time_minus(clocks->ahead_ns[to], clocks->ahead_ns[from]);
			if (from != to &&
			    ahead > store_time_plus(clocks->bound_ns[at(clocks, from, to)], JITTER_NS))
				return true;
		}
	return false;
}

static void set_clocks(struct store__clocks *clocks)
{
	for (uint32_t log = 1; log < clocks->count; log++) {
		int64_t most = clocks->bound_ns[at(clocks, 0, log)],
			back = clocks->bound_ns[at(clocks, log, 0)];
		int64_t least = back == INT64_MAX ? INT64_MIN : store_time_minus(0, back);
		if (most != INT64_MAX && least != INT64_MIN)
			clocks->ahead_ns[log] = least + store_time_minus(most, least) / 2;
		else if (clocks->ahead_ns[log] > most)
			clocks->ahead_ns[log] = most;
		else if (clocks->ahead_ns[log] < least)
			clocks->ahead_ns[log] = least;
	}
}

/* The bounds of this epoch contradict each other, too: only the newest one holds. */
static void forget(struct store__clocks *clocks, int64_t *newest)
{
	const int64_t kept_ns = *newest;
	for (size_t i = 0; i < (size_t)clocks->count * clocks->count; i++)
		clocks->least_ns[i] = INT64_MAX;
	*newest = kept_ns;
	find_bounds(clocks, false);
}

static void look(struct store__clocks *clocks, int64_t *newest)
{
	clocks->unused = 0;
	find_bounds(clocks, true);
	if (has_drifted(clocks))
		find_bounds(clocks, false);
	if (has_drifted(clocks))
		forget(clocks, newest);
	if (!clocks->changes && !is_contradicted(clocks))
		return;
	clocks->changes++;
	set_clocks(clocks);
}

static void begin_epoch(struct store__clocks *clocks, int64_t now_ns)
{
	clocks->epoch_ns = now_ns;
	for (size_t i = 0; i < (size_t)clocks->count * clocks->count; i++) {
		if (clocks->least_ns[i] != INT64_MAX)
			clocks->earlier_ns[i] = clocks->least_ns[i];
		clocks->least_ns[i] = INT64_MAX;
	}
}

/* In either direction of time: logs may be read backwards. */
static bool is_epoch_over(const struct store__clocks *clocks, int64_t now_ns)
{
	int64_t age_ns = store_time_minus(now_ns, clocks->epoch_ns);
	return clocks->epoch_ns == INT64_MIN || age_ns > EPOCH_NS || age_ns < -EPOCH_NS;
}

void store__clocks_learn(struct store__clocks *clocks, uint32_t from, int64_t message_ns, uint32_t to,
			 int64_t delivery_ns)
{
	if (from == to || from >= clocks->count || to >= clocks->count)
		return;
	int64_t now_ns = store_time_minus(message_ns, clocks->ahead_ns[from]);
	if (is_epoch_over(clocks, now_ns))
		begin_epoch(clocks, now_ns);
	int64_t *least = &clocks->least_ns[at(clocks, from, to)];
	int64_t after_ns = store_time_minus(delivery_ns, message_ns);
	bool is_first = clocks->bound_ns[at(clocks, from, to)] == INT64_MAX;
	if (after_ns < *least)
		*least = after_ns;
	bool contradicts = after_ns < store_time_minus(clocks->ahead_ns[to], clocks->ahead_ns[from]);
	if (++clocks->unused >= PAIRS_PER_LOOK || is_first || contradicts)
		look(clocks, least);
}

/* ---- answers ---- */

int64_t store__clocks_error(const struct store__clocks *clocks, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	if (a >= clocks->count || b >= clocks->count)
		return clocks->unknown_ns;
	int64_t there = clocks->bound_ns[at(clocks, a, b)], back = clocks->bound_ns[at(clocks, b, a)];
	if (there == INT64_MAX || back == INT64_MAX)
		return clocks->unknown_ns;
	int64_t error_ns = store_time_plus(there, back);
	error_ns = store_time_plus(error_ns < 0 ? 0 : error_ns, DRIFT_NS);
	return error_ns < clocks->unknown_ns ? error_ns : clocks->unknown_ns;
}

bool store__clocks_differ(const struct store__clocks *clocks, uint32_t log, int64_t *error_ns)
{
	*error_ns = INT64_MAX;
	if (log == 0 || log >= clocks->count)
		return false;
	int64_t most = clocks->bound_ns[at(clocks, 0, log)], back = clocks->bound_ns[at(clocks, log, 0)];
	if (most != INT64_MAX && back != INT64_MAX)
		*error_ns = store_time_plus(most, back) / 2;
	return most < -JITTER_NS || back < -JITTER_NS;
}
