/* memory.h - keep what is held for all clients within max_pending_total, output, input and what the layers of streams
 * hold (net/stream.h) together. Inside this folder.
 *
 * When output does not fit, the client with most of it is cut. Input is not read in the first place: a client that sends
 * something large waits until there is room (pressure.h); when nothing shrinks for a while, the client with the largest
 * unfinished operation is closed. A part of the total is reserved for output and for clients that send little at a time. */
#ifndef BROKER_MEMORY_H
#define BROKER_MEMORY_H

#include "broker/client.h"
#include "broker/server.h"

enum { BROKER__MEMORY_LARGE_BYTES = 64 * 1024 };

/* Bytes that all clients may hold together. */
uint64_t broker__memory_limit(const struct broker *broker);

/* How many of `wanted` bytes may be read of the client now; 0: memory is short. */
size_t broker__memory_room(const struct broker_client *client, size_t wanted);

/* Call before output is appended that may not fit: write what is pending, and past the limit cut the client that holds
 * most. */
void broker__memory_relieve(struct broker__loop *loop);

/* Clients have waited for memory for waited_ms: from some time on, close the client that holds most, at first only one whose
 * input does not grow although it could. */
void broker__memory_make_room(struct broker__loop *loop, uint64_t waited_ms);

#endif
