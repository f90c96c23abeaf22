/* trace_choice.h - which messages `tapedeck trace` is asked about: those that pass --seq, --id and the filters. */
#ifndef CLI_COMMANDS_TRACE_CHOICE_H
#define CLI_COMMANDS_TRACE_CHOICE_H

#include "cli/commands/trace_conversations.h"
#include "cli/commands/trace_points.h"
#include "wire/source.h"

struct cli_trace_choice {
	struct cli_trace_seq *seqs; /* owned */
	size_t seqs_len;
	const struct cli_list *ids;  /* borrowed */
	struct store_filter *filter; /* owned */
};

/* CLI_GO_ON; or an exit status after a complaint. In either case call cli_trace_choice_fini. */
int cli_trace_choice_init(struct cli_trace_choice *choice, const struct cli_trace_run *trace,
			  const struct cli_trace_conversation_settings *settings);
void cli_trace_choice_fini(struct cli_trace_choice *choice);

/* The event that the source has just given is a message that is asked about. */
bool cli_trace_choice_holds(const struct cli_trace_choice *choice, struct wire_source *source,
			    const struct wire_event *event);

#endif
