/* inspect.h - the state of a running broker, for monitoring (broker/monitor). Only in the broker's loop thread. */
#ifndef BROKER_INSPECT_H
#define BROKER_INSPECT_H

#include "broker/broker.h"

struct broker_totals {
	int port, http_port, https_port; /* really bound; 0: not listening, no monitoring */
	int64_t now_ns, started_ns;      /* since the epoch */
	const char *server_id, *server_name;
	uint64_t connections;       /* now */
	uint64_t total_connections; /* ever */
	uint64_t subscriptions;
	uint64_t in_msgs, out_msgs, in_bytes,
	    out_bytes; /* bytes of headers and payloads, as nats-server counts */
	uint64_t slow_consumers;
	uint64_t pending_bytes; /* output held for all clients */
	uint64_t cache_entries, cache_hits, cache_misses, sub_inserts, sub_removes, matches;
	uint64_t max_fanout;                              /* most receivers that one subject has had */
	uint64_t auth_errors, stale_connections, stalled; /* stalled: times a publisher was paused */
};

struct broker_client_info {
	uint64_t cid;
	const char *ip; /* numeric */
	int port;
	int64_t start_ns, last_activity_ns, rtt_ns; /* rtt 0 = not measured */
	int64_t stop_ns;                            /* 0 = connected */
	uint64_t pending_bytes, in_msgs, out_msgs, in_bytes, out_bytes;
	uint32_t subscriptions;
	const char *name, *lang, *version, *user;   /* "" when not given */
	const char *tls_version, *tls_cipher_suite; /* static; NULL or "" without TLS */
	const struct net_stream *secured;           /* NULL = gone, or without TLS */
	const char *reason;                         /* why it was closed, static; NULL = connected */
	const struct broker_client *client;         /* NULL = gone */
};

void broker_inspect_totals(struct broker *broker, struct broker_totals *totals);
const struct broker_options *broker_inspect_options(const struct broker *broker);
bool broker_inspect_is_lame(const struct broker *broker);

/* The status of the sink; zeroed when there is no sink or it has no status. True when there is a sink. */
bool broker_inspect_sink(struct broker *broker, struct wire_sink_status *status);

/* A connected client; its strings are valid until the callback returns. False when there is none of that number. */
bool broker_inspect_client(struct broker *broker, uint64_t cid, struct broker_client_info *info);

/* Clients that have gone are numbered from *first to *end - 1. False when that client is forgotten. */
void broker_inspect_closed_range(const struct broker *broker, uint64_t *first, uint64_t *end);
bool broker_inspect_closed(const struct broker *broker, uint64_t number, struct broker_client_info *info);

/* Inside this folder: describe a client; borrows its strings. */
struct broker_client_info broker__client_describe(const struct broker_client *client);
/* Inside this folder: the client leaves, and cursors at it move to the next one. */
void broker__cursors_leave(struct broker *broker, const struct broker_client *client);

/* A place among the connected clients, by rising number, and among the subscriptions of one. It stays valid while
 * clients and subscriptions come and go: whatever exists all the time is visited, and visited once unless a client
 * ends most of its subscriptions meanwhile. */
struct broker_cursor {
	struct broker *broker;
	const struct broker_client *client; /* NULL: at the end */
	uint32_t slot;                      /* of its table of subscriptions */
	struct broker_cursor *prev, *next;
};

/* Place at the first client; caller's memory. */
void broker_cursor_init(struct broker_cursor *cursor, struct broker *broker);
void broker_cursor_fini(struct broker_cursor *cursor);
/* Move to this client, or to the end when it has gone. */
void broker_cursor_seek(struct broker_cursor *cursor, uint64_t cid);
/* The number of the client at the cursor; 0 at the end. */
uint64_t broker_cursor_cid(const struct broker_cursor *cursor);
void broker_cursor_describe(const struct broker_cursor *cursor, struct broker_client_info *info);
void broker_cursor_next_client(struct broker_cursor *cursor);

struct broker_subscription_info {
	struct wire_slice subject; /* as pages may show it: masked (broker_options.mask) */
	struct wire_slice queue, sid;
	uint64_t delivered, max; /* max 0 = no limit */
};

/* Call `each` for the next few subscriptions, perhaps none, of the client at the cursor. False when there are no
 * more; then the cursor is at the first one again. */
bool broker_cursor_next_subs(struct broker_cursor *cursor,
			     void (*each)(void *context, const struct broker_subscription_info *info),
			     void *context);

#endif
