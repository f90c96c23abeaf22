/* client.h - a connection and its life, inside this folder.
 *
 *	accept ─▶ INFO ─▶ reading ─▶ closing (what is owed is written, nothing is read) ─▶ closed, freed
 *	                      └─────▶ cut (nothing more is written) ───────────────────────────▶
 *
 * Nobody is freed while the loop is at work on a read: those that are to go are marked, skipped by all, and put away
 * when the work is done (broker__loop_settle). */
#ifndef BROKER_CLIENT_H
#define BROKER_CLIENT_H

#include "broker/output.h"
#include "broker/replies.h"
#include "broker/route.h"
#include "broker/sublist.h"
#include "broker/transport.h"
#include "wire/info.h"
#include "wire/parse.h"

struct broker__loop;
struct broker__login;

enum broker__client_state {
	BROKER__OPEN,
	BROKER__LEAVING,   /* is put away when the work at hand is done */
	BROKER__LINGERING, /* its last output is being written */
	BROKER__GONE,      /* the transport is being closed */
};

/* Why nothing is read of a client. */
enum broker__pause {
	BROKER__STALLED = 1 << 0,  /* a receiver is behind; in loop->stalled */
	BROKER__HELD = 1 << 1,     /* the sink is full; in loop->held */
	BROKER__WAITING = 1 << 2,  /* for its next turn; in loop->waiting */
	BROKER__SHORT = 1 << 3,    /* memory is short; in loop->starved */
	BROKER__VERIFIED = 1 << 4, /* its password is being verified (login.h) */
	BROKER__SERVED = 1 << 5,   /* until the next poll: it was read in this one, late; in loop->served */
};

/* Subscriptions by sid. */
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
	enum broker__client_state state;
	bool is_dirty;    /* has output nobody has tried to write yet; in loop->dirty */
	bool has_headers; /* both sides do headers */
	bool verbose, pedantic, echo, no_responders;
	bool is_connected; /* a CONNECT was accepted */
	bool is_expected;  /* must CONNECT before anything else */
	bool is_announced; /* its connect event was emitted */
	bool is_pong_sent; /* the first one: the client listens */
	bool keeps_output; /* leaving: write what is owed */
	bool is_dropped;   /* leaving: its output was given up early to save memory */
	bool is_kept;      /* partial holds operations that were not obeyed yet */
	bool is_begun;     /* the first of them was begun: it goes on when it is obeyed again */
	bool awaits_large; /* its message takes the place in loop->large when that is free */
	bool owes_answer;  /* is_begun: only the word that nobody got the request is missing */
	unsigned paused;   /* enum broker__pause: why nothing is read; 0: it is */
	int protocol;
	uint64_t cid;
	const struct broker_permissions *permissions; /* of its user; NULL: everything */
	struct broker__replies *replies;              /* when permissions allow responses */
	struct broker__routes routes;
	struct broker__sids sids;

	/* What was read and not obeyed: an operation that is not complete yet, or (is_kept) whole ones. */
	char *partial;
	size_t partial_len, partial_cap; /* partial_cap 0: a copy to be put in front of the next read */
	size_t kept_at;                  /* is_kept: where the first one begins */
	size_t held_bytes;               /* of it that are counted in loop->partial_bytes */
	uint64_t fed_ms;                 /* when bytes last came, by the loop's time */

	uint64_t in_msgs, out_msgs, in_bytes, out_bytes;
	uint64_t noted_out_msgs;   /* when last_ns was set */
	int64_t start_ns, last_ns; /* last: activity other than pings, deliveries included */
	int64_t rtt_ns, ping_sent_ns, peer_ping_ns;
	uint32_t pings_out;
	const char *reason;                 /* leaving: why; static */
	uint64_t lost_messages, lost_bytes; /* of its output, once it is given up */

	struct broker__login *login; /* its password is being verified, reading waits for it; or NULL */

	char ip[64], address[80];
	int port;
	char *name, *lang, *version, *user; /* owned, or NULL */
	char *title;                        /* how log lines call it, owned, or NULL */

	struct broker_client *leaving_next, *cid_next;
	struct broker__client_list_link all, dirty, stalled, held, waiting /* or served */, starved;
	uint64_t starved_ms; /* since when */
	struct broker_client *stalled_by;
	uint64_t stalled_until_ms; /* by the loop's time */
	uint64_t route_mark; /* the last route made of which it is a plain receiver: loop->routes_made */

	struct broker__transport transport;
	uv_timer_t timer; /* first the deadline to authenticate, then pings, at last the end of lingering */
	uv_timer_t deadline; /* of a write that is queued */
	int handles;         /* uv handles that are not closed yet */
};

