#include "store/read/find_bytes.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/read/decode_event.h"
#include "store/read/log.h"
#include "store/read/segment_reader.h"

enum { THREADS_MAX = 4 };

/* In a block. */
enum finding { FOUND_NOTHING, FOUND_VALUE, FOUND_DAMAGE };

/* The search of one segment, shared by the threads. */
struct search {
	const struct store_find_bytes *find;
	const char *path;
	size_t entries;
	atomic_size_t next;
	atomic_int error;       /* of any thread */
	enum finding *findings; /* by entry; owned */
	struct wire_damage *damage;
};

static bool holds_any(const struct search *search, const struct store_block *block)
{
	for (size_t i = 0; i < search->find->count; i++)
		if (store_block_holds(block, search->find->values[i]))
			return true;
	return false;
}

static int search_blocks(struct search *search, struct store_segment_reader *segment,
			 struct store_block *block)
{
	size_t entry;
	while ((entry = atomic_fetch_add(&search->next, 1)) < search->entries) {
		if (entry >= segment->index.count)
			return 0;
		int error = store_segment_reader_load_block(segment, entry, STORE_FRAME_PAYLOADS, block);
		if (error && error != STORE_EDAMAGE)
			return error;
		search->findings[entry] = error                      ? FOUND_DAMAGE
					  : holds_any(search, block) ? FOUND_VALUE
								     : FOUND_NOTHING;
	}
	return 0;
}

static void *run(void *context)
{
	struct search *search = context;
	struct store_segment_reader *segment = NULL;
	struct store_block *block = store_block_open();
	int error = block ? store_segment_reader_open(&segment, search->path, NULL) : -ENOMEM;
	if (!error)
		error = search_blocks(search, segment, block);
	if (error)
		atomic_store(&search->error, error);
	store_segment_reader_close(segment);
	store_block_close(block);
	return NULL;
}

/* Search in the caller's thread and in others, any of which may fail to start. */
static void run_threads(struct search *search)
{
	pthread_t threads[THREADS_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int wanted = processors < THREADS_MAX ? (int)processors : THREADS_MAX, started = 0;
	while (started < wanted - 1 && pthread_create(&threads[started], NULL, run, search) == 0)
		started++;
	run(search);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}

static void add_damage(struct wire_damage *damage, uint64_t events)
{
	damage->places++;
	damage->events += events;
}

/* 1 when the caller has enough, 0, or a negative code with *fault. */
static int give_events(const struct search *search, struct store_segment_reader *segment, size_t entry,
		       struct store_block *block, struct wire_fault *fault)
{
	struct wire_event event;
	int status = store_segment_reader_load_block(segment, entry, STORE_FRAME_PAYLOADS, block);
	if (status == STORE_EDAMAGE) {
		add_damage(search->damage, segment->index.entries[entry].header.events);
		return 0;
	}
	if (status)
		return wire_fault_set(fault, status, "%s: %s", search->path, wire_error_text(status));
	for (uint32_t row = 0; row < segment->index.entries[entry].header.events && status == 0; row++) {
		store_block_event(block, row, &event);
		status = search->find->event(search->find->context, &event, fault);
	}
	return status;
}

static int give_blocks(const struct search *search, struct store_segment_reader *segment,
		       struct wire_fault *fault)
{
	struct store_block *block = store_block_open();
	int status = block ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t entry = 0; entry < search->entries && status == 0; entry++)
		if (search->findings[entry] == FOUND_VALUE)
			status = give_events(search, segment, entry, block, fault);
	store_block_close(block);
	return status;
}

/* Count blocks that could not be read, and those that could not be found between the others. */
static void count_damage(const struct search *search, const struct store_segment_reader *segment)
{
	for (size_t entry = 0; entry <= search->entries; entry++) {
		uint64_t missing = store_segment_reader_missing(segment, entry);
		if (missing > 0)
			add_damage(search->damage, missing);
		if (entry < search->entries && search->findings[entry] == FOUND_DAMAGE)
			add_damage(search->damage, segment->index.entries[entry].header.events);
	}
}

static int find_in_segment(const struct store_find_bytes *find, struct store_segment_reader *segment,
			   struct wire_damage *damage, struct wire_fault *fault)
{
	struct search search = {
	    .find = find, .path = segment->path, .entries = segment->index.count, .damage = damage};
	search.findings = calloc(search.entries + 1, sizeof *search.findings);
	if (search.findings)
		run_threads(&search);
	int error = search.findings ? atomic_load(&search.error) : -ENOMEM;
	if (!error)
		count_damage(&search, segment);
	int status = error ? wire_fault_set(fault, error, "%s: %s", segment->path, wire_error_text(error))
			   : give_blocks(&search, segment, fault);
	free(search.findings);
	return status;
}

static int find_in_listed(const struct store_find_bytes *find, const struct store_log_segments *segments,
			  size_t i, struct wire_damage *damage, struct wire_fault *fault)
{
	const struct store_log_segment *listed = &segments->list[i];
	struct store_segment_reader *segment;
	int status = store_segment_reader_open(&segment, listed->path, fault);
	if (store_log_segment_is_unreadable(listed, status)) {
		if (!store_log_segment_is_stump(listed))
			add_damage(damage, store_log_segment_events(segments, listed));
		return 0;
	}
	if (status != 0)
		return status;
	status = find_in_segment(find, segment, damage, fault);
	store_segment_reader_close(segment);
	return status;
}

int store_find_bytes(const struct store_find_bytes *find, const char *path, struct wire_damage *damage,
		     struct wire_fault *fault)
{
	struct store_log_segments segments;
	int status = store_log_list(&segments, path, fault);
	if (status)
		return status;
	for (size_t i = 0; i < segments.count && status == 0; i++) {
		status = find_in_listed(find, &segments, i, damage, fault);
		if (!wire_progress_passed(find->progress, segments.list[i].bytes))
			break;
	}
	store_log_segments_fini(&segments);
	return status < 0 ? status : 0;
}
