/* trace_conversations.h - `tapedeck trace`: print what happened around the chosen messages, a tree a conversation. */
#ifndef CLI_COMMANDS_TRACE_CONVERSATIONS_H
#define CLI_COMMANDS_TRACE_CONVERSATIONS_H

#include "cli/commands/trace.h"
#include "cli/options/decoding.h"

struct cli_trace_conversation_settings {
	struct cli_list seqs, ids, keys, evidence;
	bool forget_keys, no_inferred;
	int64_t window_ns;            /* 0 = the default */
	struct cli_decoding decoding; /* of cli_decoding_options */
	const char *seqs_option;      /* the name of the option that sets seqs; NULL = "--seq" */
};

/* Sets a struct cli_trace_conversation_settings, zeroed before. */
extern const struct cli_option cli_trace_conversation_options[];

/* Read the logs and print the conversations. Returns an exit status. */
int cli_trace_conversations(const struct cli_trace_run *trace,
			    const struct cli_trace_conversation_settings *settings);

void cli_trace_conversation_settings_fini(struct cli_trace_conversation_settings *settings);

#endif
