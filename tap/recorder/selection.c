#include "tap/recorder/selection.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/subject.h"

static void free_list(char **list)
{
	for (char **entry = list; entry && *entry; entry++)
		free(*entry);
	free(list);
}

/* NULL for NULL. False when out of memory. */
static bool copy_list(char ***out, const char *const *list)
{
	size_t count = 0;
	while (list && list[count])
		count++;
	*out = list ? calloc(count + 1, sizeof(**out)) : NULL;
	for (size_t i = 0; i < count && *out; i++)
		if (!((*out)[i] = strdup(list[i])))
			return false;
	return !list || *out;
}

int tap__selection_init(struct tap__selection *selection, const struct tap_recording_options *options)
{
	*selection = (struct tap__selection){
	    .detail = options->detail,
	    .max_payload = options->max_payload < 0 ? INT64_MAX : options->max_payload,
	    .keeps_plain = !options->include && !options->exclude && options->max_payload < 0 &&
			   options->detail != TAP_DETAIL_MESSAGES};
	return copy_list(&selection->include, options->include) &&
		       copy_list(&selection->exclude, options->exclude)
		   ? 0
		   : -ENOMEM;
}

void tap__selection_fini(struct tap__selection *selection)
{
	free_list(selection->include);
	free_list(selection->exclude);
}

static bool matches_any(char *const *patterns, struct wire_slice subject)
{
	for (; *patterns; patterns++)
		if (wire_subject_matches(wire_slice_str(*patterns), subject))
			return true;
	return false;
}

static bool is_subscription(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_SUBSCRIBE || event->kind == WIRE_EVENT_UNSUBSCRIBE;
}

static bool is_wanted(const struct tap__selection *selection, const struct wire_event *event)
{
	if (is_subscription(event) && selection->detail < TAP_DETAIL_PROTOCOL)
		return false;
	if (event->kind == WIRE_EVENT_DELIVERY && selection->detail < TAP_DETAIL_DELIVERIES)
		return false;
	const struct wire_slice subject = wire_event_true_subject(event);
	if (subject.len == 0)
		return true;
	if (selection->include && !matches_any(selection->include, subject))
		return false;
	return !selection->exclude || !matches_any(selection->exclude, subject);
}

/* A disconnect event counts messages that may not be recorded, or not with their receivers. */
static bool counts_unrecorded(const struct tap__selection *selection, const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_DISCONNECT && event->lost_messages > 0 &&
	       (selection->include || selection->exclude || selection->detail == TAP_DETAIL_MESSAGES);
}

bool tap__selection_apply(const struct tap__selection *selection, struct wire_event *event)
{
	if (!is_wanted(selection, event))
		return false;
	if (counts_unrecorded(selection, event))
		event->flags |= WIRE_EVENT_CUT;
	if ((int64_t)event->payload.len > selection->max_payload) {
		event->payload.len = (size_t)selection->max_payload;
		event->flags |= WIRE_EVENT_CUT;
	}
	if (selection->detail == TAP_DETAIL_MESSAGES) {
		event->receivers = NULL;
		event->receivers_len = 0;
		event->receivers_hint = NULL;
	}
	return true;
}
