#include "cli/commands/record_subjects.h"

#include <string.h>

#include "wire/subject.h"

/* Of two equal ones the first covers the second. NULL when no other one covers it. */
static const char *covering(const struct cli_operands *subjects, int index)
{
	const char *subject = subjects->values[index];
	for (int i = 0; i < subjects->len; i++) {
		const char *other = subjects->values[i];
		if (i == index || (i > index && strcmp(other, subject) == 0))
			continue;
		if (wire_subject_covers(wire_slice_str(other), wire_slice_str(subject)))
			return other;
	}
	return NULL;
}

void cli_record_reduce_subjects(struct cli_operands *subjects,
				void (*left_out)(void *context, const char *subject, const char *covered_by),
				void *context)
{
	for (int i = 0; i < subjects->len;) {
		const char *other = covering(subjects, i);
		if (!other) {
			i++;
			continue;
		}
		if (left_out)
			left_out(context, subjects->values[i], other);
		subjects->len--;
		memmove(&subjects->values[i], &subjects->values[i + 1],
			(size_t)(subjects->len - i) * sizeof *subjects->values);
		subjects->values[subjects->len] = NULL;
	}
}
