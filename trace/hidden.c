#include "trace/hidden.h"

#include <stdlib.h>

#include "trace/memory.h"
#include "wire/subject.h"

void trace_hidden_fini(struct trace_hidden *hidden)
{
	free(hidden->subjects);
	*hidden = (struct trace_hidden){0};
}

static bool make_room(struct trace_hidden *hidden)
{
	return hidden->len < TRACE_HIDDEN_MAX &&
	       trace_grow(&hidden->subjects, &hidden->cap, hidden->len + 1, sizeof *hidden->subjects, NULL);
}

void trace_hidden_add(struct trace_hidden *hidden, struct wire_slice subject)
{
	if (hidden->is_any || !make_room(hidden))
		hidden->is_any = true;
	else
		hidden->subjects[hidden->len++] = subject;
}

bool trace_hidden_reaches(const struct trace_hidden *hidden, struct wire_slice pattern)
{
	for (uint32_t i = 0; i < hidden->len && !hidden->is_any; i++)
		if (wire_subject_overlaps(pattern, hidden->subjects[i]))
			return true;
	return hidden->is_any;
}
