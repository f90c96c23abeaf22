#include "cli/manual/describe.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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
	cli_man_command(file, command);
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

int cli_describe(const char *directory, const struct cli_command *const *commands)
{
	mkdir(directory, 0777);
	if (chdir(directory) != 0) {
		perror(directory);
		return CLI_IO;
	}
	mkdir("man", 0777);
	return write_all(commands);
}
