#include "trace/early.h"

#include <xxhash.h>

#include "store/read/steps.h"

#define KEPT_NS INT64_C(1000000000)

static uint64_t hash_of(struct wire_slice subject)
{
	uint64_t hash = XXH3_64bits(subject.data, subject.len);
	return hash ? hash : 1;
}

void trace_early_add(struct trace_early *early, const struct wire_event *reply, struct trace_clients *clients)
{
	uint64_t hash = hash_of(reply->subject);
	early->slots[hash % TRACE_EARLY_SLOTS] =
	    (struct trace_early_reply){.hash = hash,
				       .steady_ns = reply->steady_ns,
				       .origin = wire_source_origin(clients->source),
				       .client = trace_clients_number(clients, reply->conn),
				       .service = trace_clients_service(clients, reply->conn)};
}

const struct trace_early_reply *trace_early_take(struct trace_early *early, const struct wire_event *request,
						 uint32_t origin)
{
	uint64_t hash = hash_of(request->reply);
	struct trace_early_reply *slot = &early->slots[hash % TRACE_EARLY_SLOTS];
	if (slot->hash != hash || slot->origin == origin ||
	    store_time_minus(request->steady_ns, slot->steady_ns) > KEPT_NS)
		return NULL;
	slot->hash = 0;
	return slot;
}
