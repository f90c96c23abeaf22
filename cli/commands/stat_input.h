/* stat_input.h - the logs that `tapedeck stat` sums up as one: a single log, or those of a cluster's servers. */
#ifndef CLI_COMMANDS_STAT_INPUT_H
#define CLI_COMMANDS_STAT_INPUT_H

#include "cli/commands/stat_session.h"
#include "store/read/uptime.h"

struct cli_stat_inputs {
	struct cli_stat_input *list; /* in the order in which they were given */
	struct cli_operands firsts;  /* the first log of each */
	char **paths;                /* of all inputs, those of one next to each other */
};

/* Divide logs into inputs: those of a cluster are one, unless no_join. The paths are borrowed. 0, or a negative code with *fault;
 * after success call cli_stat_inputs_close. */
int cli_stat_inputs_open(struct cli_stat_inputs *inputs, const struct cli_operands *logs, bool no_join,
			 struct wire_fault *fault);
void cli_stat_inputs_close(struct cli_stat_inputs *inputs);

/* The input that is this log alone; it borrows the path. */
void cli_stat_input_single(struct cli_stat_input *input, char **path);

bool cli_stat_input_is_cluster(const struct cli_stat_input *input);
bool cli_stat_input_is_capture(const struct cli_stat_input *input);

/* The path for reports of damage; NULL: several logs. */
const char *cli_stat_input_path(const struct cli_stat_input *input);

/* Open it as a source of the events that pass, with headers when the key of --by is one. Borrows the filter. 0, or a
 * negative code with *fault. */
int cli_stat_input_read(struct cli_stat_session *session, const struct cli_stat_input *input,
			const struct store_filter *filter, struct wire_source **source,
			struct wire_fault *fault);

/* Close it. Of a cluster, report on stderr how its logs were joined, once, unless --quiet. */
void cli_stat_input_end(struct cli_stat_session *session, const struct cli_stat_input *input,
			struct wire_source *source);

/* The receivers of an event that was changed; zeroed at first. */
struct cli_stat_unified {
	struct wire_receiver *receivers;
	size_t cap;
};

/* Make an event of a cluster look as one of a single log: its connections have numbers of their own (wire_source_conn), and its
 * time is that of the first log's clock. It borrows *unified. 0 or -ENOMEM. */
int cli_stat_unify(struct cli_stat_unified *unified, struct wire_source *source, struct wire_event *event);
void cli_stat_unified_fini(struct cli_stat_unified *unified);

/* The size of its files. */
uint64_t cli_stat_input_bytes(const struct cli_stat_input *input);

/* When it was written, by steady times; zeroed for a capture. 0, or a negative code with *fault; in either case call
 * store_uptime_fini. */
int cli_stat_input_uptime(const struct cli_stat_input *input, struct store_uptime *uptime,
			  struct wire_fault *fault);

#endif
