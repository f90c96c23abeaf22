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
#include "export/text/out.h"
#include "trace/conversation/tree.h"
#include "trace/conversations.h"

enum { CLI_CONVERSATION_GAPS_MAX = 64 };

/* A conversation to be printed. All borrowed. */
struct cli_conversation {
	struct trace_tree tree; /* with at least one node */
	const struct trace_clients *clients;
	const struct trace_gap *gaps[CLI_CONVERSATION_GAPS_MAX]; /* by rising time */
	size_t gaps_len;
	int64_t window_ns;
	bool is_cut_short; /* memory was short */
	char *const *input_names;
	int inputs;
};

struct cli_conversation_text_options {
	bool color, utc;
	size_t columns;                 /* of the terminal; 0 = there is none */
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are */
};

/* The sequence number of a message; of several inputs, whose numbers may be equal, "2:4711", the number of its input before it.
 * NUL-terminated. Returns its length. */
enum { CLI_NODE_NUMBER_TEXT = 40 };
size_t cli_node_number(const struct cli_conversation *conversation, const struct trace_node *node,
		       char text[CLI_NODE_NUMBER_TEXT]);

/* True when the request got no answer in any input, and no server reported that there are no responders. False where the
 * conversation was cut short, since a reply may have come later. */
bool cli_is_unanswered(const struct trace_node *node);

void cli_conversation_text(struct export_out *out, const struct cli_conversation *conversation,
			   const struct cli_conversation_text_options *options);

#endif
