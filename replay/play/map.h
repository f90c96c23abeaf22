/* map.h - rename subjects by rules: 'orders.*.new=stage.orders.$1.new'.
 *
 * A rule is a pattern, '=' and the new subject. In the new subject $1, $2, … stand for the text that the first, second,
 * … '*' of the pattern matched, a final '>' for the text that its '>' matched, and $clone for the number of the clone,
 * from 1. The first rule that matches applies; a subject that matches no rule is not changed. One thread at a time. */
#ifndef REPLAY_PLAY_MAP_H
#define REPLAY_PLAY_MAP_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

struct replay_map;

/* No rule yet. NULL when out of memory. */
struct replay_map *replay_map_open(void);
void replay_map_close(struct replay_map *map);

/* Add a rule after the others. 0, -ENOMEM, or -EINVAL with *fault: not a pattern, not a subject, or a rule that can never
 * apply because an earlier one matches all of its subjects. */
int replay_map_add(struct replay_map *map, const char *rule, struct wire_fault *fault);

/* The new subject. Borrows `subject` or the map, until the next call. */
struct wire_slice replay_map_apply(struct replay_map *map, struct wire_slice subject, uint32_t clone);

/* How a rule was used. */
struct replay_map_use {
	const char *rule;  /* as it was given */
	uint64_t subjects; /* how often it was applied */
	bool joins; /* the new subject leaves out the text of a wildcard: different subjects become one */
};

size_t replay_map_len(const struct replay_map *map);
struct replay_map_use replay_map_use(const struct replay_map *map, size_t index);

/* How many messages got a subject that another subject had been renamed to before, as far as a table of 65536 subjects
 * remembers. *example, owned by the map, is the first such subject. */
uint64_t replay_map_collisions(const struct replay_map *map, const char **example);

#endif
