/* connect.h - CONNECT: who is the client, and how does it want to be served. Inside this folder. */
#ifndef BROKER_CONNECT_H
#define BROKER_CONNECT_H

#include "broker/client.h"

void broker__op_connect(struct broker_client *client, struct wire_slice json);

/* The first operation of a client that was to send CONNECT is another one: let it in as the user for such clients. False
 * when there is none: the client is being closed. */
bool broker__op_without_connect(struct broker_client *client);

#endif
