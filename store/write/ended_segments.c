#include "store/write/ended_segments.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/read/log.h"

void store__ended_segments_fini(struct store__ended_segments *ended)
{
	free(ended->list);
	*ended = (struct store__ended_segments){0};
}

void store__ended_segments_add(struct store__ended_segments *ended,
			       const struct store__ended_segment *segment)
{
	if (ended->count == ended->cap) {
		size_t cap = ended->cap ? ended->cap * 2 : 64;
		struct store__ended_segment *list = realloc(ended->list, cap * sizeof *list);
		if (!list)
			return;
		ended->list = list;
		ended->cap = cap;
	}
	ended->list[ended->count++] = *segment;
}

/* The first entry that is not numbered below first_seq. */
static size_t find(const struct store__ended_segments *ended, uint64_t first_seq)
{
	size_t low = 0, high = ended->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ended->list[middle].first_seq < first_seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct store__ended_segment *store__ended_segments_find(const struct store__ended_segments *ended,
							      uint64_t first_seq)
{
	size_t at = find(ended, first_seq);
	return at < ended->count && ended->list[at].first_seq == first_seq ? &ended->list[at] : NULL;
}

void store__ended_segments_forget(struct store__ended_segments *ended, uint64_t first_seq)
{
	size_t at = find(ended, first_seq);
	if (at == 0)
		return;
	memmove(ended->list, ended->list + at, (ended->count - at) * sizeof *ended->list);
	ended->count -= at;
}

static bool is_in(const char *dir, uint64_t first_seq)
{
	char *path = store_log_segment_path(dir, first_seq);
	bool found = path && access(path, F_OK) == 0;
	free(path);
	return found;
}

void store__ended_segments_lose(struct store__ended_segments *ended, const char *dir,
				struct store_loss_counter *loss)
{
	size_t kept = 0;
	for (size_t i = 0; i < ended->count; i++) {
		if (is_in(dir, ended->list[i].first_seq))
			ended->list[kept++] = ended->list[i];
		else
			store_loss_counter_add(loss, &ended->list[i].content);
	}
	ended->count = kept;
}
