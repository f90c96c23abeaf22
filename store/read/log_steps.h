/* log_steps.h - the clock steps of a log (store/read/steps.h), by sequence number.
 *
 * Block headers say where time went back; only blocks with marks are unpacked, and, when the clock was set back, those in
 * which it can have been ahead. So a log whose clock never stepped costs its indices. */
#ifndef STORE_READ_LOG_STEPS_H
#define STORE_READ_LOG_STEPS_H

#include "store/read/steps.h"
#include "wire/error.h"

/* Find the steps of the log directory or segment at path, as far as it can be read: damaged blocks are passed over. 0, or a
 * negative code with *fault. *steps is to be given to store_steps_fini in either case. */
int store_log_steps_read(struct store_steps *steps, const char *path, struct wire_fault *fault);

#endif
