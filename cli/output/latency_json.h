/* latency_json.h - latencies as one JSON object; keys: docs/tracing.md. */
#ifndef CLI_OUTPUT_LATENCY_JSON_H
#define CLI_OUTPUT_LATENCY_JSON_H

#include "cli/output/latency_order.h"
#include "export/text/out.h"

/* 0 or -ENOMEM. */
int cli_latency_json(struct export_out *out, const struct cli_latency_view *view);

#endif
