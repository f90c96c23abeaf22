/* marks.h - the marks in a log that state when recording started and stopped. Internal to tap. */
#ifndef TAP_RECORDER_MARKS_H
#define TAP_RECORDER_MARKS_H

#include "tap/recorder/recording_layout.h"

/* Begin a batch, which is empty, with the mark at the start, unless another batch began with it. */
void tap__marks_start(struct tap_recording *recording, struct store_batch *batch, int64_t time_ns);

/* The events that mark a start and a stop. */
struct wire_event tap__marks_started(int64_t time_ns);
struct wire_event tap__marks_stop(int64_t time_ns);

/* After the mark at the stop was handed over: the next batch begins with a mark at the start again. */
void tap__marks_reset(struct tap_recording *recording);

#endif
