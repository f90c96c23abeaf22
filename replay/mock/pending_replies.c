#include "replay/mock/pending_replies.h"

#include <errno.h>
#include <stdlib.h>

enum { LIST_MIN = 64 };

void replay__pending_replies_fini(struct replay__pending_replies *pending)
{
	for (size_t i = 0; i < pending->len; i++)
		free(pending->list[i].inbox);
	free(pending->list);
	*pending = (struct replay__pending_replies){0};
}

static bool is_earlier(const struct replay__pending_reply *a, const struct replay__pending_reply *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void swap(struct replay__pending_reply *a, struct replay__pending_reply *b)
{
	struct replay__pending_reply kept = *a;
	*a = *b;
	*b = kept;
}

static int grow(struct replay__pending_replies *pending)
{
	size_t cap = pending->cap ? pending->cap * 2 : LIST_MIN;
	struct replay__pending_reply *list = realloc(pending->list, cap * sizeof *list);
	if (!list)
		return -ENOMEM;
	pending->list = list;
	pending->cap = cap;
	return 0;
}

int replay__pending_replies_put(struct replay__pending_replies *pending,
				const struct replay__pending_reply *reply)
{
	if (pending->len == pending->cap && grow(pending) != 0)
		return -ENOMEM;
	size_t at = pending->len++;
	pending->list[at] = *reply;
	for (; at > 0 && is_earlier(&pending->list[at], &pending->list[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&pending->list[at], &pending->list[(at - 1) / 2]);
	return 0;
}

bool replay__pending_replies_next(const struct replay__pending_replies *pending, int64_t *due_ns)
{
	if (pending->len == 0)
		return false;
	*due_ns = pending->list[0].due_ns;
	return true;
}

static size_t earlier_child(const struct replay__pending_replies *pending, size_t at)
{
	size_t child = 2 * at + 1;
	if (child + 1 < pending->len && is_earlier(&pending->list[child + 1], &pending->list[child]))
		child++;
	return child;
}

void replay__pending_replies_take(struct replay__pending_replies *pending,
				  struct replay__pending_reply *reply)
{
	*reply = pending->list[0];
	pending->list[0] = pending->list[--pending->len];
	for (size_t at = 0, child; (child = earlier_child(pending, at)) < pending->len; at = child) {
		if (!is_earlier(&pending->list[child], &pending->list[at]))
			break;
		swap(&pending->list[child], &pending->list[at]);
	}
}
