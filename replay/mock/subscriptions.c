#include "replay/mock/subscriptions.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/subject.h"

enum { LIST_MIN = 8 };

void replay__subscriptions_fini(struct replay__subscriptions *subscriptions)
{
	for (size_t i = 0; i < subscriptions->len; i++) {
		free(subscriptions->list[i].subject);
		free(subscriptions->list[i].queue);
	}
	free(subscriptions->list);
	*subscriptions = (struct replay__subscriptions){0};
}

static bool is_there(const struct replay__subscriptions *subscriptions, struct wire_slice subject,
		     struct wire_slice queue)
{
	for (size_t i = 0; i < subscriptions->len; i++)
		if (wire_slice_equal(wire_slice_str(subscriptions->list[i].subject), subject) &&
		    wire_slice_equal(wire_slice_str(subscriptions->list[i].queue), queue))
			return true;
	return false;
}

static int make_room(struct replay__subscriptions *subscriptions)
{
	if (subscriptions->len < subscriptions->cap)
		return 0;
	size_t cap = subscriptions->cap ? subscriptions->cap * 2 : LIST_MIN;
	struct replay_mock_subscription *list = realloc(subscriptions->list, cap * sizeof *list);
	if (!list)
		return -ENOMEM;
	subscriptions->list = list;
	subscriptions->cap = cap;
	return 0;
}

static char *copy(struct wire_slice text)
{
	return text.len > 0 ? strndup(text.data, text.len) : strdup("");
}

/* Add one that is not there yet. 0, -E2BIG or -ENOMEM. */
static int add(struct replay__subscriptions *subscriptions, struct wire_slice subject,
	       struct wire_slice queue)
{
	if (is_there(subscriptions, subject, queue))
		return 0;
	if (subscriptions->len == REPLAY_MOCK_SUBSCRIPTIONS_MAX)
		return -E2BIG;
	struct replay_mock_subscription fresh = {.subject = copy(subject), .queue = copy(queue)};
	if (!fresh.subject || !fresh.queue || make_room(subscriptions) != 0) {
		free(fresh.subject);
		free(fresh.queue);
		return -ENOMEM;
	}
	subscriptions->list[subscriptions->len++] = fresh;
	return 0;
}

int replay__subscriptions_note(struct replay__subscriptions *subscriptions, const struct wire_event *event)
{
	if (subscriptions->len == REPLAY_MOCK_SUBSCRIPTIONS_MAX || !wire_subject_is_valid(event->subject))
		return 0;
	return add(subscriptions, event->subject, event->queue);
}

static int subscribe(struct replay_mock_index *index, const struct replay_mock_choice *choice,
		     const char *subject, const char *queue)
{
	return add(&index->subscriptions, wire_slice_str(subject),
		   wire_slice_str(choice->queue ? choice->queue : queue));
}

static bool matches(const char *pattern, const char *subject)
{
	return wire_subject_matches(wire_slice_str(pattern), wire_slice_str(subject));
}

/* The queue group in which requests on such subjects were received; "" when in none. */
static const char *queue_of(const struct replay_mock_index *index, const char *pattern)
{
	for (size_t i = 0; i < index->subjects_len; i++)
		if (index->subjects[i].queue[0] && matches(pattern, index->subjects[i].name))
			return index->subjects[i].queue;
	return "";
}

/* Subscribe to the patterns of the service that match the subject; when none is known, to the subject. */
static int subscribe_subject(struct replay_mock_index *index, const struct replay__subscriptions *recorded,
			     const struct replay_mock_choice *choice,
			     const struct replay__mock_subject *subject)
{
	bool is_covered = false;
	int status = 0;
	for (size_t i = 0; i < recorded->len && status == 0; i++) {
		if (!matches(recorded->list[i].subject, subject->name))
			continue;
		is_covered = true;
		status = subscribe(index, choice, recorded->list[i].subject, recorded->list[i].queue);
	}
	if (!is_covered && wire_subject_is_literal(wire_slice_str(subject->name)))
		status = subscribe(index, choice, subject->name, subject->queue);
	return status;
}

int replay__subscriptions_choose(struct replay_mock_index *index,
				 const struct replay__subscriptions *recorded,
				 const struct replay_mock_choice *choice)
{
	int status = 0;
	for (const char *const *pattern = choice->subjects; pattern && *pattern && status == 0; pattern++)
		status = subscribe(index, choice, *pattern, queue_of(index, *pattern));
	for (size_t i = 0; i < index->subjects_len && !choice->subjects && status == 0; i++)
		status = subscribe_subject(index, recorded, choice, &index->subjects[i]);
	return status;
}
