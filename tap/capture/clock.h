/* clock.h - the clock of a capture: frames come with the time of day, which somebody may set while the capture runs.
 *
 * All that waits for time to pass (holes, fragments, joining) needs a clock that never steps: each frame's time becomes
 * steady here, and each event's time of day again behind the last stage.
 *
 *	  frame 10:00:01.0 ─▶ steady 10:00:01.0
 *	  frame 09:00:01.1 ─▶ steady 10:00:01.000000001       the clock was set back by an hour: a step
 *	  frame 09:00:01.2 ─▶ steady 10:00:01.100000001
 *
 * A frame more than STORE_STEP_NS before the latest one is a step back; less is disorder. A step ahead cannot be told from a
 * silence; when it is corrected, that is a step back. Frames that only stray to another time and return are not marked, as
 * where the interfaces of one capture have clocks of their own. When the steps of a capture are known beforehand they are
 * followed instead. Internal to tap. */
#ifndef TAP_CAPTURE_CLOCK_H
#define TAP_CAPTURE_CLOCK_H

#include "store/read/steps.h"

enum {
	TAP__CLOCK_SETTLED = 16, /* frames by which a step has shown that it lasts */
	TAP__CLOCK_STEPS = 64,   /* kept: a power of two; more are not under way at a time but in disorder */
};

struct tap__clock_step {
	int64_t from_ns;              /* steady */
	int64_t before_ns, offset_ns; /* time of day minus steady time, before and from there on */
	int64_t by_ns;
	bool is_quiet; /* gets no mark */
};

/* Zeroed: no frame yet. */
struct tap__clock {
	const struct store_steps
	    *known; /* by number of frame, from 1; borrowed. NULL: steps are found as they come */
	uint64_t frames;
	bool is_settled;     /* no step waits for the frames that show whether it lasts */
	int64_t front_ns;    /* the latest time of day */
	int64_t steady_ns;   /* the latest steady time */
	int64_t offset_ns;   /* time of day minus steady time */
	int64_t least_ns;    /* steady times are not less: of the last step */
	uint64_t step_frame; /* at which the last step came */
	int64_t before_ns;   /* the latest time of day before that step */
	int64_t expected_ns; /* by how much frames to come are said to step; 0: nobody says so */
	struct tap__clock_step steps[TAP__CLOCK_STEPS]; /* a ring */
	uint64_t count;                                 /* of steps so far */
	uint64_t told; /* steps whose marks were given out, or are not to be */
};

/* The steady time of the next frame. Times outside of the years 1824 to 2116 are moved to these, so that what is subtracted
 * from each other fits. Hot. */
int64_t tap__clock_frame(struct tap__clock *clock, int64_t time_ns);

/* Frames to come are of a clock that was set by by_ns, as others saw: so a step ahead is known, and how large one is. */
void tap__clock_expect(struct tap__clock *clock, int64_t by_ns);

/* No frame has come for so long: the steady time. */
int64_t tap__clock_idle(struct tap__clock *clock, int64_t passed_ns);

/* Events may be given out: it is known which steps get a mark. */
static inline bool tap__clock_is_settled(const struct tap__clock *clock)
{
	return clock->count == 0 || clock->is_settled;
}

/* The time of day of a steady time. */
int64_t tap__clock_time(const struct tap__clock *clock, int64_t steady_ns);

/* The next step that an event of this steady time comes after and that is to be marked before it, NULL when there is none.
 * Each step comes once. */
const struct tap__clock_step *tap__clock_next_mark(struct tap__clock *clock, int64_t steady_ns);

#endif
