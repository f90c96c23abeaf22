/* loop.h - open and close an event loop, inside this folder. */
#ifndef BROKER_LOOP_H
#define BROKER_LOOP_H

#include "broker/server.h"

/* 0 or a negative code. */
int broker__loop_init(struct broker__loop *loop, struct broker *broker);
/* Run what is left, then free everything; a loop that was never initialised is left alone. */
void broker__loop_fini(struct broker__loop *loop);

#endif
