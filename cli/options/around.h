/* around.h - the options that show more than the events that were chosen: those around them, or the replies to requests. */
#ifndef CLI_OPTIONS_AROUND_H
#define CLI_OPTIONS_AROUND_H

#include "cli/options/options.h"

struct cli_around {
	int after, before, context; /* events; context: both */
	bool with_replies;
};

/* Sets a struct cli_around, zeroed before. */
extern const struct cli_option cli_around_options[];

/* Check the options, and make `after` and `before` include `context`. CLI_GO_ON, or an exit status after a complaint. */
int cli_around_check(const struct cli_command *command, struct cli_around *around);

/* Events are shown that were not chosen themselves. */
bool cli_around_is_wanted(const struct cli_around *around);

#endif
