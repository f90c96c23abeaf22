#include "tap/session/servers.h"

#include <stdio.h>
#include <stdlib.h>

#define MARK_AGAIN_NS INT64_C(3600000000000)

void tap__servers_fini(struct tap__servers *servers)
{
	free(servers->list);
	*servers = (struct tap__servers){0};
}

static bool is_same_end(const struct tap_endpoint *a, const struct tap_endpoint *b)
{
	return a->port == b->port && a->is_v6 == b->is_v6 &&
	       memcmp(a->address, b->address, a->is_v6 ? 16 : 4) == 0;
}

bool tap__servers_know(const struct tap__servers *servers, const struct tap_endpoint *end)
{
	for (uint32_t i = 0; i < servers->count; i++)
		if (is_same_end(&servers->list[i].end, end))
			return true;
	return false;
}

/* Find or add a server. NULL when there is no room. */
static struct tap__server *find(struct tap__servers *servers, const struct tap_endpoint *end)
{
	for (uint32_t i = 0; i < servers->count; i++)
		if (is_same_end(&servers->list[i].end, end))
			return &servers->list[i];
	if (!servers->list)
		servers->list = calloc(TAP__SERVERS_MAX, sizeof *servers->list);
	if (!servers->list || servers->count == TAP__SERVERS_MAX)
		return NULL;
	struct tap__server *server = &servers->list[servers->count++];
	*server = (struct tap__server){.end = *end, .number = servers->count};
	return server;
}

uint32_t tap__servers_at(struct tap__servers *servers, const struct tap_endpoint *end)
{
	const struct tap__server *server = find(servers, end);
	return server ? server->number : 0;
}

uint32_t tap__servers_name(struct tap__servers *servers, const struct tap_endpoint *end, const char *id,
			   bool *is_new)
{
	*is_new = false;
	struct tap__server *server = find(servers, end);
	if (!server || !*id || strcmp(server->id, id) == 0)
		return server ? server->number : 0;
	memcpy(server->id, id, strnlen(id, sizeof server->id - 1) + 1);
	server->number = (uint32_t)(server - servers->list) + 1;
	*is_new = true;
	for (uint32_t i = 0; i < servers->count; i++) {
		if (&servers->list[i] == server || strcmp(servers->list[i].id, id) != 0)
			continue;
		server->number = servers->list[i].number;
		*is_new = false;
	}
	return server->number;
}

bool tap__servers_set_cluster(struct tap__servers *servers, const struct tap_endpoint *end, const char *name,
			      int64_t time_ns)
{
	struct tap__server *server = find(servers, end);
	if (!server || !*name)
		return false;
	if (strcmp(server->cluster, name) == 0 && time_ns - server->clustered_ns < MARK_AGAIN_NS)
		return false;
	server->clustered_ns = time_ns;
	snprintf(server->cluster, sizeof server->cluster, "%s", name);
	return true;
}

uint64_t *tap__servers_max_payload(struct tap__servers *servers, const struct tap_endpoint *end)
{
	struct tap__server *server = find(servers, end);
	return server ? &server->max_payload : NULL;
}

uint32_t tap__servers_add_unseen(struct tap__servers *servers, const struct tap_endpoint *end)
{
	struct tap__server *server = find(servers, end);
	if (!server)
		return 0;
	server->unseen_subs++;
	return server->number;
}

uint32_t tap__servers_remove_unseen(struct tap__servers *servers, const struct tap_endpoint *end)
{
	struct tap__server *server = find(servers, end);
	if (!server)
		return 0;
	server->unseen_subs--;
	return server->number;
}

bool tap__servers_have_unseen(const struct tap__servers *servers, uint32_t number)
{
	for (uint32_t i = 0; i < servers->count; i++)
		if (servers->list[i].number == number && servers->list[i].unseen_subs > 0)
			return true;
	return number == 0;
}
