/* graph_json.h - a graph of services as one JSON object; keys: docs/tracing.md. */
#ifndef CLI_OUTPUT_GRAPH_JSON_H
#define CLI_OUTPUT_GRAPH_JSON_H

#include "cli/output/graph_order.h"
#include "cli/output/out.h"

/* 0 or -ENOMEM. */
int cli_graph_json(struct cli_out *out, const struct cli_graph_view *view);

#endif
