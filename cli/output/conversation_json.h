/* conversation_json.h - print a conversation as JSON (keys: docs/tracing.md). */
#ifndef CLI_OUTPUT_CONVERSATION_JSON_H
#define CLI_OUTPUT_CONVERSATION_JSON_H

#include "cli/output/conversation_text.h"
#include "export/event/event_json.h"

/* Print one object in one line. */
void cli_conversation_json(struct export_event_json *printer, struct export_out *out,
			   const struct export_conversation *conversation);

#endif
