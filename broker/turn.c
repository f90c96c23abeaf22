#include "broker/turn.h"

#include "broker/emit.h"

enum {
	ROUND_NS = 2000000,
	SHORT_TURNS = 32, /* short turns that take as long as a whole one */
	LONE_TURNS = 4,   /* whole turns that a client gets at once while nobody else waits for one */
};

bool broker__round_is_over(const struct broker__loop *loop)
{
	return loop->round_ns > 0 && uv_hrtime() - loop->round_ns > ROUND_NS;
}

void broker__turn_begin(struct broker__loop *loop)
{
	int64_t units = loop->broker->turn_units;
	if (loop->waiting.len == 0)
		units *= LONE_TURNS; /* larger writes to its receivers */
	if (loop->round_ns == 0)
		loop->round_ns = uv_hrtime();
	else if (broker__round_is_over(loop))
		units /= SHORT_TURNS;
	loop->turn_units = loop->work_left = units > 0 ? units : 1;
	loop->is_sink_full = broker__sink_is_full(loop);
}

void broker__round_wake(struct broker__loop *loop)
{
	if (!uv_is_active((uv_handle_t *)&loop->round))
		uv_idle_start(&loop->round, loop->on_round);
}
