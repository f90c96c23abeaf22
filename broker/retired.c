#include "broker/retired.h"

#include <stddef.h>

#include "broker/sublist.h"

void broker__retired_add(struct broker__retired *retired, struct broker__sub *sub)
{
	if (!retired->first)
		retired->last = sub;
	sub->next = retired->first;
	retired->first = sub;
}

void broker__retired_release(struct broker__retired *retired)
{
	if (!retired->first)
		return;
	retired->last->next = retired->unused;
	retired->unused = retired->first;
	retired->first = retired->last = NULL;
}

bool broker__retired_free(struct broker__retired *retired, uint32_t most)
{
	for (; retired->unused && most > 0; most--) {
		struct broker__sub *sub = retired->unused;
		retired->unused = sub->next;
		broker__sub_close(sub);
	}
	return !retired->unused;
}
