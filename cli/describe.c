/* describe.c - write the man pages and the completions of all commands into a directory, while the program is built.
 *
 *   describe DIR     makes DIR/man/NAME.1, DIR/tapedeck (bash), DIR/_tapedeck (zsh), DIR/tapedeck.fish */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/manual/bash.h"
#include "cli/manual/fish.h"
#include "cli/manual/man.h"
#include "cli/manual/zsh.h"

typedef void print_script(FILE *file, const struct cli_command *const *commands);

/* NULL after a complaint. */
static FILE *create(const char *path)
{
	FILE *file = fopen(path, "w");
	if (!file)
		perror(path);
	return file;
}

static int finish(FILE *file)
{
	return fclose(file) == 0 ? CLI_DONE : CLI_IO;
}

static int write_page(const struct cli_command *command)
{
	char path[100];
	snprintf(path, sizeof path, "man/tapedeck-%s.1", command->name);
	FILE *file = create(path);
	if (!file)
		return CLI_IO;
	cli_man_command(file, command, command == &cli_broker ? &cli_nats_server : NULL);
	return finish(file);
}

static int write_script(const char *path, print_script *print, const struct cli_command *const *commands)
{
	FILE *file = create(path);
	if (!file)
		return CLI_IO;
	print(file, commands);
	return finish(file);
}

static int write_all(const struct cli_command *const *commands)
{
	int status = write_script("man/tapedeck.1", cli_man_program, commands);
	for (size_t i = 0; commands[i] && status == CLI_DONE; i++)
		status = write_page(commands[i]);
	if (status == CLI_DONE)
		status = write_script("_tapedeck", cli_zsh, commands);
	if (status == CLI_DONE)
		status = write_script("tapedeck.fish", cli_fish, commands);
	return status == CLI_DONE ? write_script("tapedeck", cli_bash, commands) : status;
}

int main(int argc, char **argv)
{
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	if (argc != 2)
		return CLI_USAGE;
	mkdir(argv[1], 0777);
	if (chdir(argv[1]) != 0) {
		perror(argv[1]);
		return CLI_IO;
	}
	mkdir("man", 0777);
	cli_commands_documented(commands);
	return write_all(commands);
}
