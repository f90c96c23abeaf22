/* graph_text.h - a graph of services for people: tables of 80 columns. */
#ifndef CLI_OUTPUT_GRAPH_TEXT_H
#define CLI_OUTPUT_GRAPH_TEXT_H

#include "export/graph/order.h"
#include "export/text/out.h"

/* 0 or -ENOMEM. */
int cli_graph_text(struct export_out *out, const struct export_graph_view *view);

#endif
