/* input.h - turn the bytes of a client into operations, as many as its turn allows. Inside this folder. */
#ifndef BROKER_INPUT_H
#define BROKER_INPUT_H

#include "broker/client.h"

/* Where the next bytes of the client go. No room: the client waits for memory, or leaves. */
uv_buf_t broker__input_room(struct broker_client *client);
/* A turn with len bytes that were read to data, which is what broker__input_room returned. */
void broker__input_take(struct broker_client *client, char *data, size_t len);
/* The next turn of a client that waits: continue with what was kept. */
void broker__input_continue(struct broker_client *client);
/* Drop what is held of the client's input. */
void broker__input_drop(struct broker_client *client);

#endif
