#include "trace/doctor/facts/clocks.h"

#include <stdio.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/doctor/facts/connections.h"

static void take(struct doctor__way *way, int64_t ns, uint32_t origin, uint64_t seq)
{
	if (way->count == 0 || ns < way->least_ns)
		way->least_ns = ns;
	if (way->count++ == 0 || ns > way->most_ns)
		way->most_ns = ns;
	trace_evidence_add(ns < 0 ? &way->negative : &way->evidence, origin, seq);
}

/* The number + 1 of the host of that name; 0 when there is no room. */
static uint32_t find_host(struct doctor__clocks *clocks, struct wire_slice name)
{
	uint64_t hash = XXH3_64bits(name.data, name.len);
	for (uint32_t i = 0; i < clocks->hosts_len; i++)
		if (clocks->hosts[i].hash == hash)
			return i + 1;
	if (clocks->hosts_len == DOCTOR__CLOCK_HOSTS) {
		clocks->left_out++;
		return 0;
	}
	struct doctor__host *host = &clocks->hosts[clocks->hosts_len++];
	host->hash = hash;
	snprintf(host->name, sizeof host->name, "%.*s", (int)name.len, name.data);
	return clocks->hosts_len;
}

/* NULL when its address is unknown, or there is no room. */
static struct doctor__host *host_of(struct doctor__facts *facts, uint32_t client)
{
	struct doctor__connection *connection = doctor__connection_at(&facts->connections, client);
	if (!connection)
		return NULL;
	const struct wire_client *known =
	    trace_client_described(trace_clients_at(&facts->connections.clients, client));
	if (connection->host == 0 && known && known->address.len > 0)
		connection->host = find_host(&facts->clocks, trace_address_host(known->address));
	return connection->host > 0 ? &facts->clocks.hosts[connection->host - 1] : NULL;
}

void doctor__clocks_take_delays(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__host *from = host_of(facts, facts->client);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		if (event->delays_ns[i] == WIRE_DELAY_UNKNOWN || event->receivers[i].outcome != WIRE_SENT)
			continue;
		struct doctor__host *to = host_of(
		    facts, trace_clients_number(&facts->connections.clients, event->receivers[i].conn));
		if (!to || to == from)
			continue;
		take(&to->to, event->delays_ns[i], facts->origin, event->seq);
		if (from)
			take(&from->from, event->delays_ns[i], facts->origin, event->seq);
	}
}

void doctor__clocks_take_stored(struct doctor__facts *facts, const struct wire_event *event,
				int64_t stored_ns)
{
	take(&facts->clocks.stored, store_time_minus(event->time_ns, stored_ns), facts->origin, event->seq);
}

/* Only pairs with input 0 are kept: the others follow from them. */
void doctor__clocks_take_inputs(struct doctor__facts *facts, const struct doctor__content *earlier,
				const struct doctor__content *later)
{
	int64_t after_ns = store_time_minus(later->ns, earlier->ns);
	bool is_ahead = earlier->origin == 0;
	uint32_t other = is_ahead ? later->origin : earlier->origin;
	if ((is_ahead || later->origin == 0) && other < DOCTOR__ORIGINS)
		take(&facts->clocks.inputs[other], is_ahead ? after_ns : store_time_minus(0, after_ns),
		     later->origin, later->seq);
}
