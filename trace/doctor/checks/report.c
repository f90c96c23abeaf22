#include "trace/doctor/checks/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct trace_evidence doctor__example(uint32_t origin, uint64_t seq, uint64_t count)
{
	struct trace_evidence evidence = {0};
	trace_evidence_add(&evidence, origin, seq);
	evidence.count = count;
	return evidence;
}

const char *doctor__duration(char *text, int64_t ns)
{
	static const struct {
		double from_ns, ns;
		const char *unit;
	} units[] = {{0, 1, "ns"},    {1e3, 1e3, "us"},     {1e6, 1e6, "ms"},
		     {1e9, 1e9, "s"}, {120e9, 60e9, "min"}, {7200e9, 3600e9, "h"}};
	size_t at = 0;
	double size = ns < 0 ? -(double)ns : (double)ns;
	while (at + 1 < sizeof units / sizeof *units && size >= units[at + 1].from_ns)
		at++;
	double value = (double)ns / units[at].ns;
	double shown = value < 0 ? -value : value;
	snprintf(text, DOCTOR__DURATION_TEXT, "%.*f %s",
		 at == 0 || shown >= 100 ? 0
		 : shown >= 10           ? 1
					 : 2,
		 value, units[at].unit);
	return text;
}

void doctor__names_add(struct doctor__names *names, struct wire_slice name)
{
	if (names->count++ >= DOCTOR__NAMES_SHOWN)
		return;
	int len = snprintf(names->text + names->len, sizeof names->text - names->len, "%s%.*s",
			   names->len > 0 ? ", " : "", DOCTOR__NAME(name));
	names->len += (size_t)len;
}

const char *doctor__names_text(struct doctor__names *names)
{
	if (names->count > DOCTOR__NAMES_SHOWN)
		snprintf(names->text + names->len, sizeof names->text - names->len, " and %" PRIu64 " more",
			 names->count - DOCTOR__NAMES_SHOWN);
	return names->text;
}

enum trace_severity doctor__grade(const struct doctor__scale *scale, uint64_t cases, uint64_t all)
{
	double percent = doctor__percent(cases, all);
	if (scale->critical_percent > 0 && cases >= scale->critical_least &&
	    percent >= scale->critical_percent)
		return TRACE_CRITICAL;
	return cases >= scale->warning_least && percent >= scale->warning_percent ? TRACE_WARNING
										  : TRACE_NOTE;
}
