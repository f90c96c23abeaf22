/* times.h - times as people write them. Nanoseconds since the epoch, signed 64-bit. export/text/clock.h prints them. */
#ifndef CLI_OUTPUT_TIMES_H
#define CLI_OUTPUT_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output/local_time.h"
#include "wire/error.h"

/* Now, from the realtime clock. */
int64_t cli_now_ns(void);

/* Read a time:
 *   now                              now_ns
 *   5m, 1h30m, 250ms, 7d             so long before now_ns
 *   2026-11-23T07:57:19.25Z          RFC 3339; `T` may be a space, the fraction may be missing
 *   2026-11-23T07:57:19, 2026-11-23  without a zone: local time, or UTC when utc is set
 *   07:57, 07:57:19.5                the last time the clock showed that
 *   1795420639, 1795420639.25        seconds since the epoch (9 to 11 digits)
 *   …with 12-14, 15-17, 18-19 digits milli-, micro-, nanoseconds since the epoch
 * 0, or -EINVAL with *fault saying what is wrong with the text. *ns is set only on 0. Of a local time that the clock showed
 * twice, or skipped, the earlier moment is taken. */
int cli_time_parse(const char *text, int64_t now_ns, bool utc, int64_t *ns, struct wire_fault *fault);

struct cli_time_reading {
	int64_t now_ns;
	bool utc;                    /* times without a zone are UTC */
	bool takes_later;            /* when the local clock showed the time twice, or never */
	struct cli_time_doubt doubt; /* set by reading */
};

/* Likewise, with what is in doubt about a local time. */
int cli_time_read(struct cli_time_reading *reading, const char *text, int64_t *ns, struct wire_fault *fault);

#endif
