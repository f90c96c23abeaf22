#include "trace/inbox.h"

#include "wire/subject.h"

static bool is_below(const char *prefix, struct wire_slice subject)
{
	size_t len = prefix ? strlen(prefix) : 0;
	return len > 0 && subject.len > len + 1 && memcmp(subject.data, prefix, len) == 0 &&
	       subject.data[len] == '.';
}

static bool matches_any(const char *const *patterns, struct wire_slice subject)
{
	for (; patterns && *patterns; patterns++)
		if (wire_subject_matches(wire_slice_str(*patterns), subject))
			return true;
	return false;
}

bool trace_is_inbox(const struct trace_inboxes *inboxes, struct wire_slice subject)
{
	return trace_has_inbox_prefix(subject) ||
	       (inboxes && (is_below(inboxes->prefix, subject) || matches_any(inboxes->patterns, subject)));
}
