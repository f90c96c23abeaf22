/* cids.h - clients by connection number, inside this folder. */
#ifndef BROKER_CIDS_H
#define BROKER_CIDS_H

#include <stdint.h>

struct broker_client;

struct broker__cids {
	struct broker_client **slots; /* chains through cid_next; slots_len, a power of two, or none yet */
	uint32_t slots_len, count;
};

/* Without memory the client is not added, and monitoring does not show it. */
void broker__cids_add(struct broker__cids *cids, struct broker_client *client);
void broker__cids_remove(struct broker__cids *cids, struct broker_client *client);
/* NULL when there is no such client. */
struct broker_client *broker__cids_find(const struct broker__cids *cids, uint64_t cid);
void broker__cids_fini(struct broker__cids *cids);

#endif
