/* map.h - subjects by other names: 'orders.*.new=stage.orders.$1.new'.
 *
 * On the left a pattern, on the right what takes its place: $1, $2, … stand for what the first, second, … '*' matched,
 * a final '>' for what the pattern's '>' did, $clone for the number of the clone, from 1. The first rule that
 * matches holds; a subject that none matches stays as it is. One thread at a time. */
#ifndef REPLAY_PLAY_MAP_H
#define REPLAY_PLAY_MAP_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

struct replay_map;

/* No rule yet. NULL when out of memory. */
struct replay_map *replay_map_open(void);
void replay_map_close(struct replay_map *map);

/* Add a rule behind the others. 0, -ENOMEM, or -EINVAL with *fault: no pattern, no subject, a rule that can never match
 * since an earlier one matches all that it does. */
int replay_map_add(struct replay_map *map, const char *rule, struct wire_fault *fault);

/* What a subject becomes; borrows subject or the map, until the next call. */
struct wire_slice replay_map_apply(struct replay_map *map, struct wire_slice subject, uint32_t clone);

/* What came of a rule. */
struct replay_map_use {
	const char *rule;  /* as it was given */
	uint64_t subjects; /* applications */
	bool joins;        /* a wildcard's text does not appear on the right: different subjects become one */
};

size_t replay_map_len(const struct replay_map *map);
struct replay_map_use replay_map_use(const struct replay_map *map, size_t index);

/* How many messages became one with those of another subject, as far as a table of 65536 subjects remembers; *example,
 * owned by the map, is the first subject that two became. */
uint64_t replay_map_collisions(const struct replay_map *map, const char **example);

#endif
