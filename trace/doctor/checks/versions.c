#include "trace/doctor/checks/versions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/connections.h"

/* The first version of each client library that knows message headers and "no responders", by the release notes of the
 * libraries. Older ones learn of missing responders by a time-out only, and get messages without their headers. */
static const struct {
	const char *lang;
	uint32_t major, minor;
} first_versions[] = {
    {"go", 1, 11},  {"C", 2, 2},          {"java", 2, 10},   {"rust", 0, 7},   {"python3", 2, 0},
    {"node", 2, 0}, {"javascript", 2, 0}, {"nats.js", 2, 0}, {"elixir", 1, 3},
};

/* "v1.22.0-beta" is 1 and 22. False when it is no such version. */
static bool read_version(struct wire_slice text, uint32_t *major, uint32_t *minor)
{
	char copy[32];
	snprintf(copy, sizeof copy, "%.*s", (int)(text.len < sizeof copy ? text.len : sizeof copy - 1),
		 text.data ? text.data : "");
	return sscanf(copy[0] == 'v' ? copy + 1 : copy, "%" SCNu32 ".%" SCNu32, major, minor) == 2;
}

/* The client is too old for headers, as far as its language is known. */
static bool is_old(const struct wire_client *client)
{
	uint32_t major, minor;
	if (!client || !read_version(client->version, &major, &minor))
		return false;
	for (size_t i = 0; i < sizeof first_versions / sizeof *first_versions; i++)
		if (wire_slice_equal(client->lang, wire_slice_str(first_versions[i].lang)))
			return major < first_versions[i].major ||
			       (major == first_versions[i].major && minor < first_versions[i].minor);
	return false;
}

/* The connections of a service that are too old. */
struct old {
	uint32_t client; /* the first one */
	uint32_t connections;
	struct trace_evidence with_headers; /* messages that they received */
};

static const struct wire_client *described(const struct doctor__connections *connections, uint32_t client)
{
	return trace_client_described(trace_clients_at(&connections->clients, client));
}

/* By number of the service; owned by the caller. NULL when out of memory. */
static struct old *find_old(const struct doctor__facts *facts)
{
	const struct doctor__connections *connections = &facts->connections;
	struct old *list = calloc(doctor__services_count(connections), sizeof *list);
	for (uint32_t i = 0; list && i < connections->clients.len; i++) {
		struct old *old = &list[doctor__service_number(connections, i)];
		if (!doctor__is_client_chosen(facts, i) || !is_old(described(connections, i)))
			continue;
		if (old->connections++ == 0)
			old->client = i;
		if (i < connections->len)
			trace_evidence_merge(&old->with_headers, &connections->list[i].with_headers);
	}
	return list;
}

static void end_old(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	struct old *list = find_old(own->facts);
	struct doctor__names names = {0};
	struct trace_evidence evidence = {0};
	for (uint32_t i = 0; list && i < doctor__services_count(connections); i++) {
		char name[200];
		if (list[i].connections == 0)
			continue;
		const struct wire_client *client = described(connections, list[i].client);
		snprintf(name, sizeof name, "%.*s (%.*s %.*s)",
			 DOCTOR__NAME(doctor__service_name(connections, i)), DOCTOR__NAME(client->lang),
			 DOCTOR__NAME(client->version));
		doctor__names_add(&names, wire_slice_str(name));
		if (i < connections->services_len)
			trace_evidence_merge(&evidence, &connections->services[i].connected);
	}
	if (names.count > 0)
		doctor__report(own, TRACE_WARNING, names.count, &evidence,
			       "%" PRIu64 " service%s use%s a client library from before 2021: %s",
			       names.count, doctor__plural(names.count), names.count == 1 ? "s" : "",
			       doctor__names_text(&names));
	own->findings->is_short_of_memory |= !list;
	free(list);
}

static void end_stripped(struct doctor__case *own)
{
	const struct doctor__connections *connections = &own->facts->connections;
	struct old *list = find_old(own->facts);
	for (uint32_t i = 0; list && i < doctor__services_count(connections); i++) {
		const struct trace_evidence *evidence = &list[i].with_headers;
		if (evidence->count == 0)
			continue;
		const struct wire_client *client = described(connections, list[i].client);
		doctor__report(
		    own, TRACE_WARNING, evidence->count, evidence,
		    "%.*s (%.*s %.*s) cannot read headers: the server strips them from %" PRIu64 " message%s",
		    DOCTOR__NAME(doctor__service_name(connections, i)), DOCTOR__NAME(client->lang),
		    DOCTOR__NAME(client->version), evidence->count, doctor__plural(evidence->count));
	}
	own->findings->is_short_of_memory |= !list;
	free(list);
}

const struct doctor__check doctor__versions_checks[] = {
    {.name = "old-client",
     .finds = "client libraries that are too old for headers and \"no responders\"",
     .remedy = "upgrade the library",
     .end = end_old},
    {.name = "headers-stripped",
     .finds = "messages that reach an old client without their headers",
     .remedy = "upgrade the client's library: trace ids, deduplication and service errors travel in headers",
     .needs = DOCTOR__NEEDS_RECEIVERS,
     .end = end_stripped},
    {0},
};
