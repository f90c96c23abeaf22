/* main.c - tapedeck COMMAND …; called through a link named nats-server, the broker. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/output/errors.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool is_word(const char *typed, const char *word, const char *other)
{
	return strcmp(typed, word) == 0 || strcmp(typed, other) == 0;
}

static const struct cli_command *find(const char *name)
{
	if (strcmp(name, cli_help.name) == 0)
		return &cli_help;
	return strcmp(name, cli_complete.name) == 0 ? &cli_complete : cli_command_find(name);
}

int main(int argc, char **argv)
{
	if (argc > 0 && strcmp(base_name(argv[0]), cli_nats_server.name) == 0)
		return cli_nats_server.run(&cli_nats_server, argc, argv);
	if (argc < 2 || is_word(argv[1], "--help", "-h")) {
		cli_commands_print();
		return CLI_DONE;
	}
	if (is_word(argv[1], "--version", "-v")) {
		printf("tapedeck %s\n", TAPEDECK_VERSION);
		return CLI_DONE;
	}
	const struct cli_command *command = find(argv[1]);
	if (!command)
		return cli_commands_unknown(argv[1]);
	int status = command->run(command, argc - 1, argv + 1);
	int error = fflush(stdout) != 0 ? -errno
		    : ferror(stdout)    ? -EIO
					: 0; /* of help, which is printed with stdio */
	return status == CLI_DONE ? cli_write_status(command, error) : status;
}
