/* lag.h - servers that take long to answer. Internal to tap.
 *
 * A server that has not answered a PING for a while has not processed what other clients sent meanwhile either. Deliveries
 * may then come later than anybody waits for them. */
#ifndef TAP_SESSION_LAG_H
#define TAP_SESSION_LAG_H

#include "tap/session/client.h"
#include "tap/session/servers.h"

enum { TAP__LAG_SERVERS = TAP__SERVERS_MAX + 1 };

/* Those who wait for a server's answer, the longest first. Zeroed: fine. */
struct tap__lag {
	struct tap__waiters {
		struct tap__client *longest, *shortest;
	} servers[TAP__LAG_SERVERS];
};

/* The client waits for an answer of the server since since_ns; INT64_MAX = for none. It must end waiting before it is
 * released. */
void tap__lag_set(struct tap__lag *lag, struct tap__client *client, uint32_t server, int64_t since_ns);

/* At now_ns somebody has waited longer than most_ns. Who has waited for seconds is left out: nobody will answer. */
bool tap__lag_is_longer(const struct tap__lag *lag, uint32_t server, int64_t now_ns, int64_t most_ns);

#endif
