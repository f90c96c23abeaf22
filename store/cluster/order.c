#include "store/cluster/order.h"

#include <stddef.h>

#include "store/read/steps.h"

int64_t store__entry_ns(const struct store__order *order, const struct store__entry *entry)
{
	return store_time_minus(entry->time_ns, store__clocks_ahead(order->clocks, entry->input));
}

int64_t store__entry_key(const struct store__order *order, const struct store__entry *entry)
{
	int64_t time_ns = store__entry_ns(order, entry);
	return order->reverse ? store_time_minus(0, time_ns) : time_ns;
}

void store__list_append(struct store__list *list, struct store__entry *entry)
{
	entry->next_same = NULL;
	if (list->last)
		list->last->next_same = entry;
	else
		list->first = entry;
	list->last = entry;
}

/* Entries come almost in order: only after a clock has changed they do not. */
void store__list_insert(const struct store__order *order, struct store__list *list,
			struct store__entry *entry)
{
	const int64_t key = store__entry_key(order, entry);
	if (!list->last || store__entry_key(order, list->last) <= key) {
		store__list_append(list, entry);
		return;
	}
	struct store__entry **link = &list->first;
	while (*link != list->last && store__entry_key(order, *link) <= key)
		link = &(*link)->next_same;
	entry->next_same = *link;
	*link = entry;
}

void store__list_remove(struct store__list *list, struct store__entry *entry)
{
	struct store__entry *before = NULL;
	for (struct store__entry *other = list->first; other != entry; other = other->next_same)
		before = other;
	if (before)
		before->next_same = entry->next_same;
	else
		list->first = entry->next_same;
	if (list->last == entry)
		list->last = before;
	entry->next_same = NULL;
}
