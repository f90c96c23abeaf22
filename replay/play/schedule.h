/* schedule.h - when each message is due.
 *
 * Pure: knows no clock. Times of the log ("recorded") are nanoseconds since the epoch without clock steps (steady_ns of an
 * event); times of the run ("due")
 * are nanoseconds on whatever clock the caller keeps. Every due time is counted from an anchor, never from the
 * message before: nothing adds up, so nothing drifts. Safe for any recorded times, any speed and any number of
 * messages: what would lie further ahead than REPLAY_NEVER_NS lies there. */
#ifndef REPLAY_PLAY_SCHEDULE_H
#define REPLAY_PLAY_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* 73 years: later than any run lasts, and two of them can still be added. */
#define REPLAY_NEVER_NS (INT64_MAX / 4)

enum {
	REPLAY_SPEED_ONE = 1000000, /* speeds are in millionths: 1x */
	REPLAY_SPEED_MIN = 10000,   /* 0.01x */
	REPLAY_SPEED_MAX = 1000000000,
	REPLAY_RATE_ONE = 1000, /* rates are in thousandths of a message a second */
};

enum replay_pacing {
	REPLAY_AS_RECORDED,
	REPLAY_AT_RATE,      /* evenly, so many messages a second */
	REPLAY_AT_BANDWIDTH, /* so many bytes a second */
	REPLAY_RAMPED,       /* a rate that rises or falls evenly, then stays */
	REPLAY_FASTEST,      /* each message is due at once */
};

struct replay_plan {
	enum replay_pacing pacing;
	uint64_t speed;            /* factor for all but REPLAY_FASTEST, in millionths */
	int64_t max_gap_ns;        /* recorded silences are cut to this; 0 = kept */
	uint64_t rate;             /* REPLAY_AT_RATE; REPLAY_RAMPED: at the beginning. Thousandths */
	uint64_t ramp_to;          /* REPLAY_RAMPED: at its end. Thousandths, > 0 */
	int64_t ramp_ns;           /* REPLAY_RAMPED: how long it takes, > 0 */
	uint64_t bytes_per_second; /* REPLAY_AT_BANDWIDTH, > 0 */
};

struct replay_schedule {
	struct replay_plan plan;
	/* What the plan alone says, at speed 1: nanoseconds since the beginning. */
	int64_t position_ns;
	/* What is at position anchor_position_ns is due at anchor_due_ns; both are set anew when speed or course change. */
	int64_t anchor_position_ns, anchor_due_ns;
	/* What was recorded at base_recorded_ns has position base_position_ns; set anew when the course changes. */
	int64_t base_recorded_ns, base_position_ns;
	int64_t recorded_ns;      /* the latest so far */
	int64_t skipped_ns;       /* of recorded silence, on this course */
	uint64_t messages, bytes; /* so far */
};

/* The message recorded at recorded_ns, were there one, is due at due_ns. */
void replay_schedule_init(struct replay_schedule *schedule, const struct replay_plan *plan,
			  int64_t recorded_ns, int64_t due_ns);

/* When the next message is due. Never before the one ahead of it: where recorded times step back, it is due with it. bytes:
 * of its headers and payload. */
int64_t replay_schedule_next(struct replay_schedule *schedule, int64_t recorded_ns, uint64_t bytes);

/* When the last message is due, after what has changed since. */
int64_t replay_schedule_due(const struct replay_schedule *schedule);

/* Go on elsewhere in the log, or from its beginning again: the message recorded at recorded_ns is due at due_ns. */
void replay_schedule_seek(struct replay_schedule *schedule, int64_t recorded_ns, int64_t due_ns);

/* What is still to come is later by so much: after a pause, or because the schedule is not to be caught up with. */
void replay_schedule_shift(struct replay_schedule *schedule, int64_t ns);

/* Change the speed at due_ns, which must not be ahead of the last message's. */
void replay_schedule_set_speed(struct replay_schedule *schedule, uint64_t speed, int64_t due_ns);

/* Messages have times at which they are due: all but REPLAY_FASTEST. */
static inline bool replay_schedule_is_timed(const struct replay_schedule *schedule)
{
	return schedule->plan.pacing != REPLAY_FASTEST;
}

#endif
