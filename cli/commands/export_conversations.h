/* export_conversations.h - `tapedeck export --conversation SEQ` and `--id VALUE`: whole conversations instead of single events. */
#ifndef CLI_COMMANDS_EXPORT_CONVERSATIONS_H
#define CLI_COMMANDS_EXPORT_CONVERSATIONS_H

#include "cli/commands/export.h"

/* Sets a struct cli_trace_conversation_settings, zeroed before. */
extern const struct cli_option cli_export_conversation_options[];

/* The user asks for conversations. */
bool cli_export_asks_for_conversations(const struct cli_export *export);

/* CLI_GO_ON, or CLI_USAGE after a complaint: the options do not go with each other or with the format. */
int cli_export_check_conversations(const struct cli_export *export);

/* Export them. As cli_export_run. */
int cli_export_conversations_run(const struct cli_export *export);

#endif
