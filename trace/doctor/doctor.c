#include "trace/doctor/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/doctor/checks/registry.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/facts.h"
#include "trace/doctor/facts/left_out.h"

enum { CHECKS_MAX = 64, FINDINGS_MOST = 10 /* of a check */ };

struct trace_doctor {
	struct doctor__facts facts;
	struct doctor__case cases[CHECKS_MAX];
	uint32_t cases_len;
	unsigned kinds; /* of events that a check is called for */
	struct trace_findings findings;
};

bool trace_doctor_list(size_t number, struct trace_doctor_check *check)
{
	const struct doctor__check *found = doctor__registry_at(number);
	if (found)
		*check = (struct trace_doctor_check){.name = found->name, .finds = found->finds};
	return found != NULL;
}

/* ---- which checks ---- */

static bool is_wanted(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return names == NULL;
}

static bool exists(const char *name)
{
	const struct doctor__check *check;
	for (size_t i = 0; (check = doctor__registry_at(i)) != NULL; i++)
		if (strcmp(check->name, name) == 0)
			return true;
	return false;
}

/* 0 or -ENOMEM. */
static int add_check(struct trace_doctor *doctor, const struct doctor__check *check, uint32_t place)
{
	struct doctor__case *own = &doctor->cases[doctor->cases_len++];
	*own = (struct doctor__case){
	    .check = check, .facts = &doctor->facts, .findings = &doctor->findings, .place = place};
	doctor->kinds |= check->kinds;
	if (check->own_bytes > 0)
		own->own = calloc(1, check->own_bytes);
	return check->own_bytes == 0 || own->own ? 0 : -ENOMEM;
}

/* The facts that the wanted checks need. 0 or -ENOMEM. */
static int add_checks(struct trace_doctor *doctor, const char *const *names, unsigned *needs)
{
	const struct doctor__check *check;
	int error = 0;
	for (uint32_t place = 0; (check = doctor__registry_at(place)) != NULL && !error; place++) {
		if (!is_wanted(names, check->name) || doctor->cases_len == CHECKS_MAX)
			continue;
		error = add_check(doctor, check, place);
		*needs |= check->needs;
	}
	return error;
}

int trace_doctor_open(struct trace_doctor **doctor, struct wire_source *source,
		      const struct trace_doctor_options *options)
{
	unsigned needs = 0;
	for (const char *const *name = options->checks; name && *name; name++)
		if (!exists(*name))
			return -ENOENT;
	struct trace_doctor *opened = calloc(1, sizeof *opened);
	if (!opened)
		return -ENOMEM;
	int error = add_checks(opened, options->checks, &needs);
	const struct doctor__facts_options facts = {
	    .needs = needs, .memory_bytes = options->memory_bytes, .is_filtered = options->is_filtered};
	if (doctor__facts_init(&opened->facts, source, &facts) != 0 || error) {
		trace_doctor_close(opened);
		return -ENOMEM;
	}
	*doctor = opened;
	return 0;
}

void trace_doctor_close(struct trace_doctor *doctor)
{
	if (!doctor)
		return;
	for (uint32_t i = 0; i < doctor->cases_len; i++)
		free(doctor->cases[i].own);
	trace_findings_fini(&doctor->findings);
	doctor__facts_fini(&doctor->facts);
	free(doctor);
}

/* ---- looking ---- */

int trace_doctor_add(struct trace_doctor *doctor, const struct wire_event *event, bool is_chosen)
{
	int error = doctor__facts_take(&doctor->facts, event, is_chosen);
	bool is_judged = is_chosen || event->kind == WIRE_EVENT_GAP || event->kind == WIRE_EVENT_MARK;
	if (error || !is_judged || !(doctor->kinds & 1u << event->kind))
		return error;
	for (uint32_t i = 0; i < doctor->cases_len; i++)
		if (doctor->cases[i].check->kinds & 1u << event->kind)
			doctor->cases[i].check->event(&doctor->cases[i], event);
	return 0;
}

const struct trace_findings *trace_doctor_end(struct trace_doctor *doctor,
					      const struct trace_doctor_log *logs, uint32_t logs_len)
{
	doctor__facts_end(&doctor->facts);
	for (uint32_t i = 0; i < doctor->cases_len; i++) {
		size_t before = doctor->findings.len;
		doctor->cases[i].logs = logs;
		doctor->cases[i].logs_len = logs_len;
		doctor->cases[i].check->end(&doctor->cases[i]);
		trace_findings_limit(&doctor->findings, before, FINDINGS_MOST);
	}
	trace_findings_sort(&doctor->findings);
	return &doctor->findings;
}

static uint64_t count_subjects(const struct doctor__subjects *subjects)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < subjects->len; i++)
		count += subjects->list[i]->messages > 0;
	return count;
}

static uint64_t count_clients(const struct doctor__facts *facts)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < facts->connections.clients.len; i++)
		count += doctor__is_client_chosen(facts, i);
	return count;
}

void trace_doctor_scope(const struct trace_doctor *doctor, struct trace_doctor_scope *scope)
{
	const struct doctor__facts *facts = &doctor->facts;
	*scope = (struct trace_doctor_scope){.events = facts->events,
					     .messages = facts->messages,
					     .subjects = count_subjects(&facts->subjects),
					     .clients = count_clients(facts),
					     .span_ns = doctor__timeline_span_ns(&facts->timeline)};
}

bool trace_doctor_left_out(const struct trace_doctor *doctor, size_t number,
			   struct trace_doctor_left_out *left_out)
{
	return doctor__left_out_at(&doctor->facts, number, left_out);
}
