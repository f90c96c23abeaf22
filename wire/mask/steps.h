/* steps.h - the JSON paths of all rules, matched together.
 *
 *	$.card       $..iban       $.items[*].price        each step is a bit
 *	  0            1             2    3    4
 *
 * Each object or array that is open has the set of steps that its members may match: at first those that the paths begin
 * with. A member that matches step 2 has step 3 in its set; one that matches a last step (0, 1, 4) is covered. `..iban`
 * stays in the set all the way down. Internal to wire/mask. */
#ifndef WIRE_MASK_STEPS_H
#define WIRE_MASK_STEPS_H

#include "wire/mask/types.h"

/* Add the path of a rule, which is borrowed. False when there are too many steps. */
bool wire__mask_steps_add(struct wire__mask_steps *steps, const struct wire_json_path *path, unsigned rule);

/* Add the first step of a rule's path to a set. */
void wire__mask_steps_begin(const struct wire__mask_steps *steps, unsigned rule, uint64_t *set);

/* The rule that covers the member with this key, as written, of an object with `set`; WIRE__MASK_NO_RULE without one.
 * *member is the set of the member's own members. True when that is not empty. */
bool wire__mask_steps_key(const struct wire__mask_steps *steps, const uint64_t *set, struct wire_slice key,
			  bool has_escape, uint64_t *member, unsigned *rule);

/* Likewise of the element at this index of an array. */
bool wire__mask_steps_index(const struct wire__mask_steps *steps, const uint64_t *set, size_t index,
			    uint64_t *element, unsigned *rule);

#endif
