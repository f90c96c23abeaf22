/* accept.h - new connections, and the owner of the events of all connections: the way up from connection.h. Inside this
 * folder. */
#ifndef BROKER_ACCEPT_H
#define BROKER_ACCEPT_H

#include "broker/server.h"

/* Accept the next connection of the listener: greet it and read it, or refuse it. False when none waits, or when it could
 * not be accepted, which is logged. */
bool broker__accept(struct broker__loop *loop, struct net_listener *listener);

#endif
