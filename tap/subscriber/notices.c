#include "tap/subscriber/notices.h"

#include <stdlib.h>

void tap__notices_init(struct tap__notices *notices)
{
	*notices = (struct tap__notices){0};
	pthread_mutex_init(&notices->lock, NULL);
}

void tap__notices_fini(struct tap__notices *notices)
{
	while (notices->first)
		tap__notices_remove(notices);
	pthread_mutex_destroy(&notices->lock);
}

/* False when there is no room. */
static bool append(struct tap__notices *notices, struct tap__notice *notice)
{
	pthread_mutex_lock(&notices->lock);
	bool has_room =
	    notices->count < TAP__NOTICES_MAX && notices->bytes + notice->copy.cap <= TAP__NOTICES_BYTES;
	if (!has_room) {
		pthread_mutex_unlock(&notices->lock);
		return false;
	}
	if (notices->last)
		notices->last->next = notice;
	else
		notices->first = notice;
	notices->last = notice;
	notices->bytes += notice->copy.cap;
	__atomic_add_fetch(&notices->count, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&notices->lock);
	return true;
}

void tap__notices_add(struct tap__notices *notices, const struct wire_event *event)
{
	struct tap__notice *notice = calloc(1, sizeof *notice);
	if (notice && wire_event_copy_set(&notice->copy, event, NULL) == 0 && append(notices, notice))
		return;
	if (notice)
		wire_event_copy_fini(&notice->copy);
	free(notice);
	notices->lost++;
}

const struct wire_event *tap__notices_first(struct tap__notices *notices)
{
	pthread_mutex_lock(&notices->lock);
	const struct tap__notice *first = notices->first;
	pthread_mutex_unlock(&notices->lock);
	return first ? &first->copy.event : NULL;
}

void tap__notices_remove(struct tap__notices *notices)
{
	pthread_mutex_lock(&notices->lock);
	struct tap__notice *first = notices->first;
	notices->first = first->next;
	if (!notices->first)
		notices->last = NULL;
	notices->bytes -= first->copy.cap;
	__atomic_sub_fetch(&notices->count, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&notices->lock);
	wire_event_copy_fini(&first->copy);
	free(first);
}
