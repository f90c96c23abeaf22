/* dot.h - the format dot: which services send which subjects to whom, for Graphviz. The same drawing as `trace --graph --format dot`. */
#ifndef EXPORT_GRAPH_DOT_H
#define EXPORT_GRAPH_DOT_H

#include "export/format.h"
#include "store/filter/filter.h"
#include "store/read/uptime.h"
#include "trace/clients.h"

struct export_dot_options {
	enum trace_service_key key;
	bool folds_tokens;
	uint64_t subjects_max;             /* the busiest are drawn */
	const struct store_filter *filter; /* which messages count; borrowed; NULL = all */
	struct store_uptime uptime;        /* of the logs; taken, its life is that of the events */
};

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault, and nothing taken. Borrows out. */
int export_dot_open(struct export_writer **writer, const struct export_dot_options *options,
		    struct export_out *out, struct wire_fault *fault);

#endif
