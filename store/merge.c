#include "store/merge.h"

#include <errno.h>
#include <stdlib.h>

#include "store/watch.h"

struct source {
	struct store_reader *reader;
	struct wire_event event; /* the next one, when has_event */
	bool has_event;
	bool at_end; /* it had nothing when last asked */
};

struct store_merge {
	struct source *sources;
	struct store__watch **watches;
	size_t count;
	size_t current; /* whose event was given out last */
	bool reverse, follow;
};

static struct store_merge *new_merge(size_t count, const struct store_reader_options *options)
{
	struct store_merge *merge = calloc(1, sizeof *merge);
	if (!merge)
		return NULL;
	*merge = (struct store_merge){.sources = calloc(count + 1, sizeof *merge->sources),
				      .watches = calloc(count + 1, sizeof *merge->watches),
				      .reverse = options->reverse,
				      .follow = options->follow};
	if (merge->sources && merge->watches)
		return merge;
	store_merge_close(merge);
	return NULL;
}

int store_merge_open(struct store_merge **merge, const char *const *paths, size_t count,
		     const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_merge *opened = new_merge(count, options);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int error = store_reader_open(&opened->sources[i].reader, paths[i], options, fault);
		if (error) {
			store_merge_close(opened);
			return error;
		}
		opened->watches[i] = store__reader_watch(opened->sources[i].reader);
		opened->count++;
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
	free(merge->watches);
	free(merge);
}

/* Have the next event of each log at hand. A log that was at its end is asked again only when nothing else is at hand:
 * looking for more costs system calls. */
static int fill(struct store_merge *merge, bool ask_again, struct wire_fault *fault)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct source *source = &merge->sources[i];
		if (source->has_event || (source->at_end && !ask_again))
			continue;
		int status = store_reader_next(source->reader, &source->event, fault);
		if (status < 0)
			return status;
		source->has_event = status > 0;
		source->at_end = status == 0;
	}
	return 0;
}

static bool comes_before(const struct store_merge *merge, const struct source *a, const struct source *b)
{
	return merge->reverse ? a->event.time_ns >= b->event.time_ns : a->event.time_ns < b->event.time_ns;
}

static struct source *find_first(struct store_merge *merge)
{
	struct source *first = NULL;
	for (size_t i = 0; i < merge->count; i++) {
		struct source *source = &merge->sources[i];
		if (source->has_event && (!first || comes_before(merge, source, first)))
			first = source;
	}
	return first;
}

int store_merge_next(struct store_merge *merge, struct wire_event *event, struct wire_fault *fault)
{
	if (merge->count == 1)
		return store_reader_next(merge->sources[0].reader, event, fault);
	int error = fill(merge, false, fault);
	struct source *first = error ? NULL : find_first(merge);
	if (!error && !first && merge->follow) {
		error = fill(merge, true, fault);
		first = error ? NULL : find_first(merge);
	}
	if (!first)
		return error;
	*event = first->event;
	first->has_event = false;
	merge->current = (size_t)(first - merge->sources);
	return 1;
}

int store_merge_wait(struct store_merge *merge, int timeout_ms)
{
	return store__watch_wait(merge->watches, merge->count, timeout_ms);
}

const struct wire_client *store_merge_client(const struct store_merge *merge, uint64_t conn)
{
	return store_reader_client(merge->sources[merge->current].reader, conn);
}

size_t store_merge_source(const struct store_merge *merge)
{
	return merge->current;
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
