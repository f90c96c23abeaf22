/* visitors.h - the HTTP connections of the monitoring in the order of their last activity, so that a new one can take the
 * place of the one that has been quiet longest. Inside this folder. */
#ifndef BROKER_MONITOR_VISITORS_H
#define BROKER_MONITOR_VISITORS_H

#include <microhttpd.h>
#include <stdbool.h>

struct broker__visitor;

/* Zeroed = none. */
struct broker__visitors {
	struct broker__visitor *first, *last; /* from the one that has been quiet longest */
	unsigned len;                         /* without those that are leaving */
};

/* For MHD_OPTION_NOTIFY_CONNECTION; context is a struct broker__visitors *. */
void broker__visitors_notify(void *context, struct MHD_Connection *connection, void **slot,
			     enum MHD_ConnectionNotificationCode code);
/* For MHD_OPTION_NOTIFY_COMPLETED. */
void broker__visitors_answered(void *context, struct MHD_Connection *connection, void **seen,
			       enum MHD_RequestTerminationCode code);

/* NULL when there was no memory to follow this connection. */
struct broker__visitor *broker__visitor_of(struct MHD_Connection *connection);
/* The visitor sent a request or took a piece of an answer. */
void broker__visitor_touch(struct broker__visitor *visitor, bool is_answered);

/* Shut down the visitor that has been quiet longest, preferably one that is not being answered: it may be there only to
 * keep others out. */
void broker__visitors_make_room(struct broker__visitors *visitors);

#endif
