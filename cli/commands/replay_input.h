/* replay_input.h - open logs and captures for the player. */
#ifndef CLI_COMMANDS_REPLAY_INPUT_H
#define CLI_COMMANDS_REPLAY_INPUT_H

#include "cli/options/options.h"
#include "replay/play/feed.h"
#include "store/read/merge.h"

struct cli_replay_input {
	struct cli_operands logs;
	struct store_filter *filter;      /* of the events that are read; borrowed */
	const struct replay_range *range; /* steady times; borrowed; NULL: all */
	int64_t from_ns;                  /* the filter's; INT64_MIN: no bound */
	bool payloads;
	bool no_join; /* read the logs of a cluster apart */
	/* Set by cli_replay_input_inspect: */
	bool has_steps;    /* a clock was or may have been set: do not filter by steady times */
	bool has_captures; /* some are packet captures, which cannot be read backwards… */
	bool once;         /* …or pipes, which can be read only once */
	/* Open, and the ones that were closed last, for cli_joining_report: */
	struct store_merge *open, *closed;
};

/* Find out what kinds of input the operands are. 0, or a negative code with *fault. */
int cli_replay_input_inspect(struct cli_replay_input *input, struct wire_fault *fault);

/* As open of replay_input; context is a struct cli_replay_input. One source is open at a time. */
int cli_replay_input_open(void *context, int64_t since_ns, struct wire_source **source,
			  struct wire_fault *fault);
/* As close of replay_input. */
void cli_replay_input_close(void *context, struct wire_source *source);

/* When no source is open: free what is kept of the last one. */
void cli_replay_input_fini(struct cli_replay_input *input);

struct cli_replay_span {
	int64_t first_ns, last_ns; /* steady */
	int64_t first_time_ns;     /* time of day */
};

/* Find the times of the first and the last message that pass the filter. 1, 0 when there is none, or a negative code with
 * *fault. A time that cannot be known without reading everything is INT64_MIN or INT64_MAX. */
int cli_replay_input_span(const struct cli_replay_input *input, struct cli_replay_span *span,
			  struct wire_fault *fault);

/* One of the logs or captures names the server of that id as recorded. May read captures to their ends. */
bool cli_replay_input_is_of(const struct cli_replay_input *input, const char *server_id);

#endif
