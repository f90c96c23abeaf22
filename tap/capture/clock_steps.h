/* clock_steps.h - find the clock steps of a capture file from the times of its frames, before they are decoded.
 * Internal to tap. */
#ifndef TAP_CAPTURE_CLOCK_STEPS_H
#define TAP_CAPTURE_CLOCK_STEPS_H

#include "store/read/steps.h"
#include "tap/capture/capture.h"

/* Can the file be read twice? */
bool tap__capture_is_rereadable(const struct tap_capture_options *options);

/* Find the steps by number of frame, from 1, as far as the file can be read. 0, or a negative code with *fault.
 * The caller calls store_steps_fini in either case. */
int tap__capture_steps(struct store_steps *steps, const struct tap_capture_options *options,
		       struct wire_fault *fault);

#endif
