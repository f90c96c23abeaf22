/* client.h - how far a server has come with what one client said. Internal to tap.
 *
 * A capture shows when an operation passed the capture point, not when the server processed it: the operations of two
 * connections may be processed in another order than the one in which they were captured. A server processes the
 * operations of one connection in order, so a PONG proves that everything the client said before the PING had been
 * processed when the PONG was seen, and an +OK proves it for one more operation.
 *
 *   client:  SUB a 1   PING   PUB b 0          said: 1, 2 (PING is not counted)
 *   server:                        PONG        when this is seen, operation 1 was processed */
#ifndef TAP_SESSION_CLIENT_H
#define TAP_SESSION_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TAP__PINGS = 16,  /* unanswered ones whose place is known; a power of two */
	TAP__PROOFS = 16, /* the newest ones; a power of two */
};

/* Counted: subscriptions and pending messages hold the client after its connection has gone. */
struct tap__client {
	uint32_t holds;
	uint64_t conn;
	bool has_no_echo; /* its own messages are not delivered to it */
	int64_t
	    hole_ns;   /* when bytes to the client were missed last; INT64_MIN = never, INT64_MAX = always */
	uint64_t said; /* operations, PING and PONG not counted */
	struct tap__ping {
		uint64_t said; /* before it */
		int64_t time_ns;
	} pings[TAP__PINGS]; /* unanswered */
	uint32_t ping_first, ping_next;
	struct tap__proof {
		uint64_t said; /* so many operations were processed */
		int64_t time_ns;
	} proofs[TAP__PROOFS]; /* both rising */
	uint32_t proof_next;
	uint32_t server;                      /* waited for, or 0 */
	int64_t waits_since_ns;               /* for the oldest answer */
	struct tap__client *longer, *shorter; /* who waits for the same server, too */
};

/* Held for the caller; NULL when out of memory. */
struct tap__client *tap__client_open(uint64_t conn);

static inline struct tap__client *tap__client_hold(struct tap__client *client)
{
	client->holds++;
	return client;
}

void tap__client_release(struct tap__client *client);

void tap__client_ping(struct tap__client *client, int64_t time_ns);

/* The server answered. Returns how many operations it has processed, as far as that is proven. */
uint64_t tap__client_pong(struct tap__client *client, int64_t time_ns);
uint64_t tap__client_ok(struct tap__client *client, int64_t time_ns);

/* How many operations are proven to be processed. */
uint64_t tap__client_processed(const struct tap__client *client);

/* When operation number `said` is proven to have been processed; INT64_MAX = there is no proof yet. */
int64_t tap__client_processed_ns(const struct tap__client *client, uint64_t said);

/* When the oldest unanswered PING was seen; INT64_MAX = there is none. */
int64_t tap__client_waits_since(const struct tap__client *client);

#endif
