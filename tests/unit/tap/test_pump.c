/* The pump between a source and a sink, driven by a scripted source. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "tap/pump.h"

enum step {
	GIVE,      /* an event */
	IDLE,      /* nothing new until the descriptor is readable */
	INTERRUPT, /* an event, after which an interrupt comes */
	FAIL,
	END,
};

/* Everything that takes part in a run. The source and the sink find it from their pointers. */
struct script {
	struct wire_source source; /* first */
	struct wire_sink sink;
	struct tap_pump pump;
	const enum step *steps;
	uint64_t given; /* events */
	bool is_stopped, is_over;
	int fd, deadline_ms, interrupt_fd;
	unsigned stops, idles, pauses, ticks, full;
	uint64_t taken, seen; /* events by the sink, by the caller */
	bool is_full;
	uint64_t end_after; /* events; 0: never */
};

static struct script script;

static void make_readable(int fd)
{
	const uint64_t one = 1;
	assert_int_equal(write(fd, &one, sizeof one), sizeof one);
}

/* ---- the source ---- */

static int give(struct wire_event *event)
{
	*event = (struct wire_event){.seq = ++script.given};
	return 1;
}

static int next_of(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	(void)source;
	switch (script.is_stopped ? END : *script.steps) {
	case GIVE: script.steps++; return give(event);
	case INTERRUPT:
		script.steps++;
		make_readable(script.interrupt_fd);
		return give(event);
	case IDLE: script.idles++; return 0;
	case FAIL: return wire_fault_set(fault, -EIO, "the script fails here");
	default: script.is_over = true; return 0;
	}
}

static bool is_over(struct wire_source *source)
{
	(void)source;
	return script.is_over;
}

static void stop(struct wire_source *source)
{
	(void)source;
	script.stops++;
	script.is_stopped = true;
}

static int fd_of(struct wire_source *source)
{
	(void)source;
	return script.fd;
}

static int deadline_of(struct wire_source *source)
{
	(void)source;
	return script.deadline_ms;
}

/* ---- the sink ---- */

static void take(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	assert_false(script.is_full);
	assert_int_equal(event->seq, ++script.taken);
}

/* Full for the number of calls that the script says; each of these wakes the pump. */
static bool has_room(struct wire_sink *sink)
{
	(void)sink;
	script.is_full = script.full > 0;
	if (script.is_full) {
		script.full--;
		tap_pump_wake(&script.pump);
	}
	return !script.is_full;
}

static unsigned tick(struct wire_sink *sink, int64_t now_ns)
{
	(void)sink;
	assert_int_equal(now_ns, 42);
	script.ticks++;
	return 1;
}

static int64_t clock_of_script(void)
{
	return 42;
}

/* ---- the caller ---- */

static int see(void *context, const struct wire_event *event, struct wire_fault *fault)
{
	(void)fault;
	assert_ptr_equal(context, &script);
	assert_int_equal(event->seq, script.taken); /* the sink was first */
	return ++script.seen == script.end_after;
}

/* An idle source ends its silence here, in the way that the script says. */
static bool pause_run(void *context, bool is_idle)
{
	(void)context;
	script.pauses++;
	if (is_idle && script.fd >= 0)
		make_readable(script.fd);
	if (is_idle)
		script.steps++;
	return true;
}

static int run(struct wire_fault *fault)
{
	const struct tap_pump_options options = {
	    .source = {&script.source, is_over, stop, fd_of, deadline_of},
	    .sink = &script.sink,
	    .now_ns = clock_of_script,
	    .interrupt_fd = script.interrupt_fd,
	    .event = see,
	    .pause = pause_run,
	    .context = &script};
	return tap_pump_run(&script.pump, &options, fault);
}

static int open_script(void **state)
{
	(void)state;
	script = (struct script){.source = {.next = next_of},
				 .sink = {.event = take, .ready = has_room, .tick = tick},
				 .fd = -1,
				 .deadline_ms = -1,
				 .interrupt_fd = eventfd(0, EFD_CLOEXEC)};
	return tap_pump_init(&script.pump);
}

