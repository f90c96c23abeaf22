/* doctor.h - look for what is wrong with a recorded bus, in one pass and in bounded memory.
 *
 * Each check (docs/doctor.md) looks for one kind of trouble. The facts that several checks need of an event (its subject,
 * its connection, the request that it answers) are established once. Facts that a recording does not know never lead to
 * a finding. */
#ifndef TRACE_DOCTOR_DOCTOR_H
#define TRACE_DOCTOR_DOCTOR_H

#include "trace/doctor/finding.h"
#include "wire/source.h"

enum { TRACE_DOCTOR_MEMORY_LEAST = 16 << 20 };

/* Facts about an input that its events do not hold. */
struct trace_doctor_log {
	const char *name;   /* borrowed */
	uint64_t segments;  /* files of the log; 0: a capture */
	uint64_t first_seq; /* of the oldest segment: more than 1 when older ones were deleted */
	uint64_t next_seq;  /* of the segment after it; 0: there is none */
	bool is_written;    /* a recorder writes it now */
};

struct trace_doctor_options {
	uint64_t memory_bytes;     /* for all tables; at least TRACE_DOCTOR_MEMORY_LEAST */
	const char *const *checks; /* names; NULL-terminated. NULL: all. Borrowed */
	bool is_filtered;          /* some events are not chosen, see trace_doctor_add */
};

struct trace_doctor;

/* A check, as --list shows it. */
struct trace_doctor_check {
	const char *name, *finds;
};

/* The check of this number. False after the last one. */
bool trace_doctor_list(size_t number, struct trace_doctor_check *check);

/* The source is borrowed and gives all events. 0 with *doctor; or -ENOMEM, or -ENOENT when a name is that of no check. */
int trace_doctor_open(struct trace_doctor **doctor, struct wire_source *source,
		      const struct trace_doctor_options *options);
void trace_doctor_close(struct trace_doctor *doctor);

/* Look at the event that the source has just given. is_chosen: the filter passes it. Facts are established from all events;
 * findings about subjects, messages and clients that no chosen event names are left out. Findings about the recording itself
 * (gaps, damage, clock steps) are not filtered. 0 or -ENOMEM. Hot. */
int trace_doctor_add(struct trace_doctor *doctor, const struct wire_event *event, bool is_chosen);

/* The findings, once the source is at its end; valid until close. logs: one for each input, in their order. Sorted: the most
 * severe first. */
const struct trace_findings *trace_doctor_end(struct trace_doctor *doctor,
					      const struct trace_doctor_log *logs, uint32_t logs_len);

/* How much the doctor looked at so far, without what was not chosen. */
struct trace_doctor_scope {
	uint64_t events; /* without gaps and marks; 0: there was nothing to look at */
	uint64_t messages, subjects, clients;
	int64_t span_ns;
};
void trace_doctor_scope(const struct trace_doctor *doctor, struct trace_doctor_scope *scope);

/* The entries that one of the tables had no room for. */
struct trace_doctor_left_out {
	const char *what; /* a plural, static: "messages on further subjects" */
	uint64_t count;   /* 0: the table had room for all */
};

/* The table of this number. False after the last one. */
bool trace_doctor_left_out(const struct trace_doctor *doctor, size_t number,
			   struct trace_doctor_left_out *left_out);

#endif
