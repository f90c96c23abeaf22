#include "cli/commands/trace_conversations.h"

#include <stddef.h>

#include "cli/output/errors.h"

#define AT(member) offsetof(struct cli_trace_conversation_settings, member)

const struct cli_option cli_trace_conversation_options[] = {
    {.name = "seq",
     .kind = CLI_LIST,
     .argument = "N",
     .help = "the conversation of the message with this sequence number; may be repeated",
     .at = AT(seqs)},
    {.name = "id",
     .kind = CLI_LIST,
     .argument = "VALUE",
     .help = "the conversations of messages that hold this value: as a subject token, in a header, in a JSON field or "
	     "anywhere in the payload; may be repeated",
     .at = AT(ids)},
    {.name = NULL},
};

int cli_trace_conversations(const struct cli_trace_run *trace,
			    const struct cli_trace_conversation_settings *settings)
{
	(void)settings;
	return cli_usage_error(trace->command, "which messages? Give --seq, --id or a filter");
}

void cli_trace_conversation_settings_fini(struct cli_trace_conversation_settings *settings)
{
	cli_list_fini(&settings->seqs);
	cli_list_fini(&settings->ids);
	cli_list_fini(&settings->keys);
}
