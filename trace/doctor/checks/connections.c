#include "trace/doctor/checks/connections.h"

#include <inttypes.h>
#include <stdlib.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"

/* Restarts and deployments replace a connection once or twice. */
enum { FLAPS_LEAST = 5 };

/* Fewer hosts are a deployment and its copy in another zone. */
enum { HOSTS_LEAST = 4 };

static void end_flapping(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	for (uint32_t i = 0; i < connections->services_len; i++) {
		const struct trace_evidence *evidence = &connections->services[i].short_lives;
		if (evidence->count < FLAPS_LEAST || i == TRACE_SERVICE_UNKNOWN ||
		    i == TRACE_SERVICE_OTHERS || !doctor__is_service_chosen(own->facts, i))
			continue;
		doctor__report(own, TRACE_WARNING, evidence->count, evidence,
			       "%.*s flaps: %" PRIu64
			       " times a connection lasted less than a minute and was replaced",
			       DOCTOR__NAME(doctor__service_name(connections, i)), evidence->count);
	}
}

static void end_no_name(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	struct doctor__names names = {0};
	uint64_t described = 0, messages = 0;
	struct trace_evidence evidence = {0};
	for (uint32_t i = 0; i < connections->clients.len; i++) {
		const struct trace_client *client = trace_clients_at(&connections->clients, i);
		const struct wire_client *known = trace_client_described(client);
		if (!doctor__is_client_chosen(own->facts, i))
			continue;
		described += known != NULL;
		/* An address alone is what a capture knows that began after the CONNECT. */
		if (!known || known->name.len > 0 || known->lang.len == 0)
			continue;
		doctor__names_add(&names, known->address);
		messages += i < connections->len ? connections->list[i].published : 0;
	}
	for (uint32_t i = 0; i < connections->services_len; i++)
		if (!connections->services[i].has_name && doctor__is_service_chosen(own->facts, i))
			trace_evidence_merge(&evidence, &connections->services[i].connected);
	evidence.count = names.count;
	if (names.count > 0)
		doctor__report(own, TRACE_NOTE, names.count, &evidence,
			       "%" PRIu64 " of %" PRIu64 " connections have no name and published %" PRIu64
			       " message%s: %s",
			       names.count, described, messages, doctor__plural(messages),
			       doctor__names_text(&names));
}

/* Instances that share a queue group are meant to run on many hosts. *shares: by service. */
static void find_sharing(const struct doctor__facts *facts, bool *shares)
{
	for (uint32_t i = 0; i < facts->subjects.len; i++)
		for (const struct doctor__queue *queue = facts->subjects.list[i]->queues; queue;
		     queue = queue->next)
			for (uint32_t j = 0; j < queue->len; j++)
				shares[doctor__service_number(&facts->connections,
							      queue->members[j].client)] = true;
}

static void end_many_hosts(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	bool *shares = calloc(doctor__services_count(connections), sizeof *shares);
	if (!shares) {
		own->findings->is_short_of_memory = true;
		return;
	}
	find_sharing(own->facts, shares);
	for (uint32_t i = 0; i < connections->services_len; i++) {
		const struct doctor__service *service = &connections->services[i];
		if (service->hosts_len < HOSTS_LEAST || !service->has_name || shares[i] ||
		    !doctor__is_service_chosen(own->facts, i))
			continue;
		doctor__report(own, TRACE_NOTE, service->hosts_len, &service->connected,
			       "the name %.*s is used from %" PRIu32 "%s hosts, without a queue group",
			       DOCTOR__NAME(doctor__service_name(connections, i)), service->hosts_len,
			       service->hosts_len == DOCTOR__HOSTS_MAX ? " or more" : "");
	}
	free(shares);
}

const struct doctor__check doctor__connections_checks[] = {
    {.name = "flapping",
     .finds = "services whose connections end and come again within a minute",
     .remedy = "look at the reasons of the disconnects (cat LOG --kind connect,disconnect) and at the "
	       "service's log; a "
	       "tool that connects for each message should keep its connection",
     .end = end_flapping},
    {.name = "no-name",
     .finds = "connections without a name",
     .remedy = "set the name option of the client: it is what people find in connz, logs and traces",
     .end = end_no_name},
    {.name = "many-hosts",
     .finds = "one client name used from many hosts",
     .remedy = "give each service a name of its own, or let instances share a queue group",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_many_hosts},
    {0},
};