static int close_script(void **state)
{
	(void)state;
	tap_pump_fini(&script.pump);
	close(script.interrupt_fd);
	return 0;
}

/* ---- claims ---- */

static void every_event_reaches_the_sink_in_order(void **state)
{
	static const enum step steps[] = {GIVE, GIVE, GIVE, END};
	(void)state;
	script.steps = steps;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.taken, 3);
	assert_int_equal(script.seen, 3);
	assert_int_equal(script.stops, 0);
}

static void a_full_sink_gets_no_event_before_it_has_room(void **state)
{
	static const enum step steps[] = {GIVE, GIVE, END};
	(void)state;
	script.steps = steps;
	script.full = 3;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.full, 0);
	assert_int_equal(script.taken, 2);
}

static void an_idle_source_is_called_again_when_its_descriptor_is_readable(void **state)
{
	static const enum step steps[] = {GIVE, IDLE, GIVE, END};
	(void)state;
	script.steps = steps;
	script.sink.tick = NULL; /* no deadline but that of the descriptor */
	script.fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(run(NULL), 0);
	close(script.fd);
	assert_int_equal(script.idles, 1);
	assert_int_equal(script.taken, 2);
}

static void an_idle_source_is_called_again_after_its_deadline(void **state)
{
	static const enum step steps[] = {IDLE, GIVE, END};
	(void)state;
	script.steps = steps;
	script.sink.tick = NULL;
	script.deadline_ms = 1;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.taken, 1);
}

static void the_sink_is_ticked_while_the_source_is_idle(void **state)
{
	static const enum step steps[] = {GIVE, IDLE, IDLE, END};
	(void)state;
	script.steps = steps; /* no descriptor and no deadline: the tick's delay ends the sleep */
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.ticks, 2);
}

static void an_interrupt_of_an_idle_source_stops_it(void **state)
{
	static const enum step steps[] = {INTERRUPT, IDLE, IDLE, GIVE, END};
	(void)state;
	script.steps = steps;
	script.sink.tick = NULL;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.stops, 1);
	assert_int_equal(script.taken, 1);
}

static void an_interrupt_of_a_busy_source_stops_it(void **state)
{
	static enum step steps[5000];
	(void)state;
	memset(steps, 0, sizeof steps);
	steps[0] = INTERRUPT;
	steps[4999] = FAIL; /* reached if the interrupt goes unnoticed */
	script.steps = steps;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.stops, 1);
	assert_true(script.taken < 4999 && script.taken == script.given);
	assert_true(script.pauses > 0);
}

static void the_caller_may_end_the_run(void **state)
{
	static const enum step steps[] = {GIVE, GIVE, GIVE, FAIL};
	(void)state;
	script.steps = steps;
	script.end_after = 2;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(script.taken, 2);
}

static void an_error_of_the_source_ends_the_run(void **state)
{
	static const enum step steps[] = {GIVE, FAIL};
	struct wire_fault fault = {0};
	(void)state;
	script.steps = steps;
	assert_int_equal(run(&fault), -EIO);
	assert_string_equal(fault.text, "the script fails here");
	assert_int_equal(script.taken, 1);
}

#define PUMP_TEST(name) cmocka_unit_test_setup_teardown(name, open_script, close_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PUMP_TEST(every_event_reaches_the_sink_in_order),
	    PUMP_TEST(a_full_sink_gets_no_event_before_it_has_room),
	    PUMP_TEST(an_idle_source_is_called_again_when_its_descriptor_is_readable),
	    PUMP_TEST(an_idle_source_is_called_again_after_its_deadline),
	    PUMP_TEST(the_sink_is_ticked_while_the_source_is_idle),
	    PUMP_TEST(an_interrupt_of_an_idle_source_stops_it),
	    PUMP_TEST(an_interrupt_of_a_busy_source_stops_it),
	    PUMP_TEST(the_caller_may_end_the_run),
	    PUMP_TEST(an_error_of_the_source_ends_the_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
