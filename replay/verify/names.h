/* names.h - distinct texts, numbered as they come. Internal to replay. */
#ifndef REPLAY_VERIFY_NAMES_H
#define REPLAY_VERIFY_NAMES_H

#include "replay/table.h"
#include "wire/slice.h"

/* Zeroed = empty. */
struct replay__names {
	char **list; /* owned, NUL-terminated */
	uint32_t len, cap;
	struct replay__table table;
};

#define REPLAY__NO_NAME UINT32_MAX

void replay__names_fini(struct replay__names *names);

/* The number of a text, given to it when it is new; REPLAY__NO_NAME when there are `max` already, or out of memory. */
uint32_t replay__names_number(struct replay__names *names, struct wire_slice text, uint32_t max);

#endif
