#include "store/write/ended_segments.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/read/log.h"

void store__ended_segments_fini(struct store__ended_segments *history)
{
	free(history->list);
	*history = (struct store__ended_segments){0};
}

void store__ended_segments_add(struct store__ended_segments *history,
			       const struct store__ended_segment *segment)
{
	if (history->count == history->cap) {
		size_t cap = history->cap ? history->cap * 2 : 64;
		struct store__ended_segment *list = realloc(history->list, cap * sizeof *list);
		if (!list)
			return;
		history->list = list;
		history->cap = cap;
	}
	history->list[history->count++] = *segment;
}

/* The first entry that is not numbered below first_seq. */
static size_t find(const struct store__ended_segments *history, uint64_t first_seq)
{
	size_t low = 0, high = history->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (history->list[middle].first_seq < first_seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct store__ended_segment *store__ended_segments_find(const struct store__ended_segments *history,
							      uint64_t first_seq)
{
	size_t at = find(history, first_seq);
	return at < history->count && history->list[at].first_seq == first_seq ? &history->list[at] : NULL;
}

void store__ended_segments_forget(struct store__ended_segments *history, uint64_t first_seq)
{
	size_t at = find(history, first_seq);
	if (at == 0)
		return;
	memmove(history->list, history->list + at, (history->count - at) * sizeof *history->list);
	history->count -= at;
}

static bool is_in(const char *dir, uint64_t first_seq)
{
	char *path = store_log_segment_path(dir, first_seq);
	bool found = path && access(path, F_OK) == 0;
	free(path);
	return found;
}

void store__ended_segments_lose(struct store__ended_segments *history, const char *dir,
				struct store_loss_counter *loss)
{
	size_t kept = 0;
	for (size_t i = 0; i < history->count; i++) {
		if (is_in(dir, history->list[i].first_seq))
			history->list[kept++] = history->list[i];
		else
			store_loss_counter_add(loss, &history->list[i].content);
	}
	history->count = kept;
}
