/* turn.h - nobody holds the loop: who asks for much gets it in turns. Inside this folder.
 *
 *	poll ─▶ reads: a turn for each client that has sent something ─┐
 *	 ▲                                                             ▼ what they could not finish is kept, and they wait
 *	 └── round: write what waits to be written, accept, turns of those who wait, one after the other ◀─┘
 *
 * Work is counted in units of some 10 ns: cheap to count where loops are anyway, and the same on every machine. A turn is
 * over when its units are used up; what is under way then goes on in the next turn, in order, before more is read of that
 * client. An operation may take as much as a whole turn beyond its end, so that only what is larger than a turn is
 * interrupted in its middle (large.h).
 *
 * A round, and the reads of one poll, have some milliseconds. When those have passed, reads still get a turn each, but a
 * short one: clients that ask for little, nearly all, are answered however many others ask for much. */
#ifndef BROKER_TURN_H
#define BROKER_TURN_H

#include "broker/server.h"

enum {
	BROKER__TURN_UNITS = 100 * 1000, /* about 1 ms */
	BROKER__OP_UNITS = 3,            /* an operation, whatever it is */
};

/* Set the units of the turn that begins. */
void broker__turn_begin(struct broker__loop *loop);
/* The round has lasted long enough. */
bool broker__round_is_over(const struct broker__loop *loop);

/* The client has operations that were kept: it gets a turn in a later round. */
void broker__turn_wait(struct broker_client *client);
/* The client was read when there was little time left, and has nothing kept. It is read again after the next round, not
 * before: libuv would read up to 32 times in a row [unix/stream.c uv__read]. It waits for no one's turn. */
void broker__turn_serve(struct broker_client *client);
void broker__turn_forget(struct broker_client *client);
/* Something is left to be done that does not wait for anybody. */
void broker__round_wake(struct broker__loop *loop);

void broker__rounds_init(struct broker__loop *loop);
void broker__rounds_fini(struct broker__loop *loop);

#endif
