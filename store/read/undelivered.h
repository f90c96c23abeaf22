/* undelivered.h - find deliveries that were logged as sent but never reached their receiver. Internal to store.
 *
 * A message is logged with its receivers when it is put into their output. A client that is cut off, or that leaves,
 * never gets the messages that are still there; its disconnect event says how many they are. Deliveries to a client keep their
 * order, so that these are the last ones before that event. Going back through the log finds them:
 *
 *	      got        boundary   never got: 3            disconnect, lost_messages 3
 *	  ──m────m────m─────┴─m────────m─────────m──────────────┴──▶ sequence numbers
 *
 * The search for a client's deliveries ends early where the client connected, and at a gap, which may hide some of them:
 * deliveries before it count as received. Disconnect events flagged WIRE_EVENT_CUT are ignored: some messages were left out of
 * the log on purpose, so that their number says nothing of the others. A reader of one segment does not see disconnect events
 * in later ones.
 *
 * Where no client lost anything, this costs a look at every block header: only blocks with disconnect events are read, and
 * blocks with deliveries during a search. */
#ifndef STORE_READ_UNDELIVERED_H
#define STORE_READ_UNDELIVERED_H

#include "store/read/block_cursor.h"

/* Clients that lost messages, at most; deliveries to others stay as they were logged. */
enum { STORE__UNDELIVERED_CLIENTS_MAX = 1 << 20 };

struct store__undelivered;

/* NULL when out of memory. */
struct store__undelivered *store__undelivered_open(void);
void store__undelivered_close(struct store__undelivered *undelivered);

/* Search the log at path from its end back to event number from_seq (0: to its beginning). Stops at the first error,
 * which every reader of the log meets, too, and reports. 0 or -ENOMEM. */
int store__undelivered_find(struct store__undelivered *undelivered, const char *path, uint64_t from_seq);

/* For callers that go back through a log themselves: the next block or gap before the last one. Then the functions below may
 * be called for that block. 0 or -ENOMEM. */
int store__undelivered_take_block(struct store__undelivered *undelivered,
				  const struct store__block_cursor *cursor);
void store__undelivered_take_gap(struct store__undelivered *undelivered);

/* Deliveries in the block that begins with this number which never reached their receiver. */
uint64_t store__undelivered_in(const struct store__undelivered *undelivered, uint64_t first_seq);

/* Correct the outcomes of a message: WIRE_DROPPED_SLOW when the receiver was cut off as a slow consumer,
 * else WIRE_DROPPED_CLOSED; receiver_count, too. The receivers point to memory that is overwritten by the next call.
 * 0, or -ENOMEM, which leaves the event as it was. */
int store__undelivered_apply(struct store__undelivered *undelivered, struct wire_event *event);

#endif
