/* graph_draw.h - a graph of services for drawing programs: Graphviz and Mermaid.
 *
 * Services and subjects are nodes: a service points to the subjects that it publishes, a subject to its receivers.
 * Replies to inboxes are drawn from service to service, dashed. Subjects without receivers are red. */
#ifndef CLI_OUTPUT_GRAPH_DRAW_H
#define CLI_OUTPUT_GRAPH_DRAW_H

#include "cli/output/graph_order.h"
#include "cli/output/out.h"

/* Each: 0 or -ENOMEM. */
int cli_graph_dot(struct cli_out *out, const struct cli_graph_view *view);
int cli_graph_mermaid(struct cli_out *out, const struct cli_graph_view *view);

#endif
