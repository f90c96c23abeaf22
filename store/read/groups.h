/* groups.h - messages and bytes by name: one row for each subject, client, header value or whatever the caller groups by.
 *
 * The memory is bounded, as a log may hold a new name for every message: messages of names beyond the first
 * STORE_GROUPS_MAX, and beyond STORE_GROUPS_BYTES_MAX of names, are counted together. */
#ifndef STORE_READ_GROUPS_H
#define STORE_READ_GROUPS_H

#include <stddef.h>

#include "store/format/table.h"
#include "wire/slice.h"

enum { STORE_GROUPS_MAX = 1 << 20, STORE_GROUPS_BYTES_MAX = 512 << 20 };

struct store_group {
	struct wire_slice name; /* owned by the groups; a NUL follows it */
	uint64_t messages, bytes;
};

/* Zeroed = empty. */
struct store_groups {
	struct store_group *list;
	size_t len, cap;
	size_t names_bytes;
	uint64_t other_messages, other_bytes; /* of names that found no room */
	struct store_table by_name;           /* indices of list, until it is sorted */
};

void store_groups_fini(struct store_groups *groups);

/* Add to the counts of a name; a new name is copied. 0 or -ENOMEM. */
int store_groups_add(struct store_groups *groups, struct wire_slice name, uint64_t messages, uint64_t bytes);

/* The row of a name, or NULL. Not after store_groups_sort. */
const struct store_group *store_groups_find(const struct store_groups *groups, struct wire_slice name);

/* Sort by falling messages, then by name. Nothing may be added after that. */
void store_groups_sort(struct store_groups *groups);

/* The rows with the most messages, falling, at most max of them. Returns how many. Valid until the next change. */
size_t store_groups_top(const struct store_groups *groups, const struct store_group **top, size_t max);

#endif
