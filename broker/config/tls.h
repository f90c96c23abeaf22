/* tls.h - the block `tls`: certificates and rules for encrypted connections. A function for rules (block.h), inside this
 * folder. */
#ifndef BROKER_CONFIG_TLS_H
#define BROKER_CONFIG_TLS_H

#include "broker/config/block.h"

/* member: a struct broker_tls. */
int broker__apply_tls(struct broker__apply *apply, const struct broker__rule *rule, json_t *node, void *member);

#endif
