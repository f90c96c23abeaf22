/* commands.c - the table of commands. */
#include <string.h>

#include "cli/commands/commands.h"

const struct cli_command *const *cli_commands(void)
{
	static const struct cli_command *const commands[] = {
	    &cli_broker, &cli_proxy,  &cli_record, &cli_import, &cli_sniff,  &cli_mark,
	    &cli_cat,    &cli_tail,   &cli_top,    &cli_stat,   &cli_trace,  &cli_who,
	    &cli_doctor, &cli_export, &cli_diff,   &cli_replay, &cli_report, &cli_mock,
	    &cli_ls,     &cli_verify, &cli_cut,    &cli_merge,  &cli_pack,   NULL,
	};
	return commands;
}

const struct cli_command *cli_command_find(const char *name)
{
	for (const struct cli_command *const *command = cli_commands(); *command; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}
