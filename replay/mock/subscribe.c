/* mock_subscribe.c - what a mock subscribes to. */
#include <errno.h>
#include <stdlib.h>

#include "replay/mock/store.h"
#include "wire/subject.h"

enum { LIST_MIN = 8 };

void replay__subscribed_fini(struct replay__subscribed *subscribed)
{
	for (size_t i = 0; i < subscribed->len; i++) {
		free(subscribed->list[i].subject);
		free(subscribed->list[i].queue);
	}
	free(subscribed->list);
	*subscribed = (struct replay__subscribed){0};
}

static bool is_there(const struct replay__subscribed *subscribed, struct wire_slice subject,
		     struct wire_slice queue)
{
	for (size_t i = 0; i < subscribed->len; i++)
		if (wire_slice_equal(wire_slice_str(subscribed->list[i].subject), subject) &&
		    wire_slice_equal(wire_slice_str(subscribed->list[i].queue), queue))
			return true;
	return false;
}

static int make_room(struct replay__subscribed *subscribed)
{
	if (subscribed->len < subscribed->cap)
		return 0;
	size_t cap = subscribed->cap ? subscribed->cap * 2 : LIST_MIN;
	struct replay_mock_subscription *list = realloc(subscribed->list, cap * sizeof *list);
	if (!list)
		return -ENOMEM;
	subscribed->list = list;
	subscribed->cap = cap;
	return 0;
}

static char *copy(struct wire_slice text)
{
	return text.len > 0 ? strndup(text.data, text.len) : strdup("");
}

/* Add one that is not there yet. 0, -E2BIG or -ENOMEM. */
static int add(struct replay__subscribed *subscribed, struct wire_slice subject, struct wire_slice queue)
{
	if (is_there(subscribed, subject, queue))
		return 0;
	if (subscribed->len == REPLAY_MOCK_SUBSCRIPTIONS_MAX)
		return -E2BIG;
	struct replay_mock_subscription fresh = {.subject = copy(subject), .queue = copy(queue)};
	if (!fresh.subject || !fresh.queue || make_room(subscribed) != 0) {
		free(fresh.subject);
		free(fresh.queue);
		return -ENOMEM;
	}
	subscribed->list[subscribed->len++] = fresh;
	return 0;
}

int replay__subscribed_note(struct replay__subscribed *subscribed, const struct wire_event *event)
{
	if (subscribed->len == REPLAY_MOCK_SUBSCRIPTIONS_MAX || !wire_subject_is_valid(event->subject))
		return 0;
	return add(subscribed, event->subject, event->queue);
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

/* The queue group that requests on such subjects were received in; "" when in none. */
static const char *queue_of(const struct replay_mock_index *index, const char *pattern)
{
	for (size_t i = 0; i < index->topics_len; i++)
		if (index->topics[i].queue[0] && matches(pattern, index->topics[i].name))
			return index->topics[i].queue;
	return "";
}

/* By what the service subscribed to, as far as that is known; else by the subject itself. */
static int subscribe_topic(struct replay_mock_index *index, const struct replay__subscribed *known,
			   const struct replay_mock_choice *choice, const struct replay__topic *topic)
{
	bool is_covered = false;
	int status = 0;
	for (size_t i = 0; i < known->len && status == 0; i++) {
		if (!matches(known->list[i].subject, topic->name))
			continue;
		is_covered = true;
		status = subscribe(index, choice, known->list[i].subject, known->list[i].queue);
	}
	if (!is_covered && wire_subject_is_literal(wire_slice_str(topic->name)))
		status = subscribe(index, choice, topic->name, topic->queue);
	return status;
}

int replay__mock_subscribe(struct replay_mock_index *index, const struct replay__subscribed *known,
			   const struct replay_mock_choice *choice)
{
	int status = 0;
	for (const char *const *pattern = choice->subjects; pattern && *pattern && status == 0; pattern++)
		status = subscribe(index, choice, *pattern, queue_of(index, *pattern));
	for (size_t i = 0; i < index->topics_len && !choice->subjects && status == 0; i++)
		status = subscribe_topic(index, known, choice, &index->topics[i]);
	return status;
}
