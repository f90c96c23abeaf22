#include "store/cluster/queues.h"

#include <errno.h>
#include <stdlib.h>

int store__queues_init(struct store__queues *queues, uint32_t count)
{
	*queues = (struct store__queues){.list = calloc(count, sizeof *queues->list), .count = count};
	return queues->list ? 0 : -ENOMEM;
}

void store__queues_fini(struct store__queues *queues)
{
	for (uint32_t i = 0; queues->list && i < queues->count; i++)
		while (queues->list[i].first) {
			struct store__entry *entry = queues->list[i].first;
			store__queues_remove(queues, entry);
			store__queues_free(queues, entry);
		}
	free(queues->list);
	*queues = (struct store__queues){0};
}

static void append(struct store__queue *queue, struct store__entry *entry)
{
	entry->previous = queue->last;
	if (queue->last)
		queue->last->next = entry;
	else
		queue->first = entry;
	queue->last = entry;
}

struct store__entry *store__queues_add(struct store__queues *queues, const struct wire_event *event,
				       struct wire_source *source)
{
	struct store__entry *entry = calloc(1, sizeof *entry);
	if (!entry)
		return NULL;
	if (wire_event_copy_set(&entry->copy, event, source) != 0) {
		free(entry);
		return NULL;
	}
	entry->input = wire_source_origin(source);
	entry->number = ++queues->numbers;
	entry->time_ns = event->steady_ns;
	entry->bytes = sizeof *entry + entry->copy.cap;
	queues->bytes += entry->bytes;
	append(&queues->list[entry->input], entry);
	return entry;
}

void store__queues_remove(struct store__queues *queues, struct store__entry *entry)
{
	struct store__queue *queue = &queues->list[entry->input];
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		queue->first = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		queue->last = entry->previous;
	entry->previous = entry->next = NULL;
}

static void free_one(struct store__queues *queues, struct store__entry *entry)
{
	queues->bytes -= entry->bytes;
	wire_event_copy_fini(&entry->copy);
	free(entry);
}

void store__queues_free(struct store__queues *queues, struct store__entry *entry)
{
	for (struct store__entry *receiver = entry->receivers, *next; receiver; receiver = next) {
		next = receiver->next_same;
		free_one(queues, receiver);
	}
	free_one(queues, entry);
}
