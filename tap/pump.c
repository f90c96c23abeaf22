#include "tap/pump.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_PER_PAUSE = 1024 };

int tap_pump_init(struct tap_pump *pump)
{
	*pump = (struct tap_pump){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	return pump->wake_fd < 0 ? -errno : 0;
}

void tap_pump_fini(struct tap_pump *pump)
{
	if (pump->wake_fd >= 0)
		close(pump->wake_fd);
	pump->wake_fd = -1;
}

void tap_pump_wake(const struct tap_pump *pump)
{
	const uint64_t one = 1;
	if (write(pump->wake_fd, &one, sizeof one) < 0)
		return; /* the counter is full: a wake-up is pending */
}

void tap_pump_stop(struct tap_pump *pump, const struct tap_pump_options *options)
{
	if (!pump->is_stopped)
		options->source.stop(options->source.source);
	pump->is_stopped = true;
}

/* ---- waiting ---- */

/* Sleep until `fd` is readable, an interrupt comes, or the time is over (-1: never). An interrupt stops the source. True
 * when fd is readable. */
static bool wait_for(struct tap_pump *pump, const struct tap_pump_options *options, int fd, int timeout_ms)
{
	struct pollfd waits[] = {{.fd = fd, .events = POLLIN},
				 {.fd = pump->is_stopped ? -1 : options->interrupt_fd, .events = POLLIN}};
	if (poll(waits, 2, timeout_ms) <= 0)
		return false;
	if (waits[1].revents)
		tap_pump_stop(pump, options);
	return waits[0].revents != 0;
}

static void wait_for_room(struct tap_pump *pump, const struct tap_pump_options *options)
{
	struct wire_sink *sink = options->sink;
	uint64_t wakes;
	while (sink && sink->ready && !sink->ready(sink))
		if (wait_for(pump, options, pump->wake_fd, -1) &&
		    read(pump->wake_fd, &wakes, sizeof wakes) < 0)
			return;
}

/* Returns the milliseconds after which the sink wants another tick; -1: none. */
static int tick(const struct tap_pump_options *options)
{
	struct wire_sink *sink = options->sink;
	if (!sink || !sink->tick || !options->now_ns)
		return -1;
	unsigned delay_ms = sink->tick(sink, options->now_ns());
	return delay_ms == 0 ? -1 : (int)delay_ms;
}

/* False: end the run. */
static bool pause_run(const struct tap_pump_options *options, bool is_idle)
{
	return !options->pause || options->pause(options->context, is_idle);
}

static int earlier(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

/* The source has nothing new: sleep. False: end the run. */
static bool rest(struct tap_pump *pump, const struct tap_pump_options *options)
{
	const struct tap_pump_source *source = &options->source;
	if (source->is_over(source->source))
		return false;
	int tick_ms = tick(options);
	if (!pause_run(options, true))
		return false;
	wait_for(pump, options, source->fd ? source->fd(source->source) : -1,
		 earlier(source->deadline_ms(source->source), tick_ms));
	return true;
}

/* Events keep coming: do what is due meanwhile. False: end the run. */
static bool check_meanwhile(struct tap_pump *pump, const struct tap_pump_options *options)
{
	wait_for(pump, options, -1, 0);
	tick(options);
	return pause_run(options, false);
}

/* ---- moving ---- */

/* 0 to continue, 1 to end the run, or a negative code with *fault. */
static int move(const struct tap_pump_options *options, struct wire_event *event, struct wire_fault *fault)
{
	if (options->masker)
		wire_masker_event(options->masker, event);
	if (options->sink)
		options->sink->event(options->sink, event);
	return options->event ? options->event(options->context, event, fault) : 0;
}

int tap_pump_run(struct tap_pump *pump, const struct tap_pump_options *options, struct wire_fault *fault)
{
	struct wire_source *source = options->source.source;
	struct wire_event event;
	for (uint64_t events = 0;;) {
		wait_for_room(pump, options);
		int status = source->next(source, &event, fault);
		if (status == 0 && !rest(pump, options))
			return 0;
		if (status > 0) {
			status = move(options, &event, fault);
			events++;
			if (status > 0 || (status == 0 && events % EVENTS_PER_PAUSE == 0 &&
					   !check_meanwhile(pump, options)))
				return 0;
		}
		if (status < 0)
			return status;
	}
}
