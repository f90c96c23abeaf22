/* listen.h - the listening socket for clients, inside this folder. */
#ifndef BROKER_LISTEN_H
#define BROKER_LISTEN_H

#include "broker/server.h"

/* Bind and listen as the options say. 0, or a negative code with *fault naming address and remedy. */
int broker__listen(struct broker *broker, struct wire_fault *fault);
/* Close the listener, if it is open. */
void broker__listen_stop(struct broker *broker);

#endif
