#include "store/read/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

void store_groups_fini(struct store_groups *groups)
{
	for (size_t i = 0; i < groups->len; i++)
		free((char *)(uintptr_t)groups->list[i].name.data);
	free(groups->list);
	store_table_fini(&groups->by_name);
	*groups = (struct store_groups){0};
}

/* ---- rows ---- */

static struct store_group *find(const struct store_groups *groups, uint64_t hash, struct wire_slice name)
{
	uint32_t probe = 0, index;
	if (groups->len == 0)
		return NULL;
	while (store_table_next(&groups->by_name, hash, &probe, &index))
		if (wire_slice_equal(groups->list[index].name, name))
			return &groups->list[index];
	return NULL;
}

/* Make room for one more row. 0 or -ENOMEM. */
static int reserve(struct store_groups *groups)
{
	if (!groups->by_name.slots && store_table_init(&groups->by_name) != 0)
		return -ENOMEM;
	if (store_table_reserve(&groups->by_name, 1) != 0)
		return -ENOMEM;
	if (groups->len < groups->cap)
		return 0;
	size_t cap = groups->cap ? groups->cap * 2 : 256;
	struct store_group *list = realloc(groups->list, cap * sizeof *list);
	if (!list)
		return -ENOMEM;
	groups->list = list;
	groups->cap = cap;
	return 0;
}

/* The new row, or NULL when out of memory. */
static struct store_group *add(struct store_groups *groups, uint64_t hash, struct wire_slice name)
{
	char *text = reserve(groups) == 0 ? calloc(1, name.len + 1) : NULL;
	if (!text)
		return NULL;
	if (name.len > 0)
		memcpy(text, name.data, name.len);
	store_table_add(&groups->by_name, hash, (uint32_t)groups->len);
	groups->names_bytes += name.len;
	groups->list[groups->len] = (struct store_group){.name = wire_slice(text, name.len)};
	return &groups->list[groups->len++];
}

static bool has_room(const struct store_groups *groups, struct wire_slice name)
{
	return groups->len < STORE_GROUPS_MAX && name.len <= STORE_GROUPS_BYTES_MAX - groups->names_bytes;
}

int store_groups_add(struct store_groups *groups, struct wire_slice name, uint64_t messages, uint64_t bytes)
{
	uint64_t hash = XXH3_64bits(name.data, name.len);
	struct store_group *found = find(groups, hash, name);
	if (!found && !has_room(groups, name)) {
		groups->other_messages += messages;
		groups->other_bytes += bytes;
		return 0;
	}
	if (!found && !(found = add(groups, hash, name)))
		return -ENOMEM;
	found->messages += messages;
	found->bytes += bytes;
	return 0;
}

const struct store_group *store_groups_find(const struct store_groups *groups, struct wire_slice name)
{
	return find(groups, XXH3_64bits(name.data, name.len), name);
}

/* ---- order ---- */

static int compare_names(struct wire_slice a, struct wire_slice b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *a, const void *b)
{
	const struct store_group *x = a, *y = b;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return compare_names(x->name, y->name);
}

void store_groups_sort(struct store_groups *groups)
{
	if (groups->len > 0)
		qsort(groups->list, groups->len, sizeof *groups->list, compare);
}

size_t store_groups_top(const struct store_groups *groups, const struct store_group **top, size_t max)
{
	size_t len = 0;
	for (size_t i = 0; i < groups->len; i++) {
		const struct store_group *group = &groups->list[i];
		if (len == max && (max == 0 || top[len - 1]->messages >= group->messages))
			continue;
		size_t at = len < max ? len++ : len - 1;
		for (; at > 0 && top[at - 1]->messages < group->messages; at--)
			top[at] = top[at - 1];
		top[at] = group;
	}
	return len;
}
