#include "replay/play/publishers.h"

#include <errno.h>
#include <stdlib.h>

void replay_publishers_fini(struct replay_publishers *publishers)
{
	for (uint32_t i = 0; i < publishers->count; i++)
		free(publishers->list[i].name);
	free(publishers->list);
	*publishers = (struct replay_publishers){0};
}

/* The index of the first connection that is not below conn. */
static uint32_t place_of(const struct replay_publishers *publishers, uint64_t conn)
{
	uint32_t low = 0, high = publishers->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (publishers->list[middle].conn < conn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct replay_publishers *publishers, uint32_t place, uint64_t conn)
{
	return place < publishers->count && publishers->list[place].conn == conn;
}

static bool grow(struct replay_publishers *publishers)
{
	uint32_t cap = publishers->cap ? 2 * publishers->cap : 64;
	struct replay_publisher *list = realloc(publishers->list, cap * sizeof *list);

	if (!list)
		return false;
	publishers->list = list;
	publishers->cap = cap;
	return true;
}

static char *name_of(const struct wire_client *client)
{
	struct wire_slice name = client && client->name.len > 0 ? client->name
				 : client                       ? client->address
								: wire_slice(NULL, 0);

	return name.len > 0 ? strndup(name.data, name.len) : strdup("unknown");
}

int replay_publishers_add(struct replay_publishers *publishers, uint64_t conn,
			  const struct wire_client *client)
{
	uint32_t place = place_of(publishers, conn);

	if (is_at(publishers, place, conn))
		return 0;
	if (publishers->count == REPLAY_PUBLISHERS_MAX)
		return -E2BIG;
	if (publishers->count == publishers->cap && !grow(publishers))
		return -ENOMEM;
	char *name = name_of(client);
	if (!name)
		return -ENOMEM;
	memmove(publishers->list + place + 1, publishers->list + place,
		(publishers->count - place) * sizeof *publishers->list);
	publishers->list[place] = (struct replay_publisher){.conn = conn, .name = name};
	publishers->count++;
	return 0;
}

uint32_t replay_publishers_find(const struct replay_publishers *publishers, uint64_t conn)
{
	uint32_t place = place_of(publishers, conn);

	return is_at(publishers, place, conn) ? place : 0;
}
