/* local_time.h - the moment of a local time of day. When a clock is set back it shows an hour twice, and when it is set ahead
 * it skips one: then there are two moments to choose from. */
#ifndef CLI_OUTPUT_LOCAL_TIME_H
#define CLI_OUTPUT_LOCAL_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum cli_time_certainty {
	CLI_TIME_CERTAIN,
	CLI_TIME_TWICE,   /* the clock shows it twice */
	CLI_TIME_SKIPPED, /* the clock never shows it: by the clock before and by the clock after it was set */
};

struct cli_time_doubt {
	enum cli_time_certainty certainty;
	int64_t earlier_ns, later_ns; /* since the epoch; not for CLI_TIME_CERTAIN */
};

/* Seconds since the epoch of a local time (TZ); its members are normalised as by mktime(3). When there are two moments, the
 * later or the earlier one, with both of them in *doubt. */
int64_t cli_local_seconds(struct tm *tm, bool takes_later, struct cli_time_doubt *doubt);

#endif
