#include "trace/hidden.h"

#include <stdlib.h>

#include "wire/subject.h"

void trace_hidden_fini(struct trace_hidden *hidden)
{
	free(hidden->subjects);
	*hidden = (struct trace_hidden){0};
}

static bool make_room(struct trace_hidden *hidden)
{
	if (hidden->len < hidden->cap)
		return true;
	size_t cap = hidden->cap ? hidden->cap * 2 : 64;
	struct wire_slice *subjects =
	    cap <= TRACE_HIDDEN_MAX ? realloc(hidden->subjects, cap * sizeof *hidden->subjects) : NULL;
	if (!subjects)
		return false;
	hidden->subjects = subjects;
	hidden->cap = cap;
	return true;
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
	for (size_t i = 0; i < hidden->len && !hidden->is_any; i++)
		if (wire_subject_overlaps(pattern, hidden->subjects[i]))
			return true;
	return hidden->is_any;
}
