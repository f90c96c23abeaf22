#include "tap/proxy/observer.h"

#include <stdlib.h>

#include "net/clock.h"
#include "tap/session/join_output.h"
#include "wire/mark.h"

enum {
	EVENTS_PER_TURN = 4096, /* more than one read brings */
	TICK_MS = 10,
	FLOW_BYTES = 8192, /* of memory that each connection adds to the limit */
};

struct tap__observer {
	struct tap__observer_options options;
	struct tap_budget budget;
	uint64_t flows; /* open ones */
	struct tap_join *join;
	struct tap_sessions *sessions;
	struct tap_flow_handler *handler; /* the sessions' */
	uv_timer_t tick;
	struct net_clock clock;
	int64_t steps_seen_ns;  /* of the clock, by now: events in the join have times without them */
	int64_t steps_given_ns; /* of those, the ones whose mark has left */
};

/* ---- time ---- */

/* A step is a mark between the events before it and those after it. */
static void note_step(struct tap__observer *observer, int64_t now_ns, int64_t step_ns)
{
	char text[WIRE_MARK_TEXT];
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
					.time_ns = now_ns,
					.text = wire_slice_str(wire_mark_step(text, step_ns))};
	tap_join_event(observer->join, &mark);
	if (observer->options.clock_was_set)
		observer->options.clock_was_set(observer->options.context, step_ns);
}

/* The time without steps. */
int64_t tap__observer_now(struct tap__observer *observer)
{
	int64_t step_ns, now_ns = net_clock_now(&observer->clock, &step_ns);
	observer->steps_seen_ns += step_ns;
	now_ns -= observer->steps_seen_ns;
	if (step_ns != 0)
		note_step(observer, now_ns, step_ns);
	return now_ns;
}

/* Set the time of day of an event that has left the join. */
static void set_times(struct tap__observer *observer, struct wire_event *event)
{
	int64_t step_ns = 0;
	if (event->kind == WIRE_EVENT_MARK && wire_mark_is_step(event->text, &step_ns))
		observer->steps_given_ns += step_ns;
	event->time_ns += observer->steps_given_ns;
	if (event->kind == WIRE_EVENT_GAP) {
		event->from_ns += observer->steps_given_ns;
		event->to_ns += observer->steps_given_ns;
	}
}

/* ---- events to the sink ---- */

/* Give out what may leave, within bounds. True when more may leave. */
static bool give_out(struct tap__observer *observer)
{
	struct wire_event event;
	for (int i = 0; i < EVENTS_PER_TURN; i++) {
		if (!tap_join_next(observer->join, &event))
			return false;
		set_times(observer, &event);
		observer->options.sink->event(observer->options.sink, &event);
	}
	return true;
}

static void on_tick(uv_timer_t *tick)
{
	struct tap__observer *observer = tick->data;
	struct wire_sink *sink = observer->options.sink;
	int64_t now_ns = tap__observer_now(observer);
	tap_join_tick(observer->join, now_ns);
	bool has_more = give_out(observer);
	unsigned again_ms = sink->tick ? sink->tick(sink, now_ns + observer->steps_given_ns) : 0;
	if (has_more)
		uv_timer_start(tick, on_tick, 0, 0);
	else if (!tap_join_is_empty(observer->join))
		uv_timer_start(tick, on_tick, TICK_MS, 0);
	else if (again_ms > 0)
		uv_timer_start(tick, on_tick, again_ms, 0);
}

static void schedule(struct tap__observer *observer)
{
	if (!uv_is_active((uv_handle_t *)&observer->tick))
		uv_timer_start(&observer->tick, on_tick, TICK_MS, 0);
}

/* ---- connections ---- */

/* The limit is never less than what is in use. */
static void set_limit(struct tap__observer *observer)
{
	uint64_t limit = observer->options.memory_bytes + observer->flows * FLOW_BYTES;
	uint64_t used = observer->budget.used_bytes;
	observer->budget.max_bytes = limit > used ? limit : used;
}

/* Returns NULL. */
static void *forget_flow(struct tap__observer *observer)
{
	observer->flows--;
	set_limit(observer);
	return NULL;
}

void *tap__observer_flow_open(struct tap__observer *observer, const struct tap_flow_info *info)
{
	observer->flows++;
	set_limit(observer);
	schedule(observer);
	void *flow = observer->handler->open(observer->handler, info, tap__observer_now(observer));
	return flow ? flow : forget_flow(observer);
}

/* Hot: once for every read. */
void *tap__observer_bytes(struct tap__observer *observer, void *flow, enum tap_peer from, int64_t read_ns,
			  struct wire_slice bytes)
{
	struct tap_flow_handler *handler = observer->handler;
	bool is_wanted = handler->data(handler, flow, from, read_ns, bytes);
	give_out(observer);
	schedule(observer);
	return is_wanted ? flow : forget_flow(observer);
}

void tap__observer_note_held(struct tap__observer *observer, void *flow)
{
	tap_sessions_note_held(flow, tap__observer_now(observer));
}

bool tap__observer_is_behind(struct tap__observer *observer, const void *flow)
{
	return tap_sessions_is_behind(observer->sessions, flow, tap__observer_now(observer));
}

void tap__observer_flow_close(struct tap__observer *observer, void *flow, enum tap_end why)
{
	observer->handler->close(observer->handler, flow, tap__observer_now(observer), why);
	forget_flow(observer);
	schedule(observer);
}

const struct tap_sessions_stats *tap__observer_sessions(const struct tap__observer *observer)
{
	return tap_sessions_stats(observer->sessions);
}

const struct tap_join_stats *tap__observer_join(const struct tap__observer *observer)
{
	return tap_join_stats(observer->join);
}

uint64_t tap__observer_used_bytes(const struct tap__observer *observer)
{
	return observer->budget.used_bytes;
}

/* ---- opening and closing ---- */

static void free_observer(struct tap__observer *observer)
{
	tap_sessions_close(observer->sessions);
	tap_join_close(observer->join);
	free(observer);
}

struct tap__observer *tap__observer_open(const struct tap__observer_options *options)
{
	struct tap__observer *opened = calloc(1, sizeof *opened);
	if (!opened)
		return NULL;
	const struct tap_sessions_options sessions = {.ports = options->ports,
						      .ports_count = options->ports_count,
						      .first_conn = 1, /* every flow has its number */
						      .has_other_clients = true,
						      .names_servers = true};
	opened->options = *options;
	opened->budget.max_bytes = options->memory_bytes;
	opened->join = tap_join_open(TAP_JOIN_WINDOW_NS, &opened->budget);
	if (opened->join) {
		tap_join_expect_relay(opened->join);
		opened->sessions = tap_sessions_open(&sessions, opened->join, &opened->budget);
	}
	if (!opened->sessions) {
		free_observer(opened);
		return NULL;
	}
	opened->handler = tap_sessions_handler(opened->sessions);
	net_clock_init(&opened->clock);
	uv_timer_init(options->loop, &opened->tick);
	opened->tick.data = opened;
	return opened;
}

static void on_closed(uv_handle_t *handle)
{
	free_observer(handle->data);
}

void tap__observer_close(struct tap__observer *observer)
{
	if (!observer)
		return;
	tap_join_finish(observer->join);
	while (give_out(observer))
		continue;
	uv_close((uv_handle_t *)&observer->tick, on_closed);
}
