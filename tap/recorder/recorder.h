/* recorder.h - the sink that turns the events of one thread or event loop into a log.
 *
 * Keeps what the operator chose to record, appends it to a batch of its own, and hands the batch over to the recording's
 * writer when it is full or 20 ms old. Events of one recorder keep their order; blocks of different recorders overlap in
 * time by no more than these 20 ms.
 *
 * Overflow is a choice and never silent. `wait` asks the source to pause (see `ready` of wire_sink); events that come
 * before the source pauses are kept in spare batches. `drop` loses messages and deliveries, of which there are many, and
 * keeps other events in spare batches. An event that finds no room is counted, and a gap event states the loss. */
#ifndef TAP_RECORDER_RECORDER_H
#define TAP_RECORDER_RECORDER_H

#include "tap/recorder/recording.h"
#include "wire/event.h"

struct tap_recorder;

/* Open a recorder of a recording; thread-safe. wake (may be NULL) is called from the writer's thread when `ready` of the sink
 * was false and there is room again; it must only signal. 0 or -ENOMEM. */
int tap_recorder_open(struct tap_recorder **recorder, struct tap_recording *recording,
		      void (*wake)(void *context), void *context);

/* Hand over what is left, detach; thread-safe. Nothing is lost by it, but it is not waited for. No sink call may be under way
 * or follow, and the caller must not hold a lock that the wake call takes. NULL is allowed. */
void tap_recorder_close(struct tap_recorder *recorder);

/* The sink, valid while the recorder is open. Its status is that of the whole recording. */
struct wire_sink *tap_recorder_sink(struct tap_recorder *recorder);

/* A recorder of the recording had no room, or no memory, for a message. Failures of the disk are reported later, by the sink's status. */
bool tap_recorder_has_lost(const struct tap_recorder *recorder);

#endif
