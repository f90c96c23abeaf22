/* replay_input.h - logs and captures, as the player asks for them. */
#ifndef CLI_COMMANDS_REPLAY_INPUT_H
#define CLI_COMMANDS_REPLAY_INPUT_H

#include "cli/options/options.h"
#include "replay/play/feed.h"

struct cli_replay_input {
	struct cli_operands logs;
	struct store_filter *filter;      /* what the logs are read by; borrowed */
	const struct replay_range *range; /* steady times; borrowed; NULL: all */
	int64_t from_ns;                  /* the filter's; INT64_MIN: no bound */
	bool payloads;
	/* Set by cli_replay_input_look: */
	bool has_steps;    /* a clock was set, or it may have been: steady times are no times for a filter */
	bool has_captures; /* some are packet captures, which cannot be read backwards… */
	bool once;         /* …or pipes, which can be read but once */
};

/* See what the operands are. 0, or a negative code with *fault. */
int cli_replay_input_look(struct cli_replay_input *input, struct wire_fault *fault);

/* As open of replay_input; context is a struct cli_replay_input. One source is open at a time. */
int cli_replay_input_open(void *context, int64_t since_ns, struct wire_source **source,
			  struct wire_fault *fault);

struct cli_replay_span {
	int64_t first_ns, last_ns; /* steady */
	int64_t first_time_ns;     /* time of day */
};

/* The recorded times of the first and the last message that pass. 1, 0 when there is none, or a negative code with
 * *fault. What cannot be known without reading all, or at all, is INT64_MIN and INT64_MAX. */
int cli_replay_input_span(const struct cli_replay_input *input, struct cli_replay_span *span,
			  struct wire_fault *fault);

/* One of the logs and captures says that the server of that id was recorded. Reads captures whole, unless it does. */
bool cli_replay_input_is_of(const struct cli_replay_input *input, const char *server_id);

#endif
