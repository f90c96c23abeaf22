/* presence.h - which clients are connected to the servers, as these say it, made into connect and disconnect events.
 *
 * The system account's events (system_events.h) and monitoring pages (connz.h) may tell the same twice: each connection gets one
 * number, one connect event and one disconnect event. Thread-safe. Internal to tap. */
#ifndef TAP_SUBSCRIBER_PRESENCE_H
#define TAP_SUBSCRIBER_PRESENCE_H

#include <jansson.h>

#include "tap/subscriber/outage.h"

struct tap__presence {
	pthread_mutex_t lock;
	struct tap__notices *notices;   /* borrowed */
	struct tap__outage *outage;     /* borrowed: why our own connection was closed */
	json_t *open;                   /* "SERVER/CID" to the number of the connection; owned */
	json_t *closed, *closed_before; /* those that have ended lately, as sets; owned */
	uint64_t next_conn;
	char own[160]; /* of our connection: "SERVER/CID" */
};

/* 0 or -ENOMEM. tap__presence_fini is due in any case. */
int tap__presence_init(struct tap__presence *presence, struct tap__notices *notices,
		       struct tap__outage *outage, uint64_t first_conn);
void tap__presence_fini(struct tap__presence *presence);

/* Our own connection. */
void tap__presence_set_own(struct tap__presence *presence, const char *server, uint64_t cid);

/* A server says that it has this connection, or that it had it. `client` has the members of /connz, and of "client" in the
 * events of the system account: cid or id, ip or host, port, name, lang, version or ver, account or acc, authorized_user or
 * user. */
void tap__presence_connected(struct tap__presence *presence, const char *server, const json_t *client);
void tap__presence_disconnected(struct tap__presence *presence, const char *server, const json_t *client,
				const char *reason);
/* A server is gone, and all its connections with it. */
void tap__presence_server_gone(struct tap__presence *presence, const char *server, const char *reason);
/* A server says that this connection ended before the recording began: no events, unless its connect event was
 * emitted; then its disconnect event is due when the server says so again. */
void tap__presence_ended_before(struct tap__presence *presence, const char *server, const json_t *client);

#endif
