/* connz.h - connects and disconnects of clients, from the monitoring pages of servers, polled by a thread. Internal to tap.
 *
 * A connection that begins and ends between two polls is seen among the closed ones, of which a server keeps 10,000. When nobody listens
 * at a monitoring port any more, another server answers there, or no answer has come for 30 s, the server is gone, and its
 * connections with it. */
#ifndef TAP_SUBSCRIBER_CONNZ_H
#define TAP_SUBSCRIBER_CONNZ_H

#include "tap/subscriber/presence.h"

struct tap__connz;

/* Begin to poll the servers with these monitoring URLs (NULL-terminated). report, which may be NULL, gets a line when one does not
 * answer, and when it does again. The presence is borrowed. 0, or a negative code with *fault. */
int tap__connz_open(struct tap__connz **connz, const char *const *urls, struct tap__presence *presence,
		    void (*report)(void *context, const char *line), void *context, struct wire_fault *fault);
/* NULL is allowed. */
void tap__connz_close(struct tap__connz *connz);

#endif
