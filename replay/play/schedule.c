#include "replay/play/schedule.h"

#include <math.h>

__extension__ typedef __int128 int128;

enum { NS_PER_SECOND = 1000000000 };

static int64_t clamp(int128 value)
{
	if (value > REPLAY_NEVER_NS)
		return REPLAY_NEVER_NS;
	return value < -REPLAY_NEVER_NS ? -REPLAY_NEVER_NS : (int64_t)value;
}

/* value × mul / div. Exact: the product of a number below 2^64 and one below 2^50 fits. */
static int64_t scale(int128 value, uint64_t mul, uint64_t div)
{
	return clamp(value * mul / div);
}

/* When message number n is sent in a ramp from rate r to rate s over a time d. While the rate changes, r·t + (s − r)·t² / 2d
 * messages have been sent at time t; solved for t without dividing by a difference near zero. */
static int64_t ramp_position(const struct replay_plan *plan, uint64_t n)
{
	const long double r = (long double)plan->rate / REPLAY_RATE_ONE;
	const long double s = (long double)plan->ramp_to / REPLAY_RATE_ONE;
	const long double d = (long double)plan->ramp_ns / NS_PER_SECOND;
	const long double during = (r + s) / 2 * d, messages = (long double)n;
	long double seconds;

	if (messages >= during)
		seconds = d + (messages - during) / s;
	else if (n == 0)
		seconds = 0;
	else
		seconds = 2 * messages / (r + sqrtl(r * r + 2 * (s - r) / d * messages));
	return seconds * NS_PER_SECOND > REPLAY_NEVER_NS ? REPLAY_NEVER_NS
							 : (int64_t)(seconds * NS_PER_SECOND);
}

/* The position of a recorded time, without the silences that were skipped. */
static int64_t recorded_position(struct replay_schedule *schedule, int64_t recorded_ns)
{
	int128 gap = (int128)recorded_ns - schedule->recorded_ns;

	if (gap > 0) {
		int64_t max_ns = schedule->plan.max_gap_ns;
		if (schedule->plan.shortens_gaps && gap > max_ns)
			schedule->skipped_ns = clamp(schedule->skipped_ns + gap - max_ns);
		schedule->recorded_ns = recorded_ns;
	}
	return clamp((int128)schedule->base_position_ns + schedule->recorded_ns - schedule->base_recorded_ns -
		     schedule->skipped_ns);
}

static int64_t next_position(struct replay_schedule *schedule, int64_t recorded_ns)
{
	const struct replay_plan *plan = &schedule->plan;

	switch (plan->pacing) {
	case REPLAY_AS_RECORDED: return recorded_position(schedule, recorded_ns);
	case REPLAY_AT_RATE:
		return scale(schedule->messages, (uint64_t)NS_PER_SECOND * REPLAY_RATE_ONE, plan->rate);
	case REPLAY_AT_BANDWIDTH: return scale(schedule->bytes, NS_PER_SECOND, plan->bytes_per_second);
	case REPLAY_RAMPED: return ramp_position(plan, schedule->messages);
	case REPLAY_FASTEST: break;
	}
	return schedule->position_ns;
}

void replay_schedule_init(struct replay_schedule *schedule, const struct replay_plan *plan,
			  int64_t recorded_ns, int64_t due_ns)
{
	*schedule = (struct replay_schedule){.plan = *plan};
	replay_schedule_seek(schedule, recorded_ns, due_ns);
}

void replay_schedule_seek(struct replay_schedule *schedule, int64_t recorded_ns, int64_t due_ns)
{
	schedule->anchor_position_ns = schedule->base_position_ns = schedule->position_ns;
	schedule->anchor_due_ns = due_ns;
	schedule->recorded_ns = schedule->base_recorded_ns = recorded_ns;
	schedule->skipped_ns = 0;
}

int64_t replay_schedule_due(const struct replay_schedule *schedule)
{
	return clamp((int128)schedule->anchor_due_ns +
		     scale((int128)schedule->position_ns - schedule->anchor_position_ns, REPLAY_SPEED_ONE,
			   schedule->plan.speed));
}

int64_t replay_schedule_next(struct replay_schedule *schedule, int64_t recorded_ns, uint64_t bytes)
{
	int64_t position_ns = next_position(schedule, recorded_ns);

	if (position_ns > schedule->position_ns)
		schedule->position_ns = position_ns;
	schedule->messages++;
	schedule->bytes += bytes;
	return replay_schedule_due(schedule);
}

void replay_schedule_shift(struct replay_schedule *schedule, int64_t ns)
{
	schedule->anchor_due_ns = clamp((int128)schedule->anchor_due_ns + ns);
}

void replay_schedule_set_speed(struct replay_schedule *schedule, uint64_t speed, int64_t due_ns)
{
	int128 passed =
	    scale((int128)due_ns - schedule->anchor_due_ns, schedule->plan.speed, REPLAY_SPEED_ONE);

	schedule->anchor_position_ns = clamp(schedule->anchor_position_ns + passed);
	schedule->anchor_due_ns = due_ns;
	schedule->plan.speed = speed;
}
