#include "store/read/connection_names.h"
#include "store/read/decode_event.h"

void store__connection_names_fini(struct store__connection_names *roster)
{
	store_clients_fini(&roster->clients);
	store_block_close(roster->block);
	*roster = (struct store__connection_names){0};
}

static void learn(struct store__connection_names *roster, struct store_segment_reader *segment, size_t entry)
{
	struct wire_event event;
	const struct store_block_header *header = &segment->index.entries[entry].header;
	if (!(header->kinds & 1u << WIRE_EVENT_CONNECT) ||
	    store_segment_reader_load_block(segment, entry, STORE_FRAME_COLUMNS, roster->block) != 0)
		return;
	for (uint32_t i = 0; i < header->events; i++) {
		if (store_block_kind(roster->block, i) != WIRE_EVENT_CONNECT)
			continue;
		store_block_event(roster->block, i, &event);
		store_clients_put(&roster->clients, event.conn, event.client);
	}
}

static void learn_up_to(struct store__connection_names *roster, struct store_segment_reader *segment,
			size_t entries)
{
	for (; roster->entries < entries && roster->entries < segment->index.count; roster->entries++)
		learn(roster, segment, roster->entries);
}

static bool begin(struct store__connection_names *roster, const struct store__block_cursor *walk)
{
	if (!walk->segment || (!roster->block && !(roster->block = store_block_open())))
		return false;
	if (roster->generation == walk->generation)
		return true;
	store_clients_fini(&roster->clients);
	roster->generation = walk->generation;
	roster->entries = 0;
	return true;
}

/* A connection is nearly always described ahead of what it does. */
const struct wire_client *store__connection_names_find(struct store__connection_names *roster,
						       const struct store__block_cursor *walk, uint64_t conn)
{
	if (conn == 0 || !begin(roster, walk))
		return NULL;
	learn_up_to(roster, walk->segment, walk->entry + 1);
	const struct wire_client *client = store_clients_find(&roster->clients, conn);
	if (client)
		return client;
	learn_up_to(roster, walk->segment, walk->segment->index.count);
	return store_clients_find(&roster->clients, conn);
}
