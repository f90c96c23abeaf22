/* subjects.h - the subjects of a recording, those that differ by ids as one, with what was counted of each. */
#ifndef TRACE_DOCTOR_FACTS_SUBJECTS_H
#define TRACE_DOCTOR_FACTS_SUBJECTS_H

#include "trace/doctor/facts/state.h"

/* 0 or -ENOMEM; in either case call doctor__subjects_fini. */
int doctor__subjects_init(struct doctor__subjects *subjects, uint64_t max_bytes);
void doctor__subjects_fini(struct doctor__subjects *subjects);

/* The subject of that name, added when it is new; NULL when there is no room. is_counted: a name that was not seen before counts
 * as one of the subject's. Hot: once for every message. */
struct doctor__subject *doctor__subjects_find(struct doctor__subjects *subjects, struct wire_slice name,
					      bool is_counted);

/* Count a message of the present subject. Hot. */
void doctor__subjects_count(struct doctor__facts *facts, const struct wire_event *event);

/* The outcomes of requests on the subject, allocated on first use. NULL when there is no room. */
struct doctor__request_facts *doctor__subject_requests(struct doctor__subjects *subjects,
						       struct doctor__subject *subject);

/* True with so many bytes counted as used; false when they do not fit. */
bool doctor__subjects_take_bytes(struct doctor__subjects *subjects, uint64_t bytes);

static inline struct wire_slice doctor__subject_text(const struct doctor__subject *subject)
{
	return wire_slice(subject->text, subject->text_len);
}

#endif
