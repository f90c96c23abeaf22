#include "store/cluster/chains.h"

#include <errno.h>
#include <stdlib.h>

enum { SIZE_LEAST = 1024 };

void store__chains_fini(struct store__chains *chains)
{
	free(chains->heads);
	chains->heads = NULL;
	chains->size = chains->count = 0;
}

static void link_member(const struct store__chained *chained, void **heads, uint32_t size, void *member)
{
	void **head = &heads[chained->hash(member) & (size - 1)];
	*chained->next(member) = *head;
	*head = member;
}

/* Make room for one more. */
static int reserve(struct store__chains *chains)
{
	if (chains->count < chains->size)
		return 0;
	const uint32_t size = chains->size ? chains->size * 2 : SIZE_LEAST;
	void **heads = calloc(size, sizeof *heads);
	if (!heads)
		return -ENOMEM;
	for (uint32_t i = 0; i < chains->size; i++)
		for (void *member = chains->heads[i], *next; member; member = next) {
			next = *chains->chained->next(member);
			link_member(chains->chained, heads, size, member);
		}
	free(chains->heads);
	chains->heads = heads;
	chains->size = size;
	return 0;
}

void *store__chains_first(const struct store__chains *chains, uint64_t hash)
{
	return chains->size ? chains->heads[hash & (chains->size - 1)] : NULL;
}

int store__chains_add(struct store__chains *chains, void *member)
{
	if (reserve(chains) != 0)
		return -ENOMEM;
	link_member(chains->chained, chains->heads, chains->size, member);
	chains->count++;
	return 0;
}

void store__chains_remove(struct store__chains *chains, void *member)
{
	void **link = &chains->heads[chains->chained->hash(member) & (chains->size - 1)];
	while (*link != member)
		link = chains->chained->next(*link);
	*link = *chains->chained->next(member);
	chains->count--;
}
