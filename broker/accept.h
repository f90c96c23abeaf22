/* accept.h - new connections, and the owner of the events of all connections: the way up from connection.h. Inside this
 * folder. */
#ifndef BROKER_ACCEPT_H
#define BROKER_ACCEPT_H

#include "broker/server.h"

/* Take the next connection off the listener: greet it and read it, or refuse it. */
void broker__accept(struct broker__loop *loop, uv_stream_t *listener);

#endif
