/* client.h - struct definitions: a client, its states and its links. Inside this folder.
 *
 *	SECURING ─▶ AWAITS_CONNECT ─▶ GREETED ─▶ CONNECTED ─┬─▶ CLOSING ──▶ LINGERING (its output is written) ─▶ GONE ─▶ freed
 *	                                        └─▶ CUT (nothing more is written) ─────────────────▶
 *
 * No client is freed while the loop works on a read: clients that leave are marked and skipped, and torn down when the
 * turn is finished (teardown.h). */
#ifndef BROKER_CLIENT_H
#define BROKER_CLIENT_H

#include "broker/match_cache.h"
#include "broker/output.h"
#include "broker/replies.h"
#include "broker/sublist.h"
#include "net/stream.h"

struct broker__loop;
struct broker__login;
struct broker__connection_events;

/* Life cycle, in this order. */
enum broker__life {
	BROKER__SECURING, /* it is not decided whether it speaks TLS, or the handshake goes on (secure.h) */
	BROKER__AWAITS_CONNECT, /* must CONNECT before anything else */
	BROKER__GREETED,        /* may send anything; has not sent CONNECT */
	BROKER__CONNECTED,      /* its CONNECT was accepted */
	BROKER__CLOSING,        /* to be torn down; its output will be written */
	BROKER__CUT,            /* to be torn down; nothing more is written */
	BROKER__DROPPED,        /* like CUT, and its output is freed and counted as lost already */
	BROKER__LINGERING,      /* torn down; its last output is being written */
	BROKER__GONE,           /* the stream is being closed */
};

/* Why reading is paused, as flags. */
enum broker__pause {
	BROKER__STALLED = 1 << 0,   /* a receiver is behind; in loop->stalled */
	BROKER__HELD = 1 << 1,      /* the sink is full; in loop->held */
	BROKER__WAITING = 1 << 2,   /* for its next turn; in loop->waiting */
	BROKER__STARVED = 1 << 3,   /* memory is short; in loop->starved */
	BROKER__VERIFYING = 1 << 4, /* its password is being verified (login.h) */
	BROKER__SERVED = 1 << 5,    /* until a later poll: it came late in this one; in loop->served */
};

/* The options of CONNECT. */
struct broker__connect_options {
	bool verbose, pedantic, echo, no_responders;
	bool headers; /* and the server allows them */
	int protocol;
};

/* Subscriptions by sid (sids.h). */
struct broker__sids {
	struct broker__sub **slots; /* slots_len, a power of two, or none yet */
	uint32_t slots_len, count;
	uint32_t popped; /* slots that broker__sids_pop has emptied */
};

struct broker__client_list_link {
	struct broker_client *prev, *next;
};

struct broker_client {
	struct broker__loop *loop;
	struct broker__output output;
	enum broker__life life;
	unsigned paused; /* enum broker__pause; 0: the client is read */
	struct broker__connect_options options;
	bool is_dirty;         /* in loop->dirty */
	bool is_announced;     /* its connect event was emitted */
	bool awaits_info_sent; /* SECURING: TLS begins once it has INFO */
	bool awaits_handshake; /* SECURING: the stream is not open again */
	bool is_secure;        /* the stream is one of net/tls.h */
	bool is_pong_sent;     /* the first one: the client listens */
	/* The operation at the beginning of its input. */
	bool is_kept;      /* partial holds operations that wait for the next turn */
	bool is_begun;     /* the first of them was begun; it continues in the next turn */
	bool awaits_large; /* is_begun: it waits until loop->large is free */
	bool owes_answer;  /* is_begun: only the no-responders answer is missing */
	uint64_t cid;
	const struct broker_permissions *permissions; /* of its user; NULL: everything is allowed */
	struct broker__replies *replies;              /* when permissions allow responses */
	struct broker__match_cache matches;
	struct broker__sids sids;

	/* Input that was read and not processed: an incomplete operation, or (is_kept) whole ones. */
	char *partial;
	size_t partial_len, partial_cap; /* partial_cap 0: a copy, to be put before the next read */
	size_t kept_at;                  /* is_kept: where the first operation begins */
	size_t held_bytes;               /* of it that are counted in loop->partial_bytes */
	uint64_t fed_ms;                 /* when bytes last came, by the loop's time */

	uint64_t in_msgs, out_msgs, in_bytes, out_bytes;
	uint64_t noted_out_msgs;   /* out_msgs when last_ns was set */
	int64_t start_ns, last_ns; /* last: activity other than pings, deliveries included */
	int64_t rtt_ns, ping_sent_ns, peer_ping_ns;
	uint32_t pings_out;
	const char *reason;                 /* why it leaves; static */
	uint64_t lost_messages, lost_bytes; /* of its output, once it is given up */

	struct broker__login *login; /* VERIFYING; else NULL */

	char ip[NET_IP_TEXT], address[80];
	int port;
	char *name, *lang, *version, *user; /* owned, or NULL */
	char *certificate;                  /* the subject of its certificate, owned, or NULL */
	char *title;                        /* its name in log lines, owned, or NULL */

	struct broker_client *leaving_next, *cid_next;
	struct broker__client_list_link all, dirty, stalled, held, waiting /* or served */, starved;
	uint64_t starved_ms; /* since when */
	struct broker_client *stalled_by;
	uint64_t stalled_until_ms; /* by the loop's time */
	uint64_t match_mark;       /* the last match of which it is a plain receiver: loop->matches_made */

	const struct broker__connection_events *events;
	struct net_stream *stream;
	size_t layer_bytes;  /* held by its layers */
	uv_timer_t timer;    /* the deadline to authenticate, then pings, at last the end of lingering */
	uv_timer_t deadline; /* of a queued write */
	int holds;           /* the client is freed when this drops to 0 (connection.h) */
};

static inline bool broker__client_is_open(const struct broker_client *client)
{
	return client->life <= BROKER__CONNECTED;
}

#endif