/* Take a new connection off the listener. */
void broker__client_accept(struct broker__loop *loop, uv_stream_t *listener);

/* Leave, for a reason that the log and the event tell (static text). The first reason stands. */
void broker__client_close(struct broker_client *client, const char *reason); /* after writing what is owed */
void broker__client_cut(struct broker_client *client, const char *reason);   /* at once */

/* For broker__loop_settle: remove a leaving client from everything and begin its end. Many subscriptions are removed in
 * later rounds, by broker__clients_empty. */
void broker__client_put_away(struct broker_client *client);
/* A client whose last output was being written: its time is over. Nothing of any other. */
void broker__client_finish(struct broker_client *client);
/* Note what of its output was not taken by the kernel. */
void broker__client_count_lost(struct broker_client *client);
/* Remove the subscriptions of clients that are gone, as many as the round allows. */
void broker__clients_empty(struct broker__loop *loop);
/* Each new subscription removes and frees some that ended, so that clients who subscribe, leave and come back never hold
 * many more than they may. */
void broker__clients_make_room(struct broker__loop *loop);

/* Stop reading for one more reason; go on when it was the last one, first with what has been kept. */
void broker__client_pause(struct broker_client *client, enum broker__pause why);
void broker__client_resume(struct broker_client *client, enum broker__pause why);

static inline bool broker__client_is_open(const struct broker_client *client)
{
	return client->state == BROKER__OPEN;
}

/* Append protocol text; the limit applies as it does to messages. */
void broker__client_send(struct broker_client *client, struct wire_slice text);
void broker__client_send_pieces(struct broker_client *client, const struct wire_slice *pieces,
				unsigned count);
/* `-ERR 'text'`, an error event. Log lines are the caller's. */
void broker__client_send_error(struct broker_client *client, struct wire_slice text);
void broker__client_send_info(struct broker_client *client);
void broker__client_send_ping(struct broker_client *client);

/* Has output: try to write it when the work at hand is done. */
void broker__client_touch(struct broker_client *client);
/* It need not be tried any more. */
void broker__client_untouch(struct broker_client *client);
/* Write what the kernel takes now and wait for the rest. */
void broker__client_flush(struct broker_client *client);

/* The client's limit of pending output was exceeded. */
void broker__client_is_slow(struct broker_client *client);

/* The timers. */
void broker__client_start_timers(struct broker_client *client);
/* Its credentials are being looked at: it is in time. */
void broker__client_stop_auth_timer(struct broker_client *client);
/* The first ping: soon after CONNECT, else after the whole interval. */
void broker__client_await_ping(struct broker_client *client);
void broker__client_await_write(struct broker_client *client);
void broker__client_await_end(struct broker_client *client);

/* Bytes were read: parse and obey (input.c), as much as the turn allows. */
uv_buf_t broker__input_room(struct broker_client *client);
void broker__input_take(struct broker_client *client, char *data, size_t len);
/* The next turn: go on with what was kept. */
void broker__input_go_on(struct broker_client *client);
void broker__input_drop(struct broker_client *client);

/* Subscriptions by sid (sids.c). */
struct broker__sub *broker__sids_find(const struct broker__sids *sids, struct wire_slice sid, uint64_t seed);
int broker__sids_add(struct broker__sids *sids, struct broker__sub *sub, uint64_t seed); /* 0 or -ENOMEM */
void broker__sids_remove(struct broker__sids *sids, struct broker__sub *sub, uint64_t seed);
void broker__sids_each(const struct broker__sids *sids, bool (*each)(void *context, struct broker__sub *sub),
		       void *context);
/* Take any one out, when nothing else is done with the table any more; NULL when it is empty. */
struct broker__sub *broker__sids_pop(struct broker__sids *sids);
void broker__sids_fini(struct broker__sids *sids);

/* End a subscription; caches may point to it until the work at hand is done. */
void broker__client_unsubscribe(struct broker_client *client, struct broker__sub *sub);

#endif
