#include "broker/permissions.h"

#include "wire/subject.h"

/* "subject queue", separated by blanks. */
struct entry {
	struct wire_slice subject, queue;
};

static struct entry read_entry(const char *text)
{
	size_t subject_len = strcspn(text, " \t");
	const char *queue = text + subject_len + strspn(text + subject_len, " \t");
	return (struct entry){.subject = wire_slice(text, subject_len),
			      .queue = wire_slice(queue, strcspn(queue, " \t"))};
}

/* How the entries of a list match a subscription. */
struct verdict {
	bool plain;       /* an entry without a queue matches */
	bool any_queue;   /* an entry with some queue matches the subject */
	bool right_queue; /* … and the queue as well */
};

static bool queue_matches(struct wire_slice pattern, struct wire_slice queue)
{
	return wire_slice_equal(pattern, queue) || wire_subject_covers(pattern, queue);
}

static struct verdict judge(char *const *entries, size_t len, struct wire_slice subject,
			    struct wire_slice queue,
			    bool (*matches)(struct wire_slice pattern, struct wire_slice subject))
{
	struct verdict verdict = {0};
	for (size_t i = 0; i < len; i++) {
		struct entry entry = read_entry(entries[i]);
		if (!matches(entry.subject, subject))
			continue;
		if (entry.queue.len == 0) {
			verdict.plain = true;
			continue;
		}
		verdict.any_queue = true;
		verdict.right_queue = verdict.right_queue || queue_matches(entry.queue, queue);
	}
	return verdict;
}

static bool is_listed(char *const *entries, size_t len, struct wire_slice subject)
{
	for (size_t i = 0; i < len; i++)
		if (wire_subject_matches(wire_slice_str(entries[i]), subject))
			return true;
	return false;
}

bool broker__may_publish(const struct broker_permissions *permissions, struct wire_slice subject)
{
	if (!permissions)
		return true;
	const struct broker_permission *publish = &permissions->publish;
	/* A user with allow_responses and no allow list may publish replies only. */
	if ((publish->has_allow || permissions->allow_responses) &&
	    !is_listed(publish->allow, publish->allow_len, subject))
		return false;
	return !is_listed(publish->deny, publish->deny_len, subject);
}

/* When entries with a queue match the subject, they alone decide about a queue subscription. */
static bool decide(struct verdict verdict, struct wire_slice queue)
{
	return queue.len > 0 && verdict.any_queue ? verdict.right_queue : verdict.plain;
}

bool broker__may_subscribe(const struct broker_permissions *permissions, struct wire_slice subject,
			   struct wire_slice queue)
{
	if (!permissions)
		return true;
	const struct broker_permission *subscribe = &permissions->subscribe;
	if (subscribe->has_allow &&
	    !decide(judge(subscribe->allow, subscribe->allow_len, subject, queue, wire_subject_covers),
		    queue))
		return false;
	return !decide(judge(subscribe->deny, subscribe->deny_len, subject, queue, wire_subject_matches),
		       queue);
}

bool broker__may_receive(const struct broker_permissions *permissions, struct wire_slice subject)
{
	if (!permissions)
		return true;
	const struct broker_permission *subscribe = &permissions->subscribe;
	for (size_t i = 0; i < subscribe->deny_len; i++) {
		struct entry entry = read_entry(subscribe->deny[i]);
		if (entry.queue.len == 0 && wire_subject_matches(entry.subject, subject))
			return false;
	}
	return true;
}
