/* schedule.h - compute when each message is due.
 *
 * Pure: reads no clock. Times of the log ("recorded") are steady times of events; times of the run ("due") are
 * nanoseconds of the caller's clock. Every due time is computed from an anchor, never from the previous message, so that
 * rounding errors do not add up. Safe for any recorded times, any speed and any number of messages: due times saturate
 * at REPLAY_NEVER_NS. */
#ifndef REPLAY_PLAY_SCHEDULE_H
#define REPLAY_PLAY_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* 73 years: longer than any run, and two of them can be added without overflow. */
#define REPLAY_NEVER_NS (INT64_MAX / 4)

enum {
	REPLAY_SPEED_ONE = 1000000, /* speeds are in millionths: 1x */
	REPLAY_SPEED_MIN = 10000,   /* 0.01x */
	REPLAY_SPEED_MAX = 1000000000,
	REPLAY_RATE_ONE = 1000, /* rates are in thousandths of a message per second */
};

enum replay_pacing {
	REPLAY_AS_RECORDED,
	REPLAY_AT_RATE,      /* a constant number of messages per second */
	REPLAY_AT_BANDWIDTH, /* a constant number of bytes per second */
	REPLAY_RAMPED,       /* a rate that changes linearly, then stays constant */
	REPLAY_FASTEST,      /* each message is due at once */
};

struct replay_plan {
	enum replay_pacing pacing;
	uint64_t speed;            /* factor for all but REPLAY_FASTEST, in millionths */
	bool shortens_gaps;        /* recorded silences are shortened to max_gap_ns */
	int64_t max_gap_ns;        /* 0: to nothing */
	uint64_t rate;             /* REPLAY_AT_RATE; REPLAY_RAMPED: at the beginning. Thousandths */
	uint64_t ramp_to;          /* REPLAY_RAMPED: at its end. Thousandths, > 0 */
	int64_t ramp_ns;           /* REPLAY_RAMPED: how long it takes, > 0 */
	uint64_t bytes_per_second; /* REPLAY_AT_BANDWIDTH, > 0 */
};

struct replay_schedule {
	struct replay_plan plan;
	/* Of the latest message, in nanoseconds since the beginning at speed 1. */
	int64_t position_ns;
	/* Position anchor_position_ns is due at anchor_due_ns. Changed with the speed, and by a seek. */
	int64_t anchor_position_ns, anchor_due_ns;
	/* The recorded time base_recorded_ns has position base_position_ns. Changed by a seek. */
	int64_t base_recorded_ns, base_position_ns;
	int64_t recorded_ns;      /* the latest so far */
	int64_t skipped_ns;       /* of recorded silence, since the last seek */
	uint64_t messages, bytes; /* so far */
};

/* Begin: a message that was recorded at recorded_ns is due at due_ns. */
void replay_schedule_init(struct replay_schedule *schedule, const struct replay_plan *plan,
			  int64_t recorded_ns, int64_t due_ns);

/* When the next message is due. Never before the previous one: where recorded times step back, both are due together.
 * bytes: of its headers and payload. */
int64_t replay_schedule_next(struct replay_schedule *schedule, int64_t recorded_ns, uint64_t bytes);

/* When the latest message is due, after changes since replay_schedule_next. */
int64_t replay_schedule_due(const struct replay_schedule *schedule);

/* Continue elsewhere in the log, or at its beginning again: recorded_ns is due at due_ns. */
void replay_schedule_seek(struct replay_schedule *schedule, int64_t recorded_ns, int64_t due_ns);

/* Delay all that follows by ns: after a pause, or because lost time is not made up for. */
void replay_schedule_shift(struct replay_schedule *schedule, int64_t ns);

/* Change the speed at due_ns, which must not be before the latest message's. */
void replay_schedule_set_speed(struct replay_schedule *schedule, uint64_t speed, int64_t due_ns);

/* Messages have times at which they are due: all but REPLAY_FASTEST. */
static inline bool replay_schedule_is_timed(const struct replay_schedule *schedule)
{
	return schedule->plan.pacing != REPLAY_FASTEST;
}

#endif
