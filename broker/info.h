/* info.h - the INFO line, inside this folder. */
#ifndef BROKER_INFO_H
#define BROKER_INFO_H

#include "broker/client.h"

/* Append INFO to the output of the client. */
void broker__client_send_info(struct broker_client *client);

#endif
