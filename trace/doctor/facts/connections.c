#include "trace/doctor/facts/connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/inbox.h"

enum {
	SUBS_SHARE = 4,  /* a fourth of the memory is for subscriptions */
	SUB_BYTES = 128, /* about those of one */
};

int doctor__connections_init(struct doctor__connections *connections, struct wire_source *source,
			     uint64_t max_bytes)
{
	uint64_t subs_max = max_bytes / SUBS_SHARE / SUB_BYTES;
	*connections = (struct doctor__connections){.subs_max = subs_max < UINT32_MAX / 2 ? (uint32_t)subs_max
											  : UINT32_MAX / 2};
	int error = store_table_init(&connections->by_sid);
	return error
		   ? error
		   : trace_clients_init(&connections->clients, source, TRACE_BY_NAME, max_bytes / SUBS_SHARE);
}

void doctor__connections_fini(struct doctor__connections *connections)
{
	for (uint32_t i = 0; i < connections->subs_len; i++)
		free(connections->subs[i].pattern);
	free(connections->subs);
	store_table_fini(&connections->by_sid);
	free(connections->list);
	free(connections->services);
	trace_clients_fini(&connections->clients);
}

/* Make a list longer than `number`, filled with zeros. Returns it, or NULL with the old one untouched. */
static void *lengthen(void *list, uint32_t number, uint32_t *len, uint32_t *cap, size_t size)
{
	uint32_t wanted = *cap ? *cap : 64;
	while (wanted <= number)
		wanted *= 2;
	char *longer = wanted > *cap ? realloc(list, wanted * size) : list;
	if (!longer)
		return NULL;
	*cap = wanted;
	memset(longer + *len * size, 0, (number + 1 - *len) * size);
	*len = number + 1;
	return longer;
}

struct doctor__connection *doctor__connection_at(struct doctor__connections *connections, uint32_t client)
{
	if (client < connections->len)
		return &connections->list[client];
	if (client == TRACE_NO_CLIENT)
		return NULL;
	uint32_t before = connections->len;
	struct doctor__connection *list = lengthen(connections->list, client, &connections->len,
						   &connections->cap, sizeof *connections->list);
	if (!list)
		return NULL;
	connections->list = list;
	for (uint32_t i = before; i <= client; i++)
		list[i] = (struct doctor__connection){.since_ns = INT64_MIN, .closed_ns = INT64_MAX};
	return &list[client];
}

struct doctor__service *doctor__service_of(struct doctor__connections *connections, uint32_t client)
{
	if (client == TRACE_NO_CLIENT)
		return NULL;
	uint32_t service = doctor__service_number(connections, client);
	if (service < connections->services_len)
		return &connections->services[service];
	uint32_t before = connections->services_len;
	struct doctor__service *list = lengthen(connections->services, service, &connections->services_len,
						&connections->services_cap, sizeof *connections->services);
	if (!list)
		return NULL;
	connections->services = list;
	for (uint32_t i = before; i <= service; i++)
		list[i].short_left_ns = INT64_MIN;
	return &list[service];
}

/* ---- coming and leaving ---- */

static void note_host(struct doctor__service *service, struct wire_slice address)
{
	struct wire_slice host = trace_address_host(address);
	uint64_t hash = XXH3_64bits(host.data, host.len);
	if (host.len == 0 || service->hosts_len == DOCTOR__HOSTS_MAX)
		return;
	for (uint32_t i = 0; i < service->hosts_len; i++)
		if (service->hosts[i] == hash)
			return;
	service->hosts[service->hosts_len++] = hash;
}

static void take_connect(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__connections *connections = &facts->connections;
	struct doctor__connection *connection = doctor__connection_at(connections, facts->client);
	struct doctor__service *service = doctor__service_of(connections, facts->client);
	if (!connection || !service || connection->has_connected)
		return;
	connection->has_connected = true;
	note_host(service, event->client->address);
	service->has_name = event->client->name.len > 0;
	trace_evidence_add(&service->connected, facts->origin, event->seq);
	if (event->flags & WIRE_EVENT_REPEATED)
		return;
	connection->since_ns = facts->timeline.now_ns;
	bool replaces =
	    service->short_left_ns != INT64_MIN &&
	    store_time_minus(facts->timeline.now_ns, service->short_left_ns) <= DOCTOR__REPLACED_NS;
	if (replaces)
		trace_evidence_add(&service->short_lives, service->short_origin, service->short_seq);
	service->short_left_ns = INT64_MIN;
}

static void take_disconnect(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__connections *connections = &facts->connections;
	struct doctor__connection *connection = doctor__connection_at(connections, facts->client);
	struct doctor__service *service = doctor__service_of(connections, facts->client);
	if (!connection || !service)
		return;
	int64_t now_ns = facts->timeline.now_ns;
	connection->closed_ns = now_ns;
	if (connection->since_ns == INT64_MIN ||
	    store_time_minus(now_ns, connection->since_ns) > DOCTOR__SHORT_LIFE_NS)
		return;
	service->short_left_ns = now_ns;
	service->short_origin = facts->origin;
	service->short_seq = event->seq;
}

/* ---- subscriptions ---- */

static uint64_t hash_sid(uint32_t client, struct wire_slice sid)
{
	return XXH3_64bits_withSeed(sid.data, sid.len, client);
}

