#include "export/otlp/batch.h"

#include <stdlib.h>

#include "trace/memory.h"

enum { ROOMY_GROUPS = 8, KEPT_BYTES = 1 << 16 };

#define SCHEMA "\"schemaUrl\":\"https://opentelemetry.io/schemas/1.44.0\""

void export__batch_fini(struct export__batch *batch)
{
	for (uint32_t i = 0; i < EXPORT__BATCH_GROUPS; i++)
		export_buffer_fini(&batch->groups[i].spans);
	free(batch->group_of);
}

struct export_buffer *export__batch_add(struct export__batch *batch, uint32_t service)
{
	if (service >= batch->group_of_cap && !trace_grow(&batch->group_of, &batch->group_of_cap,
							  (uint64_t)service + 1, sizeof(uint32_t), NULL)) {
		batch->is_failed = true;
		return NULL;
	}
	const uint32_t known = batch->group_of[service];

	if (known < batch->len && batch->groups[known].service == service)
		return &batch->groups[known].spans;
	if (batch->len == EXPORT__BATCH_GROUPS)
		return NULL;
	batch->group_of[service] = batch->len;
	batch->groups[batch->len].service = service;
	return &batch->groups[batch->len++].spans;
}

void export__batch_added(struct export__batch *batch, struct export_buffer *spans, size_t len_before)
{
	EXPORT_BUFFER_LITERAL(spans, ",");
	batch->spans++;
	batch->bytes += spans->len - len_before;
	batch->is_failed = batch->is_failed || spans->is_failed;
}

bool export__batch_is_full(const struct export__batch *batch)
{
	return batch->spans >= EXPORT__BATCH_SPANS || batch->bytes >= EXPORT__BATCH_BYTES;
}

/* The value of service.name; that of an unknown one is the one that the conventions give. */
static struct wire_slice name_of(const struct trace_clients *clients, uint32_t service)
{
	return service == TRACE_SERVICE_UNKNOWN ? WIRE_LITERAL("unknown_service")
						: trace_clients_service_name(clients, service);
}

/* Keep the memory of the first groups, which every batch uses. */
static void empty(struct export__group *group, uint32_t number)
{
	group->spans.len = 0;
	if (number >= ROOMY_GROUPS && group->spans.cap > KEPT_BYTES)
		export_buffer_fini(&group->spans);
}

#define WRITE(literal) write(context, literal, sizeof(literal) - 1)

void export__batch_write(struct export__batch *batch, const struct trace_clients *clients,
			 struct export__quoting *quoting,
			 void (*write)(void *context, const char *data, size_t len), void *context)
{
	WRITE("{\"resourceSpans\":[");
	for (uint32_t i = 0; i < batch->len; i++) {
		struct export__group *group = &batch->groups[i];
		const struct wire_slice name = export__quoted(quoting, name_of(clients, group->service));

		if (i > 0)
			WRITE(",");
		WRITE(
		    "{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"");
		write(context, name.data, name.len);
		WRITE("\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"tapedeck\"},\"spans\":[");
		write(context, group->spans.data, group->spans.len > 0 ? group->spans.len - 1 : 0);
		WRITE("]," SCHEMA "}]," SCHEMA "}");
		empty(group, i);
	}
	WRITE("]}");
	batch->len = 0;
	batch->spans = 0;
	batch->bytes = 0;
}
