/* monitor.h - what a monitoring port says, from look to look: /varz, /connz and the closed connections.
 *
 * The server counts from its start; the numbers between two looks make the rates. */
#ifndef CLI_TOP_MONITOR_H
#define CLI_TOP_MONITOR_H

#include <jansson.h>

#include "cli/top/window.h"
#include "store/format/table.h"
#include "trace/fold.h"
#include "trace/names.h"
#include "wire/error.h"

enum { CLI_TOP_MONITOR_CONNECTIONS_MAX = 2048, CLI_TOP_MONITOR_SUBJECTS_MAX = 10000 };

/* A number that the server counts. Zeroed = not seen yet. */
struct cli_top_meter {
	struct cli_top_counter counter;
	uint64_t last;
	uint64_t look; /* when it was last seen */
};

struct cli_top_peer {
	uint64_t cid;
	struct cli_top_meter sent, got, sent_bytes, got_bytes; /* by the client */
};

/* Zeroed, but for the window, = empty. */
struct cli_top_monitor {
	struct cli_top_window window;
	uint64_t looks;
	json_t *varz, *connz, *closed; /* owned; of the last look; NULL before the first */
	struct cli_top_peer **peers;   /* owned, each one too; in no order */
	size_t peers_len, peers_cap;
	struct store_table by_cid;
	struct trace_names subjects;      /* of subscriptions; inboxes folded */
	struct cli_top_meter *deliveries; /* owned; by the number of the subject */
	uint32_t deliveries_cap;
	struct trace_fold fold;
	struct cli_top_meter sent, got, sent_bytes, got_bytes; /* of all */
};

void cli_top_monitor_fini(struct cli_top_monitor *monitor);

/* Take in the pages of a look at time now_ns. Takes the references; closed may be NULL. */
void cli_top_monitor_add(struct cli_top_monitor *monitor, json_t *varz, json_t *connz, json_t *closed,
			 int64_t now_ns);

/* The rate of a meter; not a number before the second look. */
double cli_top_meter_rate(const struct cli_top_monitor *monitor, const struct cli_top_meter *meter);

/* The description of a connection; NULL before it was seen. */
const struct cli_top_peer *cli_top_monitor_peer(const struct cli_top_monitor *monitor, uint64_t cid);

/* The member of a page: 0, or the empty text, when it is missing. Texts are borrowed. */
uint64_t cli_top_json_count(const json_t *object, const char *key);
struct wire_slice cli_top_json_text(const json_t *object, const char *key);

/* The subject of a subscription, folded. Valid until the next call. */
struct wire_slice cli_top_monitor_subject(struct cli_top_monitor *monitor, const json_t *subscription);

#endif
