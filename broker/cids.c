#include "broker/cids.h"

#include <stdlib.h>

#include "broker/client.h"

enum { SLOTS_MIN = 64 };

/* Connection numbers are consecutive: their last bits spread evenly. */
static struct broker_client **chain_of(struct broker_client **slots, uint32_t slots_len, uint64_t cid)
{
	return &slots[cid & (slots_len - 1)];
}

static void push(struct broker_client **chain, struct broker_client *client)
{
	client->cid_next = *chain;
	*chain = client;
}

static void grow(struct broker__cids *cids)
{
	uint32_t len = cids->slots_len ? cids->slots_len * 2 : SLOTS_MIN;
	struct broker_client **slots = calloc(len, sizeof(struct broker_client *));
	if (!slots)
		return;
	for (uint32_t i = 0; i < cids->slots_len; i++) {
		for (struct broker_client *client = cids->slots[i], *next; client; client = next) {
			next = client->cid_next;
			push(chain_of(slots, len, client->cid), client);
		}
	}
	free(cids->slots);
	cids->slots = slots;
	cids->slots_len = len;
}

void broker__cids_add(struct broker__cids *cids, struct broker_client *client)
{
	if (cids->count >= cids->slots_len)
		grow(cids);
	if (cids->slots_len == 0)
		return;
	push(chain_of(cids->slots, cids->slots_len, client->cid), client);
	cids->count++;
}

static struct broker_client **find(const struct broker__cids *cids, uint64_t cid)
{
	struct broker_client **at = chain_of(cids->slots, cids->slots_len, cid);
	while (*at && (*at)->cid != cid)
		at = &(*at)->cid_next;
	return at;
}

void broker__cids_remove(struct broker__cids *cids, struct broker_client *client)
{
	struct broker_client **at = cids->slots_len > 0 ? find(cids, client->cid) : NULL;
	if (!at || !*at)
		return;
	*at = client->cid_next;
	cids->count--;
}

struct broker_client *broker__cids_find(const struct broker__cids *cids, uint64_t cid)
{
	return cids->slots_len > 0 ? *find(cids, cid) : NULL;
}

void broker__cids_fini(struct broker__cids *cids)
{
	free(cids->slots);
	*cids = (struct broker__cids){0};
}
