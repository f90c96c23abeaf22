#include "cli/top/window.h"

enum { NS_PER_SECOND = 1000000000 };

void cli_top_window_init(struct cli_top_window *window, int64_t length_ns)
{
	*window = (struct cli_top_window){
	    .slot_ns = length_ns / CLI_TOP_SLOTS, .rate_slots = CLI_TOP_RECENT_SLOTS, .begin_ns = INT64_MAX};
	window->uptime.life = (struct store_period){INT64_MIN, INT64_MAX};
}

void cli_top_window_fini(struct cli_top_window *window)
{
	store_uptime_fini(&window->uptime);
}

void cli_top_window_set_uptime(struct cli_top_window *window, struct store_uptime *uptime)
{
	store_uptime_fini(&window->uptime);
	window->uptime = *uptime;
	window->uptime.life = (struct store_period){INT64_MIN, INT64_MAX};
	*uptime = (struct store_uptime){0};
}

void cli_top_window_add_down(struct cli_top_window *window, int64_t from_ns, int64_t to_ns)
{
	if (store_uptime_add_down(&window->uptime, from_ns, to_ns) == 0)
		store_uptime_sort(&window->uptime);
}

static int64_t slot_of(const struct cli_top_window *window, int64_t ns)
{
	int64_t slot = ns / window->slot_ns;
	return ns % window->slot_ns < 0 ? slot - 1 : slot;
}

static size_t index_of(int64_t slot)
{
	return (size_t)((slot % CLI_TOP_SLOTS + CLI_TOP_SLOTS) % CLI_TOP_SLOTS);
}

/* Empty the slots after the newest one, up to this one. */
static void advance(struct cli_top_counter *counter, int64_t slot)
{
	int64_t from = counter->slot + 1;
	if (slot - from >= CLI_TOP_SLOTS)
		from = slot - CLI_TOP_SLOTS + 1;
	for (; from <= slot; from++)
		counter->counts[index_of(from)] = 0;
	counter->slot = slot;
}

void cli_top_counter_add(struct cli_top_counter *counter, const struct cli_top_window *window,
			 int64_t time_ns, uint64_t amount)
{
	int64_t slot = slot_of(window, time_ns);
	if (slot > counter->slot)
		advance(counter, slot);
	if (slot > counter->slot - CLI_TOP_SLOTS)
		counter->counts[index_of(slot)] += amount;
}

/* The count of a slot, 0 when it is no longer or not yet counted. */
static uint64_t count_at(const struct cli_top_counter *counter, int64_t slot)
{
	return slot <= counter->slot && slot > counter->slot - CLI_TOP_SLOTS ? counter->counts[index_of(slot)]
									     : 0;
}

/* The seconds of the slots from this one until now, or those of them that are known; one at least. */
static double seconds_since(const struct cli_top_window *window, int64_t slot)
{
	int64_t from_ns = slot * window->slot_ns;
	if (from_ns < window->begin_ns)
		from_ns = window->begin_ns;
	int64_t span_ns = from_ns < window->now_ns ? window->now_ns - from_ns : 0;
	if (span_ns > 0)
		span_ns -= store_uptime_down(&window->uptime, (struct store_period){from_ns, window->now_ns});
	return span_ns > NS_PER_SECOND ? (double)span_ns / NS_PER_SECOND : 1;
}

double cli_top_counter_rate(const struct cli_top_counter *counter, const struct cli_top_window *window)
{
	int64_t now = slot_of(window, window->now_ns), first = now - window->rate_slots + 1;
	uint64_t sum = 0;
	for (int64_t slot = first; slot <= now; slot++)
		sum += count_at(counter, slot);
	return (double)sum / seconds_since(window, first);
}

void cli_top_counter_history(const struct cli_top_counter *counter, const struct cli_top_window *window,
			     double *values)
{
	int64_t now = slot_of(window, window->now_ns);
	for (int64_t i = 0; i < CLI_TOP_SLOTS; i++)
		values[i] = (double)count_at(counter, now - CLI_TOP_SLOTS + 1 + i) * NS_PER_SECOND /
			    (double)window->slot_ns;
}
