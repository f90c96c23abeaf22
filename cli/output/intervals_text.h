/* intervals_text.h - print the messages of a log by intervals (store/read/intervals.h), for people. */
#ifndef CLI_OUTPUT_INTERVALS_TEXT_H
#define CLI_OUTPUT_INTERVALS_TEXT_H

#include "export/text/out.h"
#include "store/read/intervals.h"

struct cli_intervals_view {
	const struct store_intervals *intervals;
	const char *log;
	bool utc, color;
};

/* A row for each interval, with a bar on a terminal, and there all of them as one line of bars. */
void cli_intervals_text(struct export_out *out, const struct cli_intervals_view *view);

/* Messages a second of the time in which the log was written; 0 when that is not known. */
double cli_interval_rate(const struct store_interval *interval);

#endif
