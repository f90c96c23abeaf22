#include "cli/options/walk.h"

#include <string.h>

static const struct cli_option common_options[] = {
    {.name = "help", .letter = 'h', .kind = CLI_HELP, .help = "print this help"},
    {.name = "version", .kind = CLI_VERSION, .help = "print the version"},
    {0},
};

static const struct cli_option_group common_groups[] = {{"Common", common_options, 0}, {0}};

static bool has_own(const struct cli_command *command, const char *name)
{
	for (const struct cli_option_group *group = command->options; group && group->options; group++)
		for (const struct cli_option *option = group->options; option->name; option++)
			if (strcmp(option->name, name) == 0)
				return true;
	return false;
}

static bool is_common(const struct cli_walk *walk)
{
	return walk->group == common_groups;
}

/* Go to the first option of the next table. False at the end. */
static bool next_group(struct cli_walk *walk)
{
	const struct cli_option_group *next = walk->group ? walk->group + 1 : walk->command->options;

	if ((!next || !next->options) && !is_common(walk))
		next = common_groups;
	if (!next->options)
		return false;
	walk->group = next;
	walk->option = next->options;
	return true;
}

static const struct cli_option *step(struct cli_walk *walk)
{
	if (walk->option)
		walk->option++;
	while (!walk->option || !walk->option->name)
		if (!next_group(walk))
			return NULL;
	return walk->option;
}

const struct cli_option *cli_walk_next(struct cli_walk *walk)
{
	const struct cli_option *option;

	do
		option = step(walk);
	while (option && is_common(walk) && has_own(walk->command, option->name));
	return option;
}

const struct cli_option *cli_walk_next_listed(struct cli_walk *walk)
{
	const struct cli_option *option;

	do
		option = cli_walk_next(walk);
	while (option && (!walk->group->title || !option->help));
	return option;
}

const struct cli_option *cli_walk_other_name(const struct cli_option *option)
{
	return option[1].name && !option[1].help ? option + 1 : NULL;
}

bool cli_walk_is_one_dash(const struct cli_command *command, const struct cli_option *option)
{
	return command->go_flags && strlen(option->name) < 3;
}
