/* roster.h - the recorded connections that publish, each with a number of its own to publish on. */
#ifndef REPLAY_PLAY_ROSTER_H
#define REPLAY_PLAY_ROSTER_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/event.h"

enum { REPLAY_ROSTER_MAX = 10000 };

struct replay_roster_entry {
	uint64_t conn; /* in the log */
	char *name;    /* the client's, or its address; owned, NUL-terminated */
};

/* Zero-initialised: empty. */
struct replay_roster {
	struct replay_roster_entry *list; /* by rising conn */
	uint32_t count, cap;
};

void replay_roster_fini(struct replay_roster *roster);

/* Add a connection, unless it is there. client may be NULL. 0, -ENOMEM, or -E2BIG when there are REPLAY_ROSTER_MAX. */
int replay_roster_add(struct replay_roster *roster, uint64_t conn, const struct wire_client *client);

/* Its place in the list. One that is not there is 0: the log has grown since. */
uint32_t replay_roster_find(const struct replay_roster *roster, uint64_t conn);

#endif
