/* control.h - what others ask of a recording by requests: start, stop, mark TEXT, status. Internal to tap. */
#ifndef TAP_SUBSCRIBER_CONTROL_H
#define TAP_SUBSCRIBER_CONTROL_H

#include "net/client/subscription.h"
#include "tap/subscriber/notices.h"
#include "tap/subscriber/subscriber.h"
#include "wire/mark.h"

struct tap__control {
	struct net_client *client;                    /* borrowed */
	struct tap__notices *notices;                 /* borrowed */
	struct net_client_subscription *subscription; /* NULL: none */
	bool is_paused;
	char remark[WIRE_MARK_REMARK];
};

/* Add the requests on a subject to the notices, as messages, so that they take effect after the messages that came before them.
 * 0, or a negative code with *fault. */
int tap__control_open(struct tap__control *control, struct net_client *client, struct tap__notices *notices,
		      const char *subject, struct wire_fault *fault);
/* Before the client is closed. */
void tap__control_close(struct tap__control *control);

/* Execute a request, from the thread that opened the client, and answer it with these counts. True with *event, a mark, whose text
 * is valid until the next call; false: there is none. */
bool tap__control_obey(struct tap__control *control, const struct wire_event *request,
		       const struct tap_subscriber_stats *stats, const struct wire_sink_status *log,
		       struct wire_event *event);

#endif
