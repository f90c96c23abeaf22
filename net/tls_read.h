/* tls_read.h - a TLS stream's way up: records that were read below become the owner's bytes. Inside this folder. */
#ifndef NET_TLS_READ_H
#define NET_TLS_READ_H

#include "net/tls_state.h"

/* The input lies in the context's buffer, which other streams use too: keep a copy of what is not decrypted yet. 0 or -ENOMEM. */
int net__tls_input_keep(struct net__tls *tls);
/* Forget the copy. */
void net__tls_input_drop(struct net__tls *tls);

/* Give the owner what can be decrypted, as long as it has room. */
void net__tls_give(struct net__tls *tls);

/* The stream below has ended without close_notify. */
void net__tls_input_ended(struct net__tls *tls);

#endif
