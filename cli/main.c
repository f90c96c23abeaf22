/* main.c - tapedeck COMMAND …; called through a link named nats-server, the broker. */
#include <stdio.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/options/help.h"
#include "cli/options/options.h"
#include "cli/options/suggest.h"
#include "wire/redact.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void print_commands(void)
{
	static const char *const headings[CLI_TASKS] = {"Record", "Read", "Play", "Care"};
	printf("tapedeck logs, shows and replays what passes over a NATS bus.\n\n"
	       "Usage: tapedeck COMMAND [LOG...] [SUBJECT...] [options]\n");
	for (int task = 0; task < CLI_TASKS; task++) {
		bool is_headed = false;
		for (const struct cli_command *const *command = cli_commands(); *command; command++) {
			if ((int)(*command)->group != task)
				continue;
			if (!is_headed)
				printf("\n%s:\n", headings[task]);
			is_headed = true;
			printf("  %-10s%s\n", (*command)->name, (*command)->summary);
		}
	}
	printf("\nEnvironment:\n"
	       "  TAPEDECK_LOG     the log to read where none is given\n"
	       "  TAPEDECK_PAGER   the program for long output; else PAGER, else less\n"
	       "  NO_COLOR         no colours\n");
	printf("\n`tapedeck help COMMAND` or `tapedeck COMMAND --help` explains a command.\n");
}

static int complain(const char *typed)
{
	const char *names[64];
	size_t len = 0;
	for (const struct cli_command *const *command = cli_commands(); *command && len < 63; command++)
		names[len++] = (*command)->name;
	names[len] = NULL;
	const char *nearest = cli_suggest(typed, names);
	char shown[200];
	wire_redact_urls(typed, shown, sizeof shown);
	fprintf(stderr, "tapedeck: unknown command \"%s\"%s%s%s; see \"tapedeck --help\"\n", shown,
		nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
	return CLI_USAGE;
}

/* tapedeck help [COMMAND] */
static int help(const char *name)
{
	const struct cli_command *command = name ? cli_command_find(name) : NULL;
	if (name && !command)
		return complain(name);
	if (command)
		cli_options_help(command);
	else
		print_commands();
	return CLI_DONE;
}

int main(int argc, char **argv)
{
	if (argc > 0 && strcmp(base_name(argv[0]), cli_nats_server.name) == 0)
		return cli_nats_server.run(&cli_nats_server, argc, argv);
	if (argc < 2)
		return help(NULL);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help(argc > 2 ? argv[2] : NULL);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0) {
		printf("tapedeck %s\n", TAPEDECK_VERSION);
		return CLI_DONE;
	}
	const struct cli_command *command = cli_command_find(argv[1]);
	return command ? command->run(command, argc - 1, argv + 1) : complain(argv[1]);
}
