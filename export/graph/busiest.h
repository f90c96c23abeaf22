/* busiest.h - which subjects of a graph are drawn when there are more than a drawing shows. */
#ifndef EXPORT_GRAPH_BUSIEST_H
#define EXPORT_GRAPH_BUSIEST_H

#include "export/graph/order.h"

struct export_graph_busiest {
	bool *is_drawn;    /* by number of subject; owned */
	uint64_t left_out; /* subjects that are not drawn, inboxes not counted */
};

/* The subjects with most messages, at most view->limit, or all when that is 0; no inboxes, which are drawn as replies. 0, or -ENOMEM
 * with nothing to free. */
int export_graph_busiest_init(struct export_graph_busiest *busiest, const struct export_graph_view *view);
void export_graph_busiest_fini(struct export_graph_busiest *busiest);

#endif
