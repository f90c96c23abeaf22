/* selection.h - which events are recorded, and how much of each. Internal to tap. */
#ifndef TAP_RECORDER_SELECTION_H
#define TAP_RECORDER_SELECTION_H

#include "tap/recorder/recording.h"

struct tap__selection {
	enum tap_detail detail;
	int64_t max_payload;       /* bytes; INT64_MAX = all */
	char **include, **exclude; /* NULL-terminated, or NULL. Owned */
	bool keeps_plain;          /* keeps every event whole, except subscribe and unsubscribe events */
};

/* 0 or -ENOMEM; to be ended with tap__selection_fini in either case. */
int tap__selection_init(struct tap__selection *selection, const struct tap_recording_options *options);
void tap__selection_fini(struct tap__selection *selection);

/* Reduce *event to what is kept of it. False when it is not recorded. */
bool tap__selection_apply(const struct tap__selection *selection, struct wire_event *event);

#endif
