/* reading.h - when a client is read: reasons to pause, and the queue of clients that wait for their next turn. Inside
 * this folder. */
#ifndef BROKER_READING_H
#define BROKER_READING_H

#include "broker/client.h"

/* Stop reading for one more reason. */
void broker__client_pause(struct broker_client *client, enum broker__pause why);
/* Drop a reason. When it was the last one, the client continues: with the operations that were kept, else by reading. */
void broker__client_resume(struct broker_client *client, enum broker__pause why);

/* The client has operations that were kept: give it a turn in a later round. */
void broker__turn_wait(struct broker_client *client);
/* The client is read, and has nothing kept. Read it again after the next round, not before: there is no time left, and
 * libuv would read up to 32 times in a row [unix/stream.c uv__read]. It waits for no one's turn. The caller stops the
 * stream. */
void broker__turn_serve(struct broker_client *client);
/* Take the client out of these queues. */
void broker__turn_forget(struct broker_client *client);

#endif