/* The number of the subscription of that sid that lives; UINT32_MAX when it is not known. The table holds no others. */
static uint32_t find_sub(const struct doctor__connections *connections, uint32_t client,
			 struct wire_slice sid)
{
	uint32_t probe = 0, number;
	while (store_table_next(&connections->by_sid, hash_sid(client, sid), &probe, &number)) {
		const struct doctor__sub *sub = &connections->subs[number];
		if (sub->client == client &&
		    wire_slice_equal(wire_slice(sub->pattern + sub->pattern_len, sub->sid_len), sid))
			return number;
	}
	return UINT32_MAX;
}

/* The subscription of that sid ends, if it is known. */
static void end_sub(struct doctor__facts *facts, uint32_t client, struct wire_slice sid)
{
	struct doctor__connections *connections = &facts->connections;
	uint32_t number = find_sub(connections, client, sid);
	if (number == UINT32_MAX)
		return;
	connections->subs[number].until_ns = facts->timeline.now_ns;
	store_table_remove(&connections->by_sid, hash_sid(client, sid), number);
}

static bool make_room(struct doctor__connections *connections)
{
	if (connections->subs_len < connections->subs_cap)
		return true;
	uint32_t cap = connections->subs_cap ? connections->subs_cap * 2 : 64;
	struct doctor__sub *subs = realloc(connections->subs, cap * sizeof *subs);
	if (!subs)
		return false;
	connections->subs = subs;
	connections->subs_cap = cap;
	return true;
}

static char *join(struct wire_slice a, struct wire_slice b)
{
	char *text = malloc(a.len + b.len + 1);
	if (text && a.len > 0)
		memcpy(text, a.data, a.len);
	if (text && b.len > 0)
		memcpy(text + a.len, b.data, b.len);
	return text;
}

/* NULL when there is no room. */
static struct doctor__sub *add_sub(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__connections *connections = &facts->connections;
	uint32_t number = connections->subs_len;
	/* A client may use a sid again once its subscription ended by itself. */
	end_sub(facts, facts->client, event->sid);
	if (number >= connections->subs_max || !make_room(connections))
		return NULL;
	char *text = join(event->subject, event->sid);
	if (!text ||
	    store_table_insert(&connections->by_sid, hash_sid(facts->client, event->sid), number) != 0) {
		free(text);
		return NULL;
	}
	connections->subs[number] = (struct doctor__sub){.pattern = text,
							 .pattern_len = (uint32_t)event->subject.len,
							 .sid_len = (uint32_t)event->sid.len,
							 .client = facts->client,
							 .seq = event->seq,
							 .origin = facts->origin,
							 .since_ns = facts->timeline.now_ns,
							 .until_ns = INT64_MAX};
	connections->subs_len++;
	return &connections->subs[number];
}

static void take_subscribe(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	struct doctor__connection *connection = doctor__connection_at(&facts->connections, facts->client);
	if (!connection || event->subject.len == 0)
		return;
	if (trace_has_inbox_prefix(event->subject)) {
		trace_evidence_add(&connection->inbox_evidence, facts->origin, event->seq);
		if (++connection->inbox_subs > connection->inbox_subs_most)
			connection->inbox_subs_most = connection->inbox_subs;
	} else if (!is_chosen) {
		return;
	} else if (add_sub(facts, event)) {
		connection->unfed++;
	} else {
		facts->connections.subs_left_out++;
	}
}

static void take_unsubscribe(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__connection *connection = doctor__connection_at(&facts->connections, facts->client);
	if (connection && trace_has_inbox_prefix(event->subject)) {
		connection->inbox_subs -= connection->inbox_subs > 0;
		return;
	}
	if (connection && event->max == 0) /* else it ends by itself once it has got so many messages */
		end_sub(facts, facts->client, event->sid);
}

void doctor__connections_feed(struct doctor__connections *connections, uint32_t client, struct wire_slice sid)
{
	uint32_t number = find_sub(connections, client, sid);
	if (number == UINT32_MAX || connections->subs[number].is_fed)
		return;
	connections->subs[number].is_fed = true;
	connections->list[client].unfed--;
}

static void choose(struct doctor__connections *connections, uint64_t conn)
{
	uint32_t client = trace_clients_number(&connections->clients, conn);
	struct doctor__connection *connection = doctor__connection_at(connections, client);
	struct doctor__service *service = doctor__service_of(connections, client);
	if (connection)
		connection->is_chosen = true;
	if (service)
		service->is_chosen = true;
}

void doctor__connections_choose(struct doctor__facts *facts, const struct wire_event *event)
{
	choose(&facts->connections, event->conn);
	for (uint32_t i = 0; i < event->receivers_len; i++)
		choose(&facts->connections, event->receivers[i].conn);
}

void doctor__connections_take(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen)
{
	trace_clients_add(&facts->connections.clients, event);
	facts->client = trace_clients_number(&facts->connections.clients, event->conn);
	switch (event->kind) {
	case WIRE_EVENT_CONNECT: take_connect(facts, event); break;
	case WIRE_EVENT_DISCONNECT: take_disconnect(facts, event); break;
	case WIRE_EVENT_SUBSCRIBE: take_subscribe(facts, event, is_chosen); break;
	case WIRE_EVENT_UNSUBSCRIBE: take_unsubscribe(facts, event); break;
	default: break;
	}
}
