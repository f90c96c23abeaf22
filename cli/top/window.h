/* window.h - counts of the last minute (or another window), which moves on with the time.
 *
 * Rates are means over the last slots of it: few, so that they follow the traffic, or all.
 * The window is divided into slots of equal length. A counter holds a count for each slot and is emptied lazily: a slot that
 * has left the window is zeroed when the counter is added to again, and is not in the sum before that. */
#ifndef CLI_TOP_WINDOW_H
#define CLI_TOP_WINDOW_H

#include "store/read/uptime.h"

enum { CLI_TOP_SLOTS = 60, CLI_TOP_RECENT_SLOTS = 10 };

struct cli_top_window {
	int64_t slot_ns;
	int64_t rate_slots; /* that rates are of: CLI_TOP_SLOTS at most */
	int64_t begin_ns;   /* nothing is known of the time before; INT64_MAX: of no time yet */
	int64_t now_ns;
	struct store_uptime uptime; /* its `down` alone: rates leave that time out */
};

/* Zeroed = empty. */
struct cli_top_counter {
	int64_t slot; /* the newest that was added to, counted from the epoch */
	uint64_t counts[CLI_TOP_SLOTS];
};

/* A window of this length, at least CLI_TOP_SLOTS ns, with rates of the last CLI_TOP_RECENT_SLOTS. */
void cli_top_window_init(struct cli_top_window *window, int64_t length_ns);

void cli_top_window_fini(struct cli_top_window *window);

/* Take what is known of the time in which nothing was logged. Takes the memory of *uptime. */
void cli_top_window_set_uptime(struct cli_top_window *window, struct store_uptime *uptime);

/* Add a period in which nothing was logged; without memory it is left out. */
void cli_top_window_add_down(struct cli_top_window *window, int64_t from_ns, int64_t to_ns);

/* Add to the slot of time_ns; nothing when that is older than the slots that are kept. */
void cli_top_counter_add(struct cli_top_counter *counter, const struct cli_top_window *window,
			 int64_t time_ns, uint64_t amount);

/* The count of the last rate_slots slots divided by their seconds, as far as they are known, without the time
 * in which nothing was logged. */
double cli_top_counter_rate(const struct cli_top_counter *counter, const struct cli_top_window *window);

/* The rate in each slot of the window, the oldest first. values: CLI_TOP_SLOTS of them. */
void cli_top_counter_history(const struct cli_top_counter *counter, const struct cli_top_window *window,
			     double *values);

#endif
