/* client.h - which operations of one client its server is known to have processed. Internal to tap.
 *
 * A capture shows when an operation passed the capture point, not when the server processed it. Operations of two
 * connections may be processed in another order than they were captured. But a server processes the operations of one
 * connection in order: a PONG proves that all operations before the PING were processed when the PONG was seen, and an
 * +OK proves it for one more operation.
 *
 *   client:  SUB a 1   PING   PUB b 0          operations 1 and 2 (PING is not counted)
 *   server:                        PONG        operation 1 was processed before this was seen */
#ifndef TAP_SESSION_CLIENT_H
#define TAP_SESSION_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TAP__PINGS = 16,  /* unanswered PINGs that are remembered; a power of two */
	TAP__PROOFS = 16, /* newest proofs that are remembered; a power of two */
};

/* Counted: subscriptions and pending messages hold a client after its connection has ended. */
struct tap__client {
	uint32_t holds;
	uint64_t conn;
	bool has_no_echo; /* its own messages are not delivered to it */
	int64_t
	    hole_ns; /* when bytes to the client were last missed; INT64_MIN = never, INT64_MAX = always */
	int64_t held_ns; /* when it last did not take what was sent to it; INT64_MIN = never, or not known */
	uint64_t op_number; /* of its latest operation; PING and PONG are not counted */
	uint64_t
	    delivered; /* the latest operation whose message was certainly delivered to someone; 0 = none */
	struct tap__ping {
		uint64_t op_number; /* of the operation before the PING */
		int64_t time_ns;
	} pings[TAP__PINGS]; /* unanswered PINGs */
	uint32_t ping_first, ping_next;
	struct tap__proof {
		uint64_t op_number; /* this operation, and those before it, were processed */
		int64_t time_ns;
	} proofs[TAP__PROOFS]; /* in rising order of both */
	uint32_t proof_next;
	uint32_t server;                      /* that the client waits for; 0: none */
	int64_t waits_since_ns;               /* when it began to wait */
	struct tap__client *longer, *shorter; /* clients that wait for the same server */
};

/* Returns a client that the caller holds; NULL when out of memory. */
struct tap__client *tap__client_open(uint64_t conn);

static inline struct tap__client *tap__client_hold(struct tap__client *client)
{
	client->holds++;
	return client;
}

void tap__client_release(struct tap__client *client);

void tap__client_ping(struct tap__client *client, int64_t time_ns);

/* The server answered a PING, or one more operation. Returns the number of the last operation that is proven to
 * be processed. */
uint64_t tap__client_pong(struct tap__client *client, int64_t time_ns);
uint64_t tap__client_ok(struct tap__client *client, int64_t time_ns);

/* The number of the last operation that is proven to be processed. */
uint64_t tap__client_processed(const struct tap__client *client);

/* When this operation is proven to have been processed; INT64_MAX = not proven yet. */
int64_t tap__client_processed_ns(const struct tap__client *client, uint64_t op_number);

/* When the oldest unanswered PING was seen; INT64_MAX = there is none. */
int64_t tap__client_waits_since(const struct tap__client *client);

#endif
