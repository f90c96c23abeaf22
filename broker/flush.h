/* flush.h - write to the clients in loop->dirty, inside this folder. */
#ifndef BROKER_FLUSH_H
#define BROKER_FLUSH_H

#include "broker/server.h"

/* Write to each, as long as the round lasts; the rest is left to the next round. */
void broker__flush(struct broker__loop *loop);
/* Write to the one that has waited longest; the list is not empty. */
void broker__flush_first(struct broker__loop *loop);

#endif
