/* turn.h - how long one client may keep the loop busy. Inside this folder.
 *
 *	poll ─▶ reads: one turn for each client that has sent something ─┐
 *	 ▲                                                               ▼ what is left of a turn is kept, and the client waits
 *	 └── round (round.h): write pending output, one turn after the other for those who wait ◀─┘
 *
 * Work is counted in units of about 10 ns: cheap to count where loops are anyway, and the same on every machine. A turn is
 * over when its units are used up; the operation in progress then continues in the client's next turn, in order, before
 * more is read of that client. One operation may take up to a whole turn beyond the end, so only an operation that is
 * larger than a turn is interrupted in its middle (large.h).
 *
 * A round, and the reads of one poll, have some milliseconds. After that, reads still get a turn each, but a short one:
 * clients that send little, nearly all, are answered however many others send much. Of those in the middle of a large
 * message, a few are read. Nobody who waits gets a turn before the output of the earlier turns is written: memory that is
 * free again costs nothing, new memory a page fault for each page. */
#ifndef BROKER_TURN_H
#define BROKER_TURN_H

#include "broker/server.h"

enum {
	BROKER__TURN_UNITS = 100 * 1000, /* about 1 ms */
	BROKER__OP_UNITS = 3,            /* any operation */
	BROKER__LATE_READS = 32, /* of clients in the middle of a large message, when the time is over */
};

/* Begin a turn: set its units. */
void broker__turn_begin(struct broker__loop *loop);
/* Whether the round has used up its time. */
bool broker__round_is_over(const struct broker__loop *loop);
/* Start a round: some work is left that needs no event to continue. */
void broker__round_wake(struct broker__loop *loop);

#endif
