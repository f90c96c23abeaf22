/* messages.h - the messages behind a row of `top`: the last ones of a subject or a client, and those that follow. */
#ifndef CLI_TOP_MESSAGES_H
#define CLI_TOP_MESSAGES_H

#include "cli/options/options.h"
#include "cli/output/print_text.h"
#include "cli/top/lines.h"
#include "store/read/merge.h"

enum { CLI_TOP_MESSAGES_MAX = 500 };

/* Which messages: of these conditions those that are set. Borrowed during the call of open. */
struct cli_top_messages_choice {
	const char *subject, *client; /* as in store_filter_subject and store_filter_client; NULL = any */
	int64_t since_ns;
	int64_t until_ns; /* INT64_MAX: those that are written from now on, too */
	bool no_join;     /* read the logs of a cluster apart */
};

struct cli_top_messages {
	const struct cli_operands *logs; /* borrowed */
	const struct store_filter *also; /* must pass, too; borrowed; NULL = none */
	struct store_filter *filter;     /* owned */
	struct store_merge *merge;       /* owned */
	struct cli_text_printer printer;
	struct export_out out; /* never flushed */
};

/* Open the logs at the last CLI_TOP_MESSAGES_MAX of the messages. 0, or a negative code with *fault. After success call
 * cli_top_messages_close. Borrows the logs and `also`, which is used from the same thread only. */
int cli_top_messages_open(struct cli_top_messages *messages, const struct cli_operands *logs,
			  const struct store_filter *also, const struct cli_top_messages_choice *choice,
			  const struct cli_text_options *text, struct wire_fault *fault);
void cli_top_messages_close(struct cli_top_messages *messages);

/* Add a line for each message that is new, during at most 50 ms. 1: there are more; 0: that were all; or a negative code with
 * *fault. */
int cli_top_messages_poll(struct cli_top_messages *messages, struct cli_top_lines *lines,
			  struct wire_fault *fault);

/* Everything about the message of a line, of its payload at most 1 MiB. text: its columns are those of the lines. 0, or a
 * negative code with *fault. */
int cli_top_message_read(const struct cli_operands *logs, bool no_join, const struct cli_top_line *line,
			 const struct cli_text_options *text, struct cli_top_lines *lines,
			 struct wire_fault *fault);

#endif
