#include "store/merge.h"

#include <errno.h>
#include <stdlib.h>

enum { WAIT_STEP_MS = 10 };

struct source {
	struct store_reader *reader;
	struct wire_event event; /* the next one, when has_event */
	bool has_event;
};

struct store_merge {
	struct source *sources;
	size_t count;
	size_t current; /* whose event was given out last */
	bool reverse;
};

int store_merge_open(struct store_merge **merge, const char *const *paths, size_t count,
		     const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_merge *opened = calloc(1, sizeof *opened);
	struct source *sources = calloc(count, sizeof *sources);
	if (!opened || !sources) {
		free(opened);
		free(sources);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	*opened = (struct store_merge){.sources = sources, .reverse = options->reverse};
	for (; opened->count < count; opened->count++) {
		int error =
		    store_reader_open(&sources[opened->count].reader, paths[opened->count], options, fault);
		if (error) {
			store_merge_close(opened);
			return error;
		}
	}
	*merge = opened;
	return 0;
}

void store_merge_close(struct store_merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->count; i++)
		store_reader_close(merge->sources[i].reader);
	free(merge->sources);
	free(merge);
}

static bool is_before(const struct store_merge *merge, const struct source *a, const struct source *b)
{
	return merge->reverse ? a->event.time_ns > b->event.time_ns : a->event.time_ns < b->event.time_ns;
}

/* Have an event of each log at hand. */
static int fill(struct store_merge *merge, struct wire_fault *fault)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct source *source = &merge->sources[i];
		if (source->has_event)
			continue;
		int status = store_reader_next(source->reader, &source->event, fault);
		if (status < 0)
			return status;
		source->has_event = status > 0;
	}
	return 0;
}

int store_merge_next(struct store_merge *merge, struct wire_event *event, struct wire_fault *fault)
{
	const struct source *first = NULL;
	int error = fill(merge, fault);
	if (error)
		return error;
	for (size_t i = 0; i < merge->count; i++) {
		const struct source *source = &merge->sources[i];
		if (!source->has_event || (first && !is_before(merge, source, first)))
			continue;
		first = source;
		merge->current = i;
	}
	if (!first)
		return 0;
	*event = first->event;
	merge->sources[merge->current].has_event = false;
	return 1;
}

int store_merge_wait(struct store_merge *merge, int timeout_ms)
{
	if (merge->count == 1)
		return store_reader_wait(merge->sources[0].reader, timeout_ms);
	for (int waited_ms = 0; waited_ms < timeout_ms; waited_ms += WAIT_STEP_MS)
		for (size_t i = 0; i < merge->count; i++) {
			int status = store_reader_wait(merge->sources[i].reader, i == 0 ? WAIT_STEP_MS : 0);
			if (status != 0)
				return status;
		}
	return 0;
}

const struct wire_client *store_merge_client(const struct store_merge *merge, uint64_t conn)
{
	return store_reader_client(merge->sources[merge->current].reader, conn);
}

void store_merge_damage(const struct store_merge *merge, uint64_t *blocks, uint64_t *events)
{
	*blocks = *events = 0;
	for (size_t i = 0; i < merge->count; i++) {
		uint64_t more_blocks, more_events;
		store_reader_damage(merge->sources[i].reader, &more_blocks, &more_events);
		*blocks += more_blocks;
		*events += more_events;
	}
}
