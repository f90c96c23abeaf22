/* teardown.h - the end of a turn, and of clients: remove a leaving client from everything that knows it. Inside this
 * folder. */
#ifndef BROKER_TEARDOWN_H
#define BROKER_TEARDOWN_H

#include "broker/client.h"
#include "broker/server.h"

/* Call at the end of each piece of work: write pending output, tear down clients that leave, free what nobody points to.
 * Work that takes long is left to the next rounds (turn.h). */
void broker__finish_turn(struct broker__loop *loop);

/* The `closed` event of connections: free the client. */
void broker__client_free(struct broker_client *client);

#endif
