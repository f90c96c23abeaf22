#include "tap/capture/clock.h"

/* Half of what an int64_t holds. */
#define FARTHEST_NS (INT64_MAX / 2)

/* Frames are out of order by at most this much. */
#define DISORDER_NS INT64_C(50000000)

static int64_t within(int64_t time_ns)
{
	if (time_ns > FARTHEST_NS)
		return FARTHEST_NS;
	return time_ns < -FARTHEST_NS ? -FARTHEST_NS : time_ns;
}

static struct tap__clock_step *step_at(struct tap__clock *clock, uint64_t number)
{
	return &clock->steps[number & (TAP__CLOCK_STEPS - 1)];
}

static bool has_settled(const struct tap__clock *clock)
{
	return clock->frames - clock->step_frame >= TAP__CLOCK_SETTLED;
}

/* The current frame is the first of a clock that was set by by_ns. */
static void step(struct tap__clock *clock, int64_t time_ns, int64_t by_ns, bool is_quiet)
{
	int64_t before_ns = clock->offset_ns;
	clock->before_ns = clock->front_ns;
	clock->front_ns = time_ns;
	clock->step_frame = clock->frames;
	clock->is_settled = is_quiet;
	clock->offset_ns = store_time_plus(clock->offset_ns, by_ns);
	clock->least_ns = within(store_time_minus(time_ns, clock->offset_ns));
	if (clock->least_ns <= clock->steady_ns) { /* so that each steady time has one time of day */
		clock->least_ns = within(clock->steady_ns + 1);
		clock->offset_ns = store_time_minus(time_ns, clock->least_ns);
	}
	if (clock->count - clock->marked == TAP__CLOCK_STEPS)
		clock->marked++;
	*step_at(clock, clock->count++) = (struct tap__clock_step){.from_ns = clock->least_ns,
								   .before_ns = before_ns,
								   .offset_ns = clock->offset_ns,
								   .by_ns = by_ns,
								   .is_quiet = is_quiet};
}

/* Is the clock back where it was before the last step, which therefore did not last? */
static bool is_return(struct tap__clock *clock, int64_t time_ns, int64_t ahead_ns)
{
	if (tap__clock_is_settled(clock) || ahead_ns <= STORE_STEP_NS)
		return false;
	int64_t back_ns = -step_at(clock, clock->count - 1)->by_ns;
	return ahead_ns >= back_ns - back_ns / 4 &&
	       store_time_minus(clock->before_ns, time_ns) < STORE_STEP_NS;
}

/* Is it the expected step? It is at least as large, because some time has passed as well. */
static bool is_expected(const struct tap__clock *clock, int64_t ahead_ns)
{
	return clock->expected_ns != 0 && ahead_ns >= clock->expected_ns - DISORDER_NS &&
	       (clock->expected_ns > 0 || ahead_ns < -STORE_STEP_NS);
}

static void find_step(struct tap__clock *clock, int64_t time_ns)
{
	int64_t ahead_ns = time_ns - clock->front_ns;
	if (is_expected(clock, ahead_ns)) {
		step(clock, time_ns, clock->expected_ns, false);
		clock->expected_ns = 0;
	} else if (ahead_ns < -STORE_STEP_NS) {
		step(clock, time_ns, ahead_ns, false);
	} else if (is_return(clock, time_ns, ahead_ns)) {
		step_at(clock, clock->count - 1)->is_quiet = true;
		step(clock, time_ns, -step_at(clock, clock->count - 1)->by_ns, true);
	}
}

static void follow_known(struct tap__clock *clock, int64_t time_ns)
{
	int64_t total_ns = store_steps_total(clock->known, clock->frames);
	int64_t by_ns = store_time_minus(total_ns, store_steps_total(clock->known, clock->frames - 1));
	if (by_ns != 0)
		step(clock, time_ns, by_ns, false);
	clock->is_settled = true;
}

int64_t tap__clock_frame(struct tap__clock *clock, int64_t time_ns)
{
	time_ns = within(time_ns);
	if (clock->frames++ == 0) {
		clock->front_ns = time_ns;
		clock->least_ns = INT64_MIN;
	} else if (clock->known && clock->known->count > 0) {
		follow_known(clock, time_ns);
	} else if (!clock->known) {
		find_step(clock, time_ns);
		clock->is_settled |= has_settled(clock);
	}
	int64_t steady_ns = within(store_time_minus(time_ns, clock->offset_ns));
	if (time_ns > clock->front_ns)
		clock->front_ns = time_ns;
	if (steady_ns < clock->least_ns)
		steady_ns = clock->least_ns;
	if (steady_ns > clock->steady_ns || clock->frames == 1)
		clock->steady_ns = steady_ns;
	return steady_ns;
}

void tap__clock_expect(struct tap__clock *clock, int64_t by_ns)
{
	clock->expected_ns = within(store_time_plus(clock->expected_ns, by_ns));
}

int64_t tap__clock_idle(struct tap__clock *clock, int64_t passed_ns)
{
	clock->is_settled = true;
	return within(store_time_plus(clock->steady_ns, passed_ns));
}

int64_t tap__clock_time(const struct tap__clock *clock, int64_t steady_ns)
{
	uint64_t kept = clock->count < TAP__CLOCK_STEPS ? clock->count : TAP__CLOCK_STEPS;
	int64_t offset_ns = 0;
	for (uint64_t i = 1; i <= kept; i++) {
		const struct tap__clock_step *step =
		    &clock->steps[(clock->count - i) & (TAP__CLOCK_STEPS - 1)];
		if (steady_ns >= step->from_ns)
			return store_time_plus(steady_ns, step->offset_ns);
		offset_ns = step->before_ns;
	}
	return store_time_plus(steady_ns, offset_ns);
}

const struct tap__clock_step *tap__clock_next_mark(struct tap__clock *clock, int64_t steady_ns)
{
	while (clock->marked < clock->count) {
		const struct tap__clock_step *step = step_at(clock, clock->marked);
		if (steady_ns < step->from_ns)
			break;
		clock->marked++;
		if (!step->is_quiet)
			return step;
	}
	return NULL;
}
