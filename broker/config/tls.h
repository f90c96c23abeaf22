/* tls.h - the block `tls`: certificates and rules for encrypted connections. A function for rules (block.h), inside this
 * folder. */
#ifndef BROKER_CONFIG_TLS_H
#define BROKER_CONFIG_TLS_H

#include "broker/config/block.h"
#include "net/tls_context.h"

/* member: a struct broker_tls. */
int broker__apply_tls(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		      void *member);

/* The options of the layer; borrows the strings. */
struct net_tls_options broker__tls_options(const struct broker_tls *tls);
/* Can the files be used? 0, or BROKER_ECONFIG with *fault. */
int broker__tls_check(const struct broker_tls *tls, struct wire_fault *fault);

#endif
