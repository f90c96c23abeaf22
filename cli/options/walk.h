/* walk.h - all options of a command, in the order in which they are listed: those of its tables, then --help and
 * --version, which every command has. Parsing, help, man pages and completion all go through them here. */
#ifndef CLI_OPTIONS_WALK_H
#define CLI_OPTIONS_WALK_H

#include "cli/options/options.h"

/* Zero-initialised except command. */
struct cli_walk {
	const struct cli_command *command;
	const struct cli_option_group *group; /* of the last option */
	const struct cli_option *option;      /* the last one */
};

/* The next option, other names included; NULL at the end. */
const struct cli_option *cli_walk_next(struct cli_walk *walk);

/* The next option that is listed: it has a heading and a help text. NULL at the end. Its other names follow it in its
 * table, without a help text of their own. */
const struct cli_option *cli_walk_next_listed(struct cli_walk *walk);

/* The other name after `option` of the same option; NULL when there is none. */
const struct cli_option *cli_walk_other_name(const struct cli_option *option);

/* The option is written after one dash: short words that Go's users write so, -DV and -sl. */
bool cli_walk_is_one_dash(const struct cli_command *command, const struct cli_option *option);

#endif
