#include "trace/doctor/checks/registry.h"

#include "trace/doctor/checks/complaints.h"
#include "trace/doctor/checks/connections.h"
#include "trace/doctor/checks/latency.h"
#include "trace/doctor/checks/payloads.h"
#include "trace/doctor/checks/queues.h"
#include "trace/doctor/checks/receivers.h"
#include "trace/doctor/checks/recording.h"
#include "trace/doctor/checks/repeats.h"
#include "trace/doctor/checks/requests.h"
#include "trace/doctor/checks/skew.h"
#include "trace/doctor/checks/streams.h"
#include "trace/doctor/checks/subjects.h"
#include "trace/doctor/checks/traffic.h"
#include "trace/doctor/checks/versions.h"

static const struct doctor__check *const groups[] = {
    doctor__requests_checks, doctor__latency_checks,    doctor__repeats_checks,     doctor__receivers_checks,
    doctor__queues_checks,   doctor__subjects_checks,   doctor__traffic_checks,     doctor__payloads_checks,
    doctor__streams_checks,  doctor__complaints_checks, doctor__connections_checks, doctor__versions_checks,
    doctor__skew_checks,     doctor__recording_checks,  doctor__retention_checks,
};

const struct doctor__check *doctor__registry_at(size_t number)
{
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		for (const struct doctor__check *check = groups[i]; check->name; check++)
			if (number-- == 0)
				return check;
	return NULL;
}
