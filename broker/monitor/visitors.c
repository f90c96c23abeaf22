#include "broker/monitor/visitors.h"

#include <stdlib.h>
#include <sys/socket.h>

struct broker__visitor {
	struct broker__visitors *visitors;
	struct broker__visitor *prev, *next; /* from the one that has been quiet longest */
	int fd;
	bool is_answered; /* an answer is being sent */
	bool is_leaving;  /* was shut down to make room */
};

static void append_visitor(struct broker__visitors *visitors, struct broker__visitor *visitor)
{
	visitor->prev = visitors->last;
	visitor->next = NULL;
	if (visitors->last)
		visitors->last->next = visitor;
	else
		visitors->first = visitor;
	visitors->last = visitor;
}

static void unlink_visitor(struct broker__visitors *visitors, struct broker__visitor *visitor)
{
	if (visitor->prev)
		visitor->prev->next = visitor->next;
	else
		visitors->first = visitor->next;
	if (visitor->next)
		visitor->next->prev = visitor->prev;
	else
		visitors->last = visitor->prev;
}

void broker__visitor_touch(struct broker__visitor *visitor, bool is_answered)
{
	visitor->is_answered = is_answered;
	unlink_visitor(visitor->visitors, visitor);
	append_visitor(visitor->visitors, visitor);
}

struct broker__visitor *broker__visitor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void open_visitor(struct broker__visitors *visitors, struct MHD_Connection *connection, void **slot)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct broker__visitor *visitor = calloc(1, sizeof *visitor);
	*slot = visitor;
	if (!visitor)
		return; /* it is served like any other and closed when it is idle */
	visitor->visitors = visitors;
	visitor->fd = info->connect_fd;
	append_visitor(visitors, visitor);
	visitors->len++;
}

static void close_visitor(struct broker__visitors *visitors, struct broker__visitor *visitor)
{
	if (!visitor)
		return;
	unlink_visitor(visitors, visitor);
	visitors->len -= !visitor->is_leaving;
	free(visitor);
}

void broker__visitors_notify(void *context, struct MHD_Connection *connection, void **slot,
			     enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		open_visitor(context, connection, slot);
	else
		close_visitor(context, *slot);
}

void broker__visitors_answered(void *context, struct MHD_Connection *connection, void **seen,
			       enum MHD_RequestTerminationCode code)
{
	struct broker__visitor *visitor = broker__visitor_of(connection);
	(void)context;
	(void)seen;
	(void)code;
	if (visitor)
		broker__visitor_touch(visitor, false);
}

void broker__visitors_make_room(struct broker__visitors *visitors)
{
	struct broker__visitor *quietest = NULL;
	for (struct broker__visitor *visitor = visitors->first; visitor; visitor = visitor->next) {
		if (visitor->is_leaving || (quietest && visitor->is_answered))
			continue;
		if (!quietest || quietest->is_answered)
			quietest = visitor;
		if (!quietest->is_answered)
			break;
	}
	if (!quietest)
		return;
	quietest->is_leaving = true;
	visitors->len--;
	shutdown(quietest->fd, SHUT_RDWR);
}
