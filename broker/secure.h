/* secure.h - TLS of clients: before INFO, after it, or only for those that begin it. Inside this folder.
 *
 *	opened ─▶ INFO ─▶ handshake ─▶ secured              usual
 *	opened ─▶ handshake ─▶ INFO, secured                handshake_first
 *	opened ─▶ INFO ─▶ the first byte ─▶ handshake or not  allow_non_tls
 *
 * Meanwhile the client's life is BROKER__SECURING. */
#ifndef BROKER_SECURE_H
#define BROKER_SECURE_H

#include "broker/client.h"
#include "broker/config/options.h"

struct broker;
struct net_tls_files;

/* Read the certificates of the options. 0, or a negative code with *fault. */
int broker__secure_open(struct broker *broker, const struct broker_options *options,
			struct net_tls_files **files, struct wire_fault *fault);

bool broker__secure_is_on(const struct broker *broker);

/* The client's TCP connection is open: begin. */
void broker__secure_begin(struct broker_client *client);
/* Output was written: when it was the INFO that TLS waits for, TLS begins. */
void broker__secure_continue(struct broker_client *client);
/* Bytes came before it was decided whether the client speaks TLS. True: they were the beginning of a handshake; false: the
 * client does not, and is to be admitted as it is. */
bool broker__secure_take(struct broker_client *client, const char *data, size_t len);
/* The handshake is done. */
void broker__secure_done(struct broker_client *client);

#endif
