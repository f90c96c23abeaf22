/* report.h - put findings into words: names cut to a length, durations, lists of names. */
#ifndef TRACE_DOCTOR_CHECKS_REPORT_H
#define TRACE_DOCTOR_CHECKS_REPORT_H

#include "trace/doctor/check.h"

/* A name for "%.*s": at most 60 bytes of it. */
#define DOCTOR__NAME(slice) ((slice).len < 60 ? (int)(slice).len : 60), ((slice).data ? (slice).data : "")

/* Add a finding of the check. evidence may be NULL. */
#define doctor__report(own, how, heavy, shown, ...) \
	doctor__report_when(own, how, heavy, shown, 0, 0, __VA_ARGS__)

/* Likewise one that says when it was: time of day. */
#define doctor__report_when(own, how, heavy, shown, from, to, ...)                    \
	trace_findings_add((own)->findings,                                           \
			   &(struct trace_finding){.check = (own)->check->name,       \
						   .severity = (how),                 \
						   .remedy = (own)->check->remedy,    \
						   .from_ns = (from),                 \
						   .to_ns = (to),                     \
						   .weight = (double)(heavy),         \
						   .place = (own)->place,             \
						   .evidence = doctor__shown(shown)}, \
			   __VA_ARGS__)

static inline struct trace_evidence doctor__shown(const struct trace_evidence *evidence)
{
	return evidence ? *evidence : (struct trace_evidence){0};
}

/* Evidence of one event that stands for `count`. */
struct trace_evidence doctor__example(uint32_t origin, uint64_t seq, uint64_t count);

enum { DOCTOR__DURATION_TEXT = 32, DOCTOR__NAMES_TEXT = 400, DOCTOR__NAMES_SHOWN = 5 };

/* "850 ns", "12.3 ms", "4.50 s", "3.20 min", "2.50 h"; writes at most DOCTOR__DURATION_TEXT bytes. Returns text. */
const char *doctor__duration(char *text, int64_t ns);

/* The first names of many, and how many there are. Zeroed = none. */
struct doctor__names {
	char text[DOCTOR__NAMES_TEXT];
	size_t len;
	uint64_t count;
};

void doctor__names_add(struct doctor__names *names, struct wire_slice name);

/* "a, b, c and 4 more". Valid as long as names. */
const char *doctor__names_text(struct doctor__names *names);

/* "" for 1, else "s". */
static inline const char *doctor__plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* part of whole in percent; 0 when whole is 0. */
static inline double doctor__percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

/* Thresholds for critical and warning: a number of cases and their share of all, both of which must be reached. Anything less
 * is a note. */
struct doctor__scale {
	uint64_t critical_least;
	double critical_percent; /* 0: never critical */
	uint64_t warning_least;
	double warning_percent;
};

enum trace_severity doctor__grade(const struct doctor__scale *scale, uint64_t cases, uint64_t all);

#endif
