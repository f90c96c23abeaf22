/* rule.h - read a rule from what the operator wrote. The grammar is in docs/masking.md. Internal to wire/mask. */
#ifndef WIRE_MASK_RULE_H
#define WIRE_MASK_RULE_H

#include "wire/mask/types.h"

/* An owned rule; NULL with *fault, which says what to write. `place` is where it stands, for its name. */
struct wire__mask_rule *wire__mask_rule_open(enum wire_mask_option option, const char *text,
					     const char *place, struct wire_fault *fault);
void wire__mask_rule_close(struct wire__mask_rule *rule); /* NULL is allowed */

/* Do messages on this subject match the subject of the rule, which has one? Also when tokens are empty, which no subscription
 * matches: such a message is recorded all the same. */
bool wire__mask_rule_is_about(const struct wire__mask_rule *rule, struct wire_slice subject);

#endif
