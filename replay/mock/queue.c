#include "replay/mock/queue.h"

#include <errno.h>
#include <stdlib.h>

enum { QUEUE_MIN = 64 };

void replay__queue_fini(struct replay__queue *queue)
{
	for (size_t i = 0; i < queue->len; i++)
		free(queue->list[i].inbox);
	free(queue->list);
	*queue = (struct replay__queue){0};
}

static bool is_earlier(const struct replay__due *a, const struct replay__due *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void swap(struct replay__due *a, struct replay__due *b)
{
	struct replay__due kept = *a;
	*a = *b;
	*b = kept;
}

static int grow(struct replay__queue *queue)
{
	size_t cap = queue->cap ? queue->cap * 2 : QUEUE_MIN;
	struct replay__due *list = realloc(queue->list, cap * sizeof *list);
	if (!list)
		return -ENOMEM;
	queue->list = list;
	queue->cap = cap;
	return 0;
}

int replay__queue_put(struct replay__queue *queue, const struct replay__due *due)
{
	if (queue->len == queue->cap && grow(queue) != 0)
		return -ENOMEM;
	size_t at = queue->len++;
	queue->list[at] = *due;
	for (; at > 0 && is_earlier(&queue->list[at], &queue->list[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&queue->list[at], &queue->list[(at - 1) / 2]);
	return 0;
}

bool replay__queue_next(const struct replay__queue *queue, int64_t *due_ns)
{
	if (queue->len == 0)
		return false;
	*due_ns = queue->list[0].due_ns;
	return true;
}

static size_t earlier_child(const struct replay__queue *queue, size_t at)
{
	size_t child = 2 * at + 1;
	if (child + 1 < queue->len && is_earlier(&queue->list[child + 1], &queue->list[child]))
		child++;
	return child;
}

void replay__queue_take(struct replay__queue *queue, struct replay__due *due)
{
	*due = queue->list[0];
	queue->list[0] = queue->list[--queue->len];
	for (size_t at = 0, child; (child = earlier_child(queue, at)) < queue->len; at = child) {
		if (!is_earlier(&queue->list[child], &queue->list[at]))
			break;
		swap(&queue->list[child], &queue->list[at]);
	}
}
