/* signals.h - what each signal does, inside this folder. */
#ifndef BROKER_SIGNALS_H
#define BROKER_SIGNALS_H

#include "broker/server.h"

/* Handle signals from now on, until broker__shutdown. 0 or a negative code. */
int broker__signals_start(struct broker *broker);

#endif
