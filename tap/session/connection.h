/* connection.h - the state of the sessions and of one connection. Internal to tap. */
#ifndef TAP_SESSION_CONNECTION_H
#define TAP_SESSION_CONNECTION_H

#include "tap/session/op_stream.h"
#include "tap/session/servers.h"
#include "tap/session/sessions.h"
#include "wire/info.h"

struct tap_sessions {
	struct tap_flow_handler handler; /* first: the handler is its sessions */
	struct tap_join *join;
	struct tap_budget *budget;
	const uint16_t *ports;
	size_t ports_count;
	uint64_t next_conn, next_lane;
	int64_t watched_ns; /* connections not known here were silent since then; 0: no packet was seen yet */
	bool names_servers;
	struct tap__servers servers;
	struct tap_sessions_stats stats;
};

enum tap__session_state {
	TAP__SESSION_UNRECOGNISED, /* may turn out to be NATS */
	TAP__SESSION_UPGRADING,    /* may turn out to be NATS over a WebSocket */
	TAP__SESSION_DECODED,
	TAP__SESSION_UNDECODED, /* NATS that cannot be decoded */
};

/* A SUB or UNSUB that no answer of the server has proven to be processed. */
struct tap__change {
	uint64_t op_number; /* of the client's operation */
	int64_t time_ns;
	struct tap__sub *sub; /* held */
	bool is_end;
};

/* A ring, in the order of the operations. */
struct tap__changes {
	struct tap__change *list;
	size_t first, count, cap; /* cap: a power of two, or 0 */
};

struct tap__connection {
	struct tap_flow_info info;
	enum tap__session_state state;
	bool is_expected; /* NATS is expected at one of its ports */
	bool has_roles;   /* the client is known; until then client_peer is a guess */
	bool has_begun;   /* a connect event was emitted */
	bool has_account; /* the client's account was emitted */
	char *
	    identity; /* of CONNECT: name, language, version, user and account, each ended by NUL; owned, or NULL */
	uint32_t identity_bytes;
	enum tap_peer client_peer;
	uint64_t conn;   /* 0: not recognised yet */
	uint64_t bytes;  /* so far, holes included */
	uint32_t server; /* its number among the servers */
	struct tap__op_stream streams[TAP_PEERS];
	struct tap__gap early[TAP_PEERS]; /* gaps from before it was recognised */
	struct tap__client *client;       /* held */
	struct tap__sub_table subs;
	struct tap__changes changes;
	bool has_unseen_subs; /* it may have subscriptions that were not seen */
	enum tap_undecoded_kind undecoded;
	uint64_t undecoded_bytes;
	int64_t undecoded_since_ns;
	uint32_t upgrade_answers; /* parts of the answer to a possible request for a WebSocket */
};

#endif
