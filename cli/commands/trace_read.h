/* trace_read.h - read logs and captures from their beginning to their end for an analysis.
 *
 * The analysis gets every event: a filter chooses which messages it counts, and replies to these come from anywhere. Reading
 * begins at --since. After --until it goes on while the analysis waits for replies. */
#ifndef CLI_COMMANDS_TRACE_READ_H
#define CLI_COMMANDS_TRACE_READ_H

#include "cli/commands/trace.h"
#include "store/read/merge.h"
#include "store/read/uptime.h"

struct cli_trace_reading {
	const struct cli_trace_run *trace;
	struct store_filter *filter;  /* the messages that were asked for; NULL = all */
	struct store_filter *reading; /* the events that are read */
	struct store_merge *logs;
	struct wire_source *source; /* of the logs */
	struct store_uptime uptime; /* after cli_trace_read: from the first to the last event that was read */
	int64_t until_ns;
	int interrupt_fd;
};

/* An analysis: it is given every event that is read. */
struct cli_trace_analysis {
	int (*add)(void *context, const struct wire_event *event); /* 0, or a negative code: out of memory */
	bool (*is_waiting)(const void *context); /* events after --until are needed; NULL = they are not */
	void *context;
};

/* CLI_GO_ON, or an exit status after a complaint. In either case call cli_trace_reading_fini. */
int cli_trace_reading_init(struct cli_trace_reading *reading, const struct cli_trace_run *trace);
void cli_trace_reading_fini(struct cli_trace_reading *reading);

/* Give all events to the analysis; Ctrl-C ends it early. Complains about what cannot be read. Returns the exit status that this means, so far. */
int cli_trace_read(struct cli_trace_reading *reading, const struct cli_trace_analysis *analysis);

#endif
