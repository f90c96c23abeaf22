/* pump.h - move events from a live source to a sink until the source is over.
 *
 * The loop that all recorders share. It gives each event to the sink, waits while the sink has no room, ticks the sink,
 * and sleeps while the source has nothing new, until a file descriptor is readable or a deadline has passed. An interrupt
 * stops the source; events that are under way are still moved. */
#ifndef TAP_PUMP_H
#define TAP_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/error.h"
#include "wire/event.h"
#include "wire/mask/masker.h"
#include "wire/source.h"

/* A source that goes on: next returns 0 when there is nothing new. The calls get `source`. */
struct tap_pump_source {
	struct wire_source *source; /* borrowed */
	/* Were all events given out? */
	bool (*is_over)(struct wire_source *source);
	/* Come to an end: next gives what is under way, then the source is over. */
	void (*stop)(struct wire_source *source);
	/* Optional. Readable when there may be an event; -1: none. */
	int (*fd)(struct wire_source *source);
	/* How long the pump may sleep before it calls next again, in milliseconds; -1: until fd is readable. */
	int (*deadline_ms)(struct wire_source *source);
};

struct tap_pump_options {
	struct tap_pump_source source;
	struct wire_sink
	    *sink; /* borrowed; NULL: none. Its owner calls tap_pump_wake when it has room again */
	struct wire_masker *masker; /* borrowed: masks each event before anyone sees it; NULL: none */
	int64_t (*now_ns)(void);    /* the clock for the sink's tick; NULL: no tick */
	int interrupt_fd;           /* readable after an interrupt; never read. -1: none */
	/* Optional. Called with each event after the sink. 0: continue; 1: end the run; or a negative code with *fault. */
	int (*event)(void *context, const struct wire_event *event, struct wire_fault *fault);
	/* Optional. Called when the source has nothing new (is_idle), and every 1024 events. False: end the run. */
	bool (*pause)(void *context, bool is_idle);
	void *context; /* of both */
};

struct tap_pump {
	int wake_fd;
	bool is_stopped; /* the source was stopped */
};

/* 0 or a negative errno. */
int tap_pump_init(struct tap_pump *pump);
void tap_pump_fini(struct tap_pump *pump);

/* The sink may have room again. Call from any thread. */
void tap_pump_wake(const struct tap_pump *pump);

/* Move events until the source is over or a call ends the run. 0, or a negative code with *fault from the source or from
 * options->event. */
int tap_pump_run(struct tap_pump *pump, const struct tap_pump_options *options, struct wire_fault *fault);

/* Stop the source, unless that was done. */
void tap_pump_stop(struct tap_pump *pump, const struct tap_pump_options *options);

#endif
