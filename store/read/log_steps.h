/* log_steps.h - the clock steps of a log (store/read/steps.h), by sequence number, and when it was written.
 *
 * Block headers show where time went back. Only blocks with marks are unpacked (and with gaps, when uptime is asked for) and, when
 * the clock was set back, blocks in which it may have been ahead. Of a log whose clock was never set only the indices are read. */
#ifndef STORE_READ_LOG_STEPS_H
#define STORE_READ_LOG_STEPS_H

#include "store/read/steps.h"
#include "store/read/uptime.h"
#include "wire/error.h"

/* Find the steps of the log directory or segment at path. Damaged blocks are skipped. uptime, unless NULL: likewise when it was
 * written; zeroed before. 0, or a negative code with *fault. In either case call store_steps_fini and store_uptime_fini. */
int store_log_steps_read(struct store_steps *steps, struct store_uptime *uptime, const char *path,
			 struct wire_fault *fault);

#endif
