/* round.h - the work between two polls, inside this folder: write pending output, give turns to clients that
 * wait, end the subscriptions of clients that have gone (turn.h). */
#ifndef BROKER_ROUND_H
#define BROKER_ROUND_H

#include "broker/server.h"

void broker__rounds_init(struct broker__loop *loop);
/* Closes the handles; the loop must run once more. */
void broker__rounds_fini(struct broker__loop *loop);

#endif
