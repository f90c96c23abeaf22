/* certificate.h - who a client is by its TLS certificate. Inside this folder. */
#ifndef BROKER_CERTIFICATE_H
#define BROKER_CERTIFICATE_H

#include "broker/auth.h"
#include "broker/client.h"

/* The handshake is done: keep the subject of a certificate that was verified, for events. */
void broker__certificate_note(struct broker_client *client);

/* The user whom the client's certificate names (verify_and_map). False when there is none. */
bool broker__certificate_identify(const struct broker_client *client, struct broker__identity *identity);

#endif
