/* chains.h - a hash table of structs that hold the link to the next one of their hash. Internal to store. */
#ifndef STORE_CLUSTER_CHAINS_H
#define STORE_CLUSTER_CHAINS_H

#include <stdint.h>

/* The kind of a table's members. */
struct store__chained {
	void **(*next)(void *member); /* its link */
	uint64_t (*hash)(const void *member);
};

struct store__chains {
	const struct store__chained *chained;
	void **heads;         /* owned */
	uint32_t size, count; /* size: a power of two, 0 at first */
};

void store__chains_fini(struct store__chains *chains); /* the members are not touched */

/* The first member of the chain for a hash, NULL when there is none. */
void *store__chains_first(const struct store__chains *chains, uint64_t hash);

/* Add a member. 0 or -ENOMEM. */
int store__chains_add(struct store__chains *chains, void *member);

/* Remove a member, which must be there. */
void store__chains_remove(struct store__chains *chains, void *member);

#endif
