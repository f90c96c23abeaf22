#include "export/event/jsonl.h"

#include <errno.h>
#include <stdlib.h>

#include "export/event/event_json.h"

struct jsonl {
	struct export_writer base;
	struct export_out *out;
	struct export_event_json json;
};

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	struct jsonl *jsonl = (struct jsonl *)writer;

	const uint32_t origin = wire_source_origin(input->source);

	(void)fault;
	jsonl->json.log = origin > 0 ? origin + 1 : 0;
	export_event_json_line(&jsonl->json, jsonl->out, event, &input->clients);
	return 0;
}

static void close_writer(struct export_writer *writer)
{
	struct jsonl *jsonl = (struct jsonl *)writer;

	export_event_json_fini(&jsonl->json);
	free(jsonl);
}

int export_jsonl_open(struct export_writer **writer, struct export_out *out, struct wire_fault *fault)
{
	struct jsonl *jsonl = calloc(1, sizeof(*jsonl));

	if (!jsonl || export_event_json_init(&jsonl->json, true, NULL) != 0) {
		free(jsonl);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	jsonl->json.exact_headers = true;
	jsonl->out = out;
	jsonl->base = (struct export_writer){.put = put, .close = close_writer};
	*writer = &jsonl->base;
	return 0;
}
