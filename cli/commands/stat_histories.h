/* stat_histories.h - `tapedeck stat --by … --every …`: the messages of each row by intervals of time. */
#ifndef CLI_COMMANDS_STAT_HISTORIES_H
#define CLI_COMMANDS_STAT_HISTORIES_H

#include "cli/commands/stat_session.h"
#include "cli/output/groups_text.h"
#include "store/read/intervals.h"
#include "wire/source.h"

/* Zeroed = none. */
struct cli_stat_histories {
	struct cli_groups_history *list; /* owned; of the first rows, as many as --top shows */
	size_t len;
	size_t cap;                       /* intervals that each has room for */
	struct store_intervals intervals; /* of all events */
};

/* Read the log or capture again, and count the messages of the first rows of the groups, which are sorted. 0; or a negative code with
 * *fault: -E2BIG when there are too many intervals. In either case call cli_stat_histories_fini. */
int cli_stat_histories_read(struct cli_stat_histories *histories, struct cli_stat_session *session,
			    const struct cli_stat_input *input, const struct store_groups *groups,
			    struct wire_fault *fault);
void cli_stat_histories_fini(struct cli_stat_histories *histories);

#endif
