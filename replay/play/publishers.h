/* publishers.h - the recorded connections that publish; each gets a number, of the connection that plays its messages. */
#ifndef REPLAY_PLAY_PUBLISHERS_H
#define REPLAY_PLAY_PUBLISHERS_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/event.h"

enum { REPLAY_PUBLISHERS_MAX = 10000 };

struct replay_publisher {
	uint64_t conn; /* in the log */
	char *name;    /* the client's name, or its address; owned, NUL-terminated */
};

/* Zero-initialised: empty. */
struct replay_publishers {
	struct replay_publisher *list; /* by rising conn */
	uint32_t count, cap;
};

void replay_publishers_fini(struct replay_publishers *publishers);

/* Add a connection, unless it is in the list. client may be NULL. 0, -ENOMEM, or -E2BIG when there are
 * REPLAY_PUBLISHERS_MAX. */
int replay_publishers_add(struct replay_publishers *publishers, uint64_t conn,
			  const struct wire_client *client);

/* The index of a connection in the list. 0 when it is not there, because the log has grown since. */
uint32_t replay_publishers_find(const struct replay_publishers *publishers, uint64_t conn);

#endif
