#include "broker/closed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t broker__closed_first(const struct broker__closed *closed)
{
	return closed->total > closed->cap ? closed->total - closed->cap : 0;
}

const struct broker_client_info *broker__closed_at(const struct broker__closed *closed, uint64_t number)
{
	bool is_known = number >= broker__closed_first(closed) && number < closed->total;
	return is_known ? closed->ring[number % closed->cap] : NULL;
}

int broker__closed_resize(struct broker__closed *closed, uint32_t cap)
{
	struct broker__closed fresh = {.cap = cap, .total = closed->total};
	if (cap == closed->cap)
		return 0;
	fresh.ring = calloc(cap, sizeof(struct broker_client_info *));
	if (!fresh.ring)
		return -ENOMEM;
	for (uint64_t n = broker__closed_first(closed); n < closed->total; n++) {
		struct broker_client_info **from = &closed->ring[n % closed->cap];
		if (n < broker__closed_first(&fresh))
			continue;
		fresh.ring[n % cap] = *from;
		*from = NULL;
	}
	broker__closed_fini(closed);
	*closed = fresh;
	return 0;
}

void broker__closed_fini(struct broker__closed *closed)
{
	for (uint32_t i = 0; i < closed->cap; i++)
		free(closed->ring[i]);
	free(closed->ring);
	*closed = (struct broker__closed){0};
}

static const char *append(char **at, const char *text)
{
	const char *start = *at;
	*at = stpcpy(*at, text) + 1;
	return start;
}

/* Copy into one piece of memory: the struct, then its strings. */
static struct broker_client_info *copy(const struct broker_client_info *info)
{
	size_t len = strlen(info->ip) + strlen(info->name) + strlen(info->lang) + strlen(info->version) +
		     strlen(info->user) + 5;
	struct broker_client_info *copied = malloc(sizeof *copied + len);
	if (!copied)
		return NULL;
	char *at = (char *)(copied + 1);
	*copied = *info;
	copied->ip = append(&at, info->ip);
	copied->name = append(&at, info->name);
	copied->lang = append(&at, info->lang);
	copied->version = append(&at, info->version);
	copied->user = append(&at, info->user);
	copied->client = NULL;
	copied->secured = NULL;
	return copied;
}

void broker__closed_add(struct broker__closed *closed, const struct broker_client_info *info)
{
	struct broker_client_info *copied = closed->cap > 0 ? copy(info) : NULL;
	if (!copied)
		return;
	struct broker_client_info **slot = &closed->ring[closed->total++ % closed->cap];
	free(*slot);
	*slot = copied;
}
