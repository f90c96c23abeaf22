/* authorization.h - the blocks `authorization` and `accounts`: who may connect. Functions for rules (block.h), inside
 * this folder. */
#ifndef BROKER_CONFIG_AUTHORIZATION_H
#define BROKER_CONFIG_AUTHORIZATION_H

#include "broker/config/block.h"

/* Both fill in apply->options; member is unused. */
int broker__apply_authorization(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				void *member);
int broker__apply_accounts(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			   void *member);

#endif
