/* graph_text.h - a graph of services for people: tables of 80 columns. */
#ifndef CLI_OUTPUT_GRAPH_TEXT_H
#define CLI_OUTPUT_GRAPH_TEXT_H

#include "cli/output/graph_order.h"
#include "cli/output/out.h"

/* 0 or -ENOMEM. */
int cli_graph_text(struct cli_out *out, const struct cli_graph_view *view);

#endif
