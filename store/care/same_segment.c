#include "store/care/same_segment.h"

#include <stdatomic.h>
#include <stdio.h>

#include "store/care/same_event.h"
#include "store/read/decode_event.h"

/* The events of a segment, one after the other. */
struct walk {
	struct store_segment_reader *segment;
	struct store_block *block;
	size_t entries;      /* that were begun */
	uint32_t at, events; /* of the block */
};

/* 1 with *event, 0 at the end, or a negative code. */
static int next(struct walk *walk, struct wire_event *event)
{
	if (walk->at == walk->events) {
		if (walk->entries == walk->segment->index.count)
			return 0;
		int error = store_segment_reader_load_block(walk->segment, walk->entries,
							    STORE_FRAME_PAYLOADS, walk->block);
		if (error)
			return error;
		walk->events = walk->segment->index.entries[walk->entries++].header.events;
		walk->at = 0;
	}
	store_block_event(walk->block, walk->at++, event);
	return 1;
}

static int compare(struct walk *a, struct walk *b, const _Atomic bool *stop)
{
	struct wire_event x, y;
	int status;
	while ((status = next(a, &x)) > 0) {
		if (a->at == 1 && stop && atomic_load(stop))
			return -ECANCELED;
		status = next(b, &y);
		if (status <= 0 || !store__same_event(&x, &y))
			return status < 0 ? status : STORE_EDAMAGE;
	}
	if (status == 0 && next(b, &y) != 0)
		return STORE_EDAMAGE;
	return status;
}

int store__same_segment(struct store_segment_reader *of, const char *path, const _Atomic bool *stop)
{
	struct walk a = {.segment = of}, b = {0};
	int error = store_segment_reader_open(&b.segment, path, NULL);
	if (error)
		return error;
	a.block = store_block_open();
	b.block = store_block_open();
	error = !a.block || !b.block                                   ? -ENOMEM
		: !b.segment->is_closed || b.segment->damage_count > 0 ? STORE_EDAMAGE
								       : compare(&a, &b, stop);
	store_block_close(a.block);
	store_block_close(b.block);
	store_segment_reader_close(b.segment);
	return error;
}
