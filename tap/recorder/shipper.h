/* shipper.h - run a command for each segment of a recording once it is closed, so that it can be copied elsewhere.
 *
 * One command at a time, in order of the segments, each in a process of its own; recording never waits for it. The queue is the
 * log itself: the file `.shipped` in it states the first event that was not shipped, so that a restart continues there. A failed
 * command is run again, after a pause that doubles up to five minutes. */
#ifndef TAP_RECORDER_SHIPPER_H
#define TAP_RECORDER_SHIPPER_H

#include "store/write/writer.h"

struct tap_shipper;

struct tap_shipper_options {
	const char *dir;     /* of the log; copied */
	const char *command; /* for sh -c; the segment's path is its $1 and in TAPEDECK_SEGMENT. Copied */
	struct store_writer *writer;
	void (*report)(void *context, const char *line); /* from the shipper's thread; may be NULL */
	void *context;
};

/* Start the thread. 0 or a negative code. */
int tap_shipper_open(struct tap_shipper **shipper, const struct tap_shipper_options *options);

/* The writer is about to be closed: do not ask it any more. */
void tap_shipper_leave_writer(struct tap_shipper *shipper);

/* After the writer was closed: ship what is left, until a command fails or patience_ms are over; then end the thread, and the
 * command that still runs. Segments that were not shipped are shipped by the next recording into the log. NULL is allowed. */
void tap_shipper_close(struct tap_shipper *shipper, int patience_ms);

struct tap_shipper_status {
	uint64_t shipped;        /* segments, since opening */
	uint64_t failures;       /* of the command */
	uint64_t waiting;        /* closed segments that were not shipped yet */
	uint64_t deleted_events; /* that retention deleted before they were shipped */
};

/* Thread-safe. */
void tap_shipper_status(struct tap_shipper *shipper, struct tap_shipper_status *status);

#endif
