/* control.h - what others ask of a recording by requests: start, stop, mark TEXT, status. Internal to tap. */
#ifndef TAP_SUBSCRIBER_CONTROL_H
#define TAP_SUBSCRIBER_CONTROL_H

#include "tap/subscriber/subscriber.h"

enum tap__command { TAP__START, TAP__STOP, TAP__MARK, TAP__STATUS, TAP__UNKNOWN };

/* Read a request. *rest is the text of a mark. */
enum tap__command tap__control_read(struct wire_slice request, struct wire_slice *rest);

/* The JSON of a reply; owned by the caller, NULL when out of memory. */
char *tap__control_reply(enum tap__command command, bool is_recording,
			 const struct tap_subscriber_stats *stats, const struct wire_sink_status *log);

#endif
