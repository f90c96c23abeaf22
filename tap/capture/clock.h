/* clock.h - the clock of a capture: frames have the time of day, which may be set while the capture runs. Internal to tap.
 *
 * Holes, fragments and the join wait for time to pass, and need a clock that never steps. So the time of each frame is
 * made steady here, and the time of day of each event is restored after the last stage.
 *
 *	  frame 10:00:01.0 ─▶ steady 10:00:01.0
 *	  frame 09:00:01.1 ─▶ steady 10:00:01.000000001       the clock was set back by an hour: a step
 *	  frame 09:00:01.2 ─▶ steady 10:00:01.100000001
 *
 * A frame more than STORE_STEP_NS before the latest one is a step back; less is disorder. A step ahead looks like a
 * silence until it is corrected, which is a step back. Frames that move to another time only briefly get no mark: this
 * happens when the interfaces of a capture have clocks of their own. If the steps of a capture are known in advance they
 * are followed instead. */
#ifndef TAP_CAPTURE_CLOCK_H
#define TAP_CAPTURE_CLOCK_H

#include "store/read/steps.h"

enum {
	TAP__CLOCK_SETTLED = 16, /* a step has lasted after so many frames */
	TAP__CLOCK_STEPS = 64,   /* kept; a power of two. More steps at a time come of disorder only */
};

struct tap__clock_step {
	int64_t from_ns;              /* steady */
	int64_t before_ns, offset_ns; /* time of day minus steady time, before it and after it */
	int64_t by_ns;
	bool is_quiet; /* no mark is emitted */
};

/* Zeroed: before the first frame. */
struct tap__clock {
	const struct store_steps
	    *known; /* by number of frame, from 1; borrowed. NULL: find steps as they come */
	uint64_t frames;
	bool is_settled;     /* it is known whether the last step lasts */
	int64_t front_ns;    /* the latest time of day */
	int64_t steady_ns;   /* the latest steady time */
	int64_t offset_ns;   /* time of day minus steady time */
	int64_t least_ns;    /* the least steady time after the last step */
	uint64_t step_frame; /* the frame at which the last step came */
	int64_t before_ns;   /* the latest time of day before the last step */
	int64_t expected_ns; /* the size of a step that later frames are expected to have; 0: none */
	struct tap__clock_step steps[TAP__CLOCK_STEPS]; /* a ring */
	uint64_t count;                                 /* of steps so far */
	uint64_t marked;                                /* steps whose marks were emitted, or need not be */
};

/* The steady time of the next frame. Times outside the years 1824 to 2116 are moved to that range, so that
 * differences do not overflow. Hot. */
int64_t tap__clock_frame(struct tap__clock *clock, int64_t time_ns);

/* Frames to come will show a step of by_ns. This makes a step ahead recognisable, and its size exact. */
void tap__clock_expect(struct tap__clock *clock, int64_t by_ns);

/* The steady time when no frame has come for passed_ns. */
int64_t tap__clock_idle(struct tap__clock *clock, int64_t passed_ns);

/* May events leave? They may once it is known which steps get a mark. */
static inline bool tap__clock_is_settled(const struct tap__clock *clock)
{
	return clock->count == 0 || clock->is_settled;
}

/* The time of day of a steady time. */
int64_t tap__clock_time(const struct tap__clock *clock, int64_t steady_ns);

/* The next step that is to be marked before an event with this steady time; NULL when there is none. Returns
 * each step once. */
const struct tap__clock_step *tap__clock_next_mark(struct tap__clock *clock, int64_t steady_ns);

#endif
