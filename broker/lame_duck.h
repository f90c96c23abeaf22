/* lame_duck.h - stop gradually, inside this folder: take no more clients, tell those who are connected, close them one
 * after the other, then shut down. */
#ifndef BROKER_LAME_DUCK_H
#define BROKER_LAME_DUCK_H

#include "broker/server.h"

void broker__lame_duck(struct broker *broker);

#endif
