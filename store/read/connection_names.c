#include "store/read/connection_names.h"

#include "store/read/decode_event.h"

static void forget(struct store__segment_names *names)
{
	store_clients_fini(&names->clients);
	store_segment_reader_close(names->segment);
	*names = (struct store__segment_names){0};
}

void store__connection_names_fini(struct store__connection_names *names)
{
	for (int i = 0; i < STORE__NAMED_SEGMENTS; i++)
		forget(&names->segments[i]);
	store_block_close(names->block);
	*names = (struct store__connection_names){0};
}

static void read_block(struct store__segment_names *names, size_t entry, struct store_block *block)
{
	struct wire_event event;
	const struct store_block_header *header = &names->segment->index.entries[entry].header;
	if (!(header->kinds & 1u << WIRE_EVENT_CONNECT) ||
	    store_segment_reader_load_block(names->segment, entry, STORE_FRAME_COLUMNS, block) != 0)
		return;
	for (uint32_t i = 0; i < header->events; i++) {
		if (store_block_kind(block, i) != WIRE_EVENT_CONNECT)
			continue;
		store_block_event(block, i, &event);
		store_clients_put(&names->clients, event.conn, event.client);
	}
}

static void read_up_to(struct store__segment_names *names, size_t entries, struct store_block *block)
{
	for (; names->entries < entries && names->entries < names->segment->index.count; names->entries++)
		read_block(names, names->entries, block);
}

/* The names of a segment, moved to the front. */
static struct store__segment_names *names_of(struct store__connection_names *names,
					     struct store_segment_reader *segment)
{
	struct store__segment_names *first = &names->segments[0], found;
	int at = 0;
	while (at < STORE__NAMED_SEGMENTS - 1 && names->segments[at].segment != segment)
		at++;
	if (names->segments[at].segment != segment) {
		forget(&names->segments[at]);
		names->segments[at].segment = store_segment_reader_hold(segment);
	}
	found = names->segments[at];
	memmove(first + 1, first, (size_t)at * sizeof *first);
	*first = found;
	return first;
}

/* The connect event of a connection nearly always comes before its other events. */
const struct wire_client *store__connection_names_find(struct store__connection_names *names,
						       struct store_segment_reader *segment, size_t entry,
						       uint64_t conn)
{
	if (conn == 0 || !segment || (!names->block && !(names->block = store_block_open())))
		return NULL;
	struct store__segment_names *own = names_of(names, segment);
	read_up_to(own, entry + 1, names->block);
	const struct wire_client *client = store_clients_find(&own->clients, conn);
	if (client)
		return client;
	read_up_to(own, segment->index.count, names->block);
	return store_clients_find(&own->clients, conn);
}
