/* clients.h - lists of clients through one of the links in struct broker_client, inside this folder. */
#ifndef BROKER_CLIENTS_H
#define BROKER_CLIENTS_H

#include <stddef.h>

#include "broker/server.h"

#define BROKER__LINK(name) offsetof(struct broker_client, name)

/* Append. The client must not be in the list. */
void broker__clients_add(struct broker__clients *list, struct broker_client *client, size_t link);
/* The client must be in the list. */
void broker__clients_remove(struct broker__clients *list, struct broker_client *client, size_t link);

#endif
