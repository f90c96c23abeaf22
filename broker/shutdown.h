/* shutdown.h - stop serving, inside this folder. */
#ifndef BROKER_SHUTDOWN_H
#define BROKER_SHUTDOWN_H

#include "broker/server.h"

/* Stop listening, close all clients and everything that keeps the loop running, so that broker_run returns when the last
 * client has gone. In the loop's thread; the second call does nothing. */
void broker__shutdown(struct broker *broker);

#endif
