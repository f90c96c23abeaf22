/* user_permissions.h - the block `permissions`: what a user may publish and subscribe to. Inside this folder. The rules
 * are enforced by broker/permissions.h. */
#ifndef BROKER_CONFIG_USER_PERMISSIONS_H
#define BROKER_CONFIG_USER_PERMISSIONS_H

#include "broker/config/block.h"

/* A function for rules (block.h). member is a struct broker_permissions **: the struct that it points to is replaced
 * by a new one, owned by the member. */
int broker__apply_permissions(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			      void *member);

/* A deep copy, owned by the caller; NULL when out of memory. */
struct broker_permissions *broker__permissions_copy(const struct broker_permissions *permissions);

#endif
