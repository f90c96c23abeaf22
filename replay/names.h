/* names.h - distinct texts, numbered in the order in which they first appear. Internal to replay. */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include "store/format/table.h"
#include "wire/slice.h"

/* Zeroed = empty. */
struct replay__names {
	char **list; /* owned, NUL-terminated */
	uint32_t len, cap;
	struct store_table table;
};

#define REPLAY__NO_NAME UINT32_MAX

void replay__names_fini(struct replay__names *names);

/* The number of a text; a new text gets the next number. REPLAY__NO_NAME when the text is new and there are `max` already,
 * or when out of memory. */
uint32_t replay__names_number(struct replay__names *names, struct wire_slice text, uint32_t max);

#endif
