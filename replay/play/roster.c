#include "replay/play/roster.h"

#include <errno.h>
#include <stdlib.h>

void replay_roster_fini(struct replay_roster *roster)
{
	for (uint32_t i = 0; i < roster->count; i++)
		free(roster->list[i].name);
	free(roster->list);
	*roster = (struct replay_roster){0};
}

/* The first place whose connection is not below conn. */
static uint32_t place_of(const struct replay_roster *roster, uint64_t conn)
{
	uint32_t low = 0, high = roster->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (roster->list[middle].conn < conn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct replay_roster *roster, uint32_t place, uint64_t conn)
{
	return place < roster->count && roster->list[place].conn == conn;
}

static bool grow(struct replay_roster *roster)
{
	uint32_t cap = roster->cap ? 2 * roster->cap : 64;
	struct replay_roster_entry *list = realloc(roster->list, cap * sizeof *list);

	if (!list)
		return false;
	roster->list = list;
	roster->cap = cap;
	return true;
}

static char *name_of(const struct wire_client *client)
{
	struct wire_slice name = client && client->name.len > 0 ? client->name
				 : client                       ? client->address
								: wire_slice(NULL, 0);

	return name.len > 0 ? strndup(name.data, name.len) : strdup("unknown");
}

int replay_roster_add(struct replay_roster *roster, uint64_t conn, const struct wire_client *client)
{
	uint32_t place = place_of(roster, conn);

	if (is_at(roster, place, conn))
		return 0;
	if (roster->count == REPLAY_ROSTER_MAX)
		return -E2BIG;
	if (roster->count == roster->cap && !grow(roster))
		return -ENOMEM;
	char *name = name_of(client);
	if (!name)
		return -ENOMEM;
	memmove(roster->list + place + 1, roster->list + place,
		(roster->count - place) * sizeof *roster->list);
	roster->list[place] = (struct replay_roster_entry){.conn = conn, .name = name};
	roster->count++;
	return 0;
}

uint32_t replay_roster_find(const struct replay_roster *roster, uint64_t conn)
{
	uint32_t place = place_of(roster, conn);

	return is_at(roster, place, conn) ? place : 0;
}
