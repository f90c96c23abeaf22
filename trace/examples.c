#include "trace/examples.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/memory.h"

void trace_examples_init(struct trace_examples *examples, size_t max)
{
	*examples = (struct trace_examples){.max = max};
}

void trace_examples_fini(struct trace_examples *examples)
{
	free(examples->list);
	*examples = (struct trace_examples){0};
}

/* Negative when a is to be listed before b. */
static int compare(const struct trace_example *a, const struct trace_example *b)
{
	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static void swap(struct trace_example *a, struct trace_example *b)
{
	struct trace_example kept = *a;
	*a = *b;
	*b = kept;
}

/* Each example of the heap is listed after those below it. */
static void sift_up(struct trace_example *heap, size_t at)
{
	for (; at > 0 && compare(&heap[(at - 1) / 2], &heap[at]) < 0; at = (at - 1) / 2)
		swap(&heap[(at - 1) / 2], &heap[at]);
}

static void sift_down(struct trace_example *heap, size_t len)
{
	for (size_t at = 0, below; (below = 2 * at + 1) < len; at = below) {
		if (below + 1 < len && compare(&heap[below], &heap[below + 1]) < 0)
			below++;
		if (compare(&heap[below], &heap[at]) <= 0)
			return;
		swap(&heap[below], &heap[at]);
	}
}

int trace_examples_add(struct trace_examples *examples, const struct trace_example *example)
{
	examples->seen++;
	if (examples->max == 0)
		return 0;
	if (examples->len == examples->max) {
		if (compare(example, &examples->list[0]) < 0) {
			examples->list[0] = *example;
			sift_down(examples->list, examples->len);
		}
		return 0;
	}
	if (!trace_grow(&examples->list, &examples->cap, examples->len + 1, sizeof *examples->list, NULL))
		return -ENOMEM;
	examples->list[examples->len] = *example;
	sift_up(examples->list, examples->len++);
	return 0;
}

static int by_rank(const void *a, const void *b)
{
	return compare(a, b);
}

void trace_examples_sort(struct trace_examples *examples)
{
	if (examples->len > 0)
		qsort(examples->list, examples->len, sizeof *examples->list, by_rank);
}
