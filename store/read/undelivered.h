/* undelivered.h - deliveries that were logged as sent and never reached their receiver. Internal to store.
 *
 * A message is logged with its receivers when it is put into their output. A client that is cut off, or that leaves,
 * never gets what is still there; its disconnect event says how many messages that is. Deliveries to a client keep
 * their order, so these are the last ones before that event, and going back through the log finds them:
 *
 *	      got        boundary   never got: 3            disconnect, lost_messages 3
 *	  ──m────m────m─────┴─m────────m─────────m──────────────┴──▶ sequence numbers
 *
 * The search for a client's deliveries ends early where the client connected, and at a gap, which may hide some of
 * them: what lies before it counts as received. Disconnect events flagged WIRE_EVENT_CUT are not followed: the log was
 * told to leave out some messages, so their count says nothing of those it has. A reader of one segment does not see
 * disconnect events in later ones.
 *
 * Costs nothing but a look at every block header where no client lost anything: blocks are read only when they hold
 * disconnect events, or deliveries while a search is on. */
#ifndef STORE_READ_UNDELIVERED_H
#define STORE_READ_UNDELIVERED_H

#include "store/read/block_cursor.h"

/* At most so many clients that lost messages are told apart; of others, deliveries stay as they were logged. */
enum { STORE__UNDELIVERED_CLIENTS_MAX = 1 << 20 };

struct store__undelivered;

/* NULL when out of memory. */
struct store__undelivered *store__undelivered_open(void);
void store__undelivered_close(struct store__undelivered *undelivered);

/* Look at the whole log at path, from its end back to event number from_seq (0: to its beginning). Ends at what cannot
 * be read: whoever reads the log meets it, too, and reports it. 0 or -ENOMEM. */
int store__undelivered_find(struct store__undelivered *undelivered, const char *path, uint64_t from_seq);

/* For who goes back through a log by itself: the next block, or a gap, before those given so far. Once a block was
 * given, the questions below may be asked of it. 0 or -ENOMEM. */
int store__undelivered_take_block(struct store__undelivered *undelivered,
				  const struct store__block_cursor *walk);
void store__undelivered_take_gap(struct store__undelivered *undelivered);

/* Deliveries in the block that begins with this number which never reached their receiver. */
uint64_t store__undelivered_in(const struct store__undelivered *undelivered, uint64_t first_seq);

/* Set the outcomes of a message as they turned out: WIRE_DROPPED_SLOW when the receiver was cut off as a slow consumer,
 * else WIRE_DROPPED_CLOSED; receiver_count, too. The receivers point to memory that is overwritten by the next call.
 * 0, or -ENOMEM, which leaves the event as it was. */
int store__undelivered_apply(struct store__undelivered *undelivered, struct wire_event *event);

#endif
