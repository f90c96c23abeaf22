/* json.h - a graph of services as one JSON object; keys: docs/tracing.md. */
#ifndef EXPORT_GRAPH_JSON_H
#define EXPORT_GRAPH_JSON_H

#include "export/graph/order.h"
#include "export/text/out.h"

/* 0 or -ENOMEM. */
int export_graph_json(struct export_out *out, const struct export_graph_view *view);

#endif
