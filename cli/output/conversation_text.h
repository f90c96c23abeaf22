/* conversation_text.h - print a conversation as a tree, for people.
 *
 *	── #4711 orders.new, 3 messages in 45.2 ms, from 2026-11-28 03:12:19.100 ──
 *	     0 us  checkout#1 → stock#2                orders.new     12 B  {"sku":"a1"}
 *	+  1.2 ms  └─ stock#2 → checkout#1             _INBOX.…x1.7   11 B  [reply] {"stock":3}
 */
#ifndef CLI_OUTPUT_CONVERSATION_TEXT_H
#define CLI_OUTPUT_CONVERSATION_TEXT_H

#include "cli/output/times.h"
#include "export/decode/decode.h"
#include "export/sequence/conversation.h"
#include "export/text/out.h"

struct cli_conversation_text_options {
	bool color, utc;
	size_t columns;                 /* of the terminal; 0 = there is none */
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are */
};

void cli_conversation_text(struct export_out *out, const struct export_conversation *conversation,
			   const struct cli_conversation_text_options *options);

#endif
