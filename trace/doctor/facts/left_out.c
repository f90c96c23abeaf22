#include "trace/doctor/facts/left_out.h"

static uint64_t count_evicted(const struct doctor__subjects *subjects)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < subjects->len; i++)
		count += subjects->list[i]->requests ? subjects->list[i]->requests->evicted : 0;
	return count;
}

bool doctor__left_out_at(const struct doctor__facts *facts, size_t number,
			 struct trace_doctor_left_out *left_out)
{
	const struct trace_doctor_left_out all[] = {
	    {"messages on further subjects", facts->subjects.left_out},
	    {"messages whose subject was not counted as a name of its own", facts->subjects.names_left_out},
	    {"requests on subjects without room for their outcomes", facts->requests.left_out},
	    {"requests forgotten before a reply was due", count_evicted(&facts->subjects)},
	    {"replies of further responders", facts->requests.replies_left_out},
	    {"latencies", facts->requests.latencies_left_out},
	    {"deliveries to further queue groups or members", facts->subjects.members_left_out},
	    {"messages and deliveries of further connections", facts->connections.left_out},
	    {"further subscriptions", facts->connections.subs_left_out},
	    {"deliveries of further JetStream consumers", facts->jetstream.left_out},
	    {"one-way times of further hosts", facts->clocks.left_out},
	};
	if (number >= sizeof all / sizeof *all)
		return false;
	*left_out = all[number];
	return true;
}
