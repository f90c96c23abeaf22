#include "trace/doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trace_evidence_add(struct trace_evidence *evidence, uint32_t origin, uint64_t seq)
{
	evidence->count++;
	if (evidence->len == TRACE_EVIDENCE_MAX)
		return;
	evidence->origins[evidence->len] = (uint16_t)origin;
	evidence->seqs[evidence->len++] = seq;
}

void trace_evidence_remove(struct trace_evidence *evidence, uint32_t origin, uint64_t seq)
{
	evidence->count--;
	for (uint32_t i = 0; i < evidence->len; i++) {
		if (evidence->seqs[i] != seq || evidence->origins[i] != (uint16_t)origin)
			continue;
		size_t after = --evidence->len - i;
		memmove(&evidence->seqs[i], &evidence->seqs[i + 1], after * sizeof *evidence->seqs);
		memmove(&evidence->origins[i], &evidence->origins[i + 1], after * sizeof *evidence->origins);
		return;
	}
}

void trace_evidence_merge(struct trace_evidence *evidence, const struct trace_evidence *from)
{
	uint64_t count = evidence->count + from->count;
	for (uint32_t i = 0; i < from->len; i++)
		trace_evidence_add(evidence, from->origins[i], from->seqs[i]);
	evidence->count = count;
}

void trace_findings_fini(struct trace_findings *findings)
{
	for (size_t i = 0; i < findings->len; i++)
		free(findings->list[i].text);
	free(findings->list);
	*findings = (struct trace_findings){0};
}

static bool make_room(struct trace_findings *findings)
{
	if (findings->len < findings->cap)
		return true;
	size_t cap = findings->cap ? findings->cap * 2 : 16;
	struct trace_finding *list = realloc(findings->list, cap * sizeof *list);
	if (!list)
		return false;
	findings->list = list;
	findings->cap = cap;
	return true;
}

void trace_findings_add(struct trace_findings *findings, const struct trace_finding *finding,
			const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	bool is_made = make_room(findings) && vasprintf(&text, format, arguments) >= 0;
	va_end(arguments);
	if (!is_made) {
		findings->is_short_of_memory = true;
		return;
	}
	findings->list[findings->len] = *finding;
	findings->list[findings->len++].text = text;
}

static int compare(const void *a, const void *b)
{
	const struct trace_finding *x = a, *y = b;
	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->text, y->text);
}

void trace_findings_sort(struct trace_findings *findings)
{
	if (findings->len > 0)
		qsort(findings->list, findings->len, sizeof *findings->list, compare);
}

void trace_findings_limit(struct trace_findings *findings, size_t from, size_t most)
{
	if (findings->len - from <= most + 1)
		return;
	struct trace_finding *list = findings->list + from;
	size_t others = findings->len - from - most;
	qsort(list, findings->len - from, sizeof *list, compare);
	struct trace_finding rest = list[most];
	for (size_t i = most; i < most + others; i++) {
		if (i > most)
			trace_evidence_merge(&rest.evidence, &list[i].evidence);
		free(list[i].text);
	}
	rest.weight = -1;
	findings->len = from + most;
	trace_findings_add(findings, &rest, "%zu more of this kind", others);
}

const char *trace_severity_name(enum trace_severity severity)
{
	static const char *const names[TRACE_SEVERITIES] = {"critical", "warning", "note"};
	return (unsigned)severity < TRACE_SEVERITIES ? names[severity] : "unknown";
}
