/* reload.h - read the options again, and check which clients and subscriptions they still allow. Inside this folder. */
#ifndef BROKER_RELOAD_H
#define BROKER_RELOAD_H

#include "broker/server.h"

/* Without a reload function in the options nothing happens. Errors are logged, and the old options stay. */
void broker__reload(struct broker *broker);

#endif
