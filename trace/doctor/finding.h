/* finding.h - findings of the doctor: the check, the severity, a text, a remedy, and the events that show it. */
#ifndef TRACE_DOCTOR_FINDING_H
#define TRACE_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most urgent first. */
enum trace_severity { TRACE_CRITICAL, TRACE_WARNING, TRACE_NOTE, TRACE_SEVERITIES };

enum { TRACE_EVIDENCE_MAX = 8 };

/* Events that show something: the first TRACE_EVIDENCE_MAX of them, and how many there are. Zeroed = none. */
struct trace_evidence {
	uint64_t count;
	uint32_t len;                         /* of the arrays */
	uint16_t origins[TRACE_EVIDENCE_MAX]; /* the input of each, as wire_source_origin */
	uint64_t seqs[TRACE_EVIDENCE_MAX];    /* sequence numbers within that input */
};

/* Count an event, and keep it when there is room. */
void trace_evidence_add(struct trace_evidence *evidence, uint32_t origin, uint64_t seq);

/* Take back an event that was added. */
void trace_evidence_remove(struct trace_evidence *evidence, uint32_t origin, uint64_t seq);

/* Add all of `from`. */
void trace_evidence_merge(struct trace_evidence *evidence, const struct trace_evidence *from);

struct trace_finding {
	const char *check; /* static */
	enum trace_severity severity;
	/* Owned by the list. May hold any byte that a log's names hold; not empty. */
	char *text;
	const char *remedy; /* static */
	struct trace_evidence evidence;
	int64_t from_ns, to_ns; /* when it was, time of day; both 0: not said */
	/* Internal: among findings of a check and a severity, the largest comes first. */
	double weight;
	uint32_t place; /* of the check in the registry */
};

/* Zeroed = empty. */
struct trace_findings {
	struct trace_finding *list; /* owned */
	size_t len, cap;
	bool is_short_of_memory; /* a finding was lost because memory was short */
};

void trace_findings_fini(struct trace_findings *findings);

/* Add a finding with a formatted text. Slices are best given as "%.*s". */
void trace_findings_add(struct trace_findings *findings, const struct trace_finding *finding,
			const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Of the findings from number `from` on, all of one check, keep the worst `most`; one more stands for the others. */
void trace_findings_limit(struct trace_findings *findings, size_t from, size_t most);

/* Sort by severity, then by check, then by weight. */
void trace_findings_sort(struct trace_findings *findings);

/* "critical", "warning", "note". Static. */
const char *trace_severity_name(enum trace_severity severity);

#endif
