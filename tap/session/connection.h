/* connection.h - one connection of a dialogue, and the events that tell of it. Internal to tap. */
#ifndef TAP_SESSION_CONNECTION_H
#define TAP_SESSION_CONNECTION_H

#include "tap/session/dialogue.h"
#include "tap/session/operations.h"
#include "tap/session/servers.h"
#include "wire/info.h"

struct tap_dialogue {
	struct tap_flow_handler handler; /* first: the listener is its dialogue */
	struct tap_join *join;
	struct tap_budget *budget;
	const uint16_t *ports;
	size_t ports_count;
	uint64_t next_conn, next_lane;
	int64_t watched_ns; /* since when connections that are not known here were silent; 0: none was seen */
	bool names_servers;
	struct tap__servers servers;
	struct tap_dialogue_stats stats;
};

enum tap__standing {
	TAP__UNKNOWN, /* may yet turn out to be NATS */
	TAP__UPGRADE, /* likewise, over a WebSocket */
	TAP__KNOWN,
	TAP__OPAQUE, /* NATS, and nothing more can be told */
};

/* A SUB or an UNSUB that no answer of the server has proven to be processed. */
struct tap__change {
	uint64_t said; /* its place among what the client said */
	int64_t time_ns;
	struct tap__sub *sub; /* held */
	bool is_end;
};

/* In order: a ring. */
struct tap__changes {
	struct tap__change *list;
	size_t first, count, cap; /* cap: a power of two, or 0 */
};

struct tap__connection {
	struct tap_flow_info info;
	enum tap__standing standing;
	bool is_expected; /* its port is one of those where NATS is expected */
	bool has_roles;   /* client is known; until then it is a guess */
	bool has_begun;   /* a connect event was given out */
	enum tap_side client;
	uint64_t conn;   /* 0: not recognised yet */
	uint64_t bytes;  /* so far, holes included */
	uint32_t server; /* number among the servers */
	struct tap__operations sides[TAP_SIDES];
	struct tap__gap early[TAP_SIDES]; /* from before it was recognised */
	struct tap__client *peer;         /* held */
	struct tap__subs subs;
	struct tap__changes changes;
	bool is_blind; /* it may have subscriptions that were not seen */
	enum tap_opaque opaque;
	uint64_t opaque_bytes;
	int64_t opaque_since_ns;
	uint32_t upgrade_answers; /* pieces of the answer to a request for a WebSocket */
};

static inline enum tap_side tap__other(enum tap_side side)
{
	return side == TAP_ORIGINATOR ? TAP_RESPONDER : TAP_ORIGINATOR;
}

/* Give out a connect event, once, with what is known: NULL = the address. Later ones only with more than that. */
void tap__connection_begin(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			   const struct wire_connect *connect);

/* Give out events. time_ns is now, which may be long after a gap. */
void tap__connection_gap(struct tap_dialogue *dialogue, const struct tap__connection *connection,
			 int64_t time_ns, const struct tap__gap *gap);
void tap__connection_opaque_gap(struct tap_dialogue *dialogue, const struct tap__connection *connection,
				int64_t time_ns);
/* A gap of no connection. info: NULL when the bytes were of several. */
void tap__connection_leftover(struct tap_dialogue *dialogue, const struct tap_flow_info *info,
			      int64_t time_ns, const struct tap_leftover *left);
void tap__connection_error(struct tap_dialogue *dialogue, const struct tap__connection *connection,
			   int64_t time_ns, struct wire_slice text);
void tap__connection_subscribe(struct tap_dialogue *dialogue, const struct tap__sub *sub, int64_t time_ns);
void tap__connection_unsubscribe(struct tap_dialogue *dialogue, const struct tap__sub *sub, int64_t time_ns,
				 uint64_t max);
void tap__connection_end(struct tap_dialogue *dialogue, const struct tap__connection *connection,
			 int64_t time_ns, enum tap_end why);

#endif
