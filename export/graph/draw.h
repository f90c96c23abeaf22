/* draw.h - a graph of services for drawing programs: Graphviz and Mermaid.
 *
 * Services and subjects are nodes: a service points to the subjects that it publishes, a subject to its receivers.
 * Replies to inboxes are drawn from service to service, dashed. Subjects without receivers are red.
 * Of more subjects than view->limit (0 = no limit) those with most messages are drawn. */
#ifndef EXPORT_GRAPH_DRAW_H
#define EXPORT_GRAPH_DRAW_H

#include "export/graph/order.h"
#include "export/text/out.h"

/* Each: 0 or -ENOMEM. */
int export_graph_dot(struct export_out *out, const struct export_graph_view *view);
int export_graph_mermaid(struct export_out *out, const struct export_graph_view *view);

#endif
