/* traffic.h - what `top` counts of a log: its subjects, services, connections and requests.
 *
 * Fed with the events of a source. Rates are of a window of time (cli/top/window.h), other numbers of all that was fed.
 * Inboxes are one subject, and so are, with folds_tokens, subjects that differ by an id (trace/fold.h). The memory is bounded:
 * subjects and services beyond a number are one row, "(others)". */
#ifndef CLI_TOP_TRAFFIC_H
#define CLI_TOP_TRAFFIC_H

#include "cli/top/connections.h"
#include "cli/top/requests.h"
#include "trace/clients.h"
#include "trace/fold.h"

enum { CLI_TOP_SUBJECTS_MAX = 10000, CLI_TOP_SERVICES_MAX = 4000 };

struct cli_top_subject {
	struct cli_top_counter messages, bytes;
	uint64_t total;   /* messages */
	uint64_t unheard; /* messages that nobody was to get */
	int64_t last_ns;
	struct cli_top_latency *latency; /* owned; NULL: no requests */
};

struct cli_top_traffic {
	struct cli_top_window window;
	struct wire_source *source; /* borrowed */
	struct trace_fold fold;
	struct trace_names subject_names;
	struct cli_top_subject *subjects; /* owned; by the number of the name. 0: others */
	uint32_t subjects_cap;
	struct trace_clients clients;
	struct cli_top_activity **services; /* owned, each one too; by number; NULL = none yet */
	uint32_t services_cap;
	struct cli_top_connections connections;
	struct cli_top_requests requests;
	struct cli_top_counter messages, bytes; /* of all */
	uint64_t total, total_bytes, unheard;
	uint64_t gaps, gap_messages, errors;
	int64_t last_ns; /* of the last event; INT64_MIN: none */
};

/* Borrows the source, whose events are to be added. 0 or -ENOMEM; in either case call cli_top_traffic_fini. */
int cli_top_traffic_init(struct cli_top_traffic *traffic, struct wire_source *source, int64_t window_ns,
			 bool folds_tokens);
/* Zeroes it, too; a zeroed one is ignored. */
void cli_top_traffic_fini(struct cli_top_traffic *traffic);

/* Add the event that the source has just given. Without memory a part of it is left out. Hot: once for every event. */
void cli_top_traffic_add(struct cli_top_traffic *traffic, const struct wire_event *event);

/* Requests that have waited for a reply for so long, at least. */
uint64_t cli_top_traffic_unanswered(const struct cli_top_traffic *traffic, int64_t ns);

#endif
