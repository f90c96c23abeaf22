/* lag.h - servers that are slow to answer. Internal to tap.
 *
 * A server that has not answered a PING for some time has not processed what other clients sent meanwhile
 * either. Deliveries may then come after the join window. */
#ifndef TAP_SESSION_LAG_H
#define TAP_SESSION_LAG_H

#include "tap/session/client.h"
#include "tap/session/servers.h"

enum { TAP__LAG_SERVERS = TAP__SERVERS_MAX + 1 };

/* By server, the clients that wait for its answer, longest waiting first. Zeroed is a valid state. */
struct tap__lag {
	struct tap__waiters {
		struct tap__client *longest, *shortest;
		int64_t slow_until_ns; /* when an answer last came late; 0 = never */
	} servers[TAP__LAG_SERVERS];
};

/* At now_ns, the client has waited for an answer of the server since since_ns; INT64_MAX = it does not wait. An answer
 * that it waited for longer than most_ns is late. It must stop waiting before it is released. */
void tap__lag_set(struct tap__lag *lag, struct tap__client *client, uint32_t server, int64_t since_ns,
		  int64_t now_ns, int64_t most_ns);

/* May the server not have processed at once what it was sent at seen_ns: did an answer come late after that, or
 * has a client, at now_ns, waited for longer than most_ns? Clients that have waited for seconds are left out: they
 * will get no answer. */
bool tap__lag_affects(const struct tap__lag *lag, uint32_t server, int64_t seen_ns, int64_t now_ns,
		      int64_t most_ns);

#endif
