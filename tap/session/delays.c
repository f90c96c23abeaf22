#include "tap/session/delays.h"

/* Of the least delay: what changes more slowly than this is not taken for waiting. */
#define PERIOD_NS INT64_C(10000000000)

/* A delivery has waited when it takes longer than the least delay by more than this: a turn of a busy server. */
#define WAIT_NS INT64_C(5000000)

/* The state of the server is that of the deliveries seen in this time. */
#define RECENT_NS INT64_C(3000000)

void tap__delays_init(struct tap__delays *delays)
{
	*delays = (struct tap__delays){.least_ns = INT64_MAX,
				       .least_before_ns = INT64_MAX,
				       .period_ns = INT64_MIN,
				       .behind_ns = INT64_MIN};
}

static void begin_period(struct tap__delays *delays, int64_t now_ns)
{
	delays->least_before_ns = delays->least_ns;
	delays->least_ns = INT64_MAX;
	delays->period_ns = now_ns;
}

static int64_t least(const struct tap__delays *delays)
{
	return delays->least_ns < delays->least_before_ns ? delays->least_ns : delays->least_before_ns;
}

void tap__delays_add(struct tap__delays *delays, int64_t delay_ns, int64_t now_ns)
{
	if (delays->period_ns == INT64_MIN || now_ns - delays->period_ns > PERIOD_NS)
		begin_period(delays, now_ns);
	if (delay_ns < delays->least_ns)
		delays->least_ns = delay_ns;
	if (delay_ns - least(delays) > WAIT_NS)
		delays->behind_ns = now_ns;
}

void tap__delays_add_missed(struct tap__delays *delays, int64_t now_ns)
{
	delays->behind_ns = now_ns;
}

bool tap__delays_are_behind(const struct tap__delays *delays, int64_t now_ns)
{
	return delays->behind_ns != INT64_MIN && now_ns - delays->behind_ns < RECENT_NS;
}
