/* cmd_help.c - tapedeck help: list the commands, explain one, print its man page or a shell's completion. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/manual/bash.h"
#include "cli/manual/describe.h"
#include "cli/manual/fish.h"
#include "cli/manual/help.h"
#include "cli/manual/man.h"
#include "cli/manual/topics.h"
#include "cli/manual/zsh.h"
#include "cli/options/options.h"
#include "cli/output/errors.h"
#include "cli/output/wrap.h"
#include "wire/suggest.h"

/* In the order of the words of --completion. */
enum shell { SHELL_NONE, SHELL_BASH, SHELL_ZSH, SHELL_FISH };

struct settings {
	const char *directory; /* of the build's files; NULL: print */
	bool man;
	int shell; /* enum shell */
};

#define AT(member) offsetof(struct settings, member)

static int set_shell(void *member, const char *argument, struct wire_fault *fault)
{
	static const char *const words[] = {
	    [SHELL_BASH] = "bash", [SHELL_ZSH] = "zsh", [SHELL_FISH] = "fish"};
	for (int i = SHELL_BASH; i <= SHELL_FISH; i++) {
		if (strcmp(argument, words[i]) == 0) {
			*(int *)member = i;
			return 0;
		}
	}
	return wire_fault_set(fault, -1, "is none of bash, zsh, fish");
}

static const struct cli_option options[] = {
    {.name = "man",
     .kind = CLI_FLAG,
     .help = "print the man page of COMMAND, or without COMMAND that of tapedeck, in mdoc(7): pipe it to "
	     "\"man -l -\"",
     .at = AT(man)},
    {.name = "completion",
     .kind = CLI_CALL,
     .argument = "bash|zsh|fish",
     .help = "print a script that completes commands, options, subjects and clients in this shell",
     .at = AT(shell),
     .call = set_shell},
    {.name = NULL},
};

/* For the build: not listed. */
static const struct cli_option build_options[] = {
    {.name = "write-to", .kind = CLI_TEXT, .argument = "DIR", .at = AT(directory)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {{"Output", options, 0}, {NULL, build_options, 0}, {0}};

void cli_commands_documented(const struct cli_command *list[CLI_COMMANDS_MAX])
{
	size_t len = 0;
	for (const struct cli_command *const *command = cli_commands(); *command; command++) {
		assert(len + 2 < CLI_COMMANDS_MAX);
		list[len++] = *command;
	}
	list[len++] = &cli_help;
	list[len] = NULL;
}

/* ---- the list of commands ---- */

static void print_task(const struct cli_command *const *commands, int task, size_t columns)
{
	enum { SUMMARY_COLUMN = 12 };
	printf("\n%s:\n", cli_task_titles[task]);
	for (; *commands; commands++) {
		if ((int)(*commands)->group != task)
			continue;
		printf("  %-*s", SUMMARY_COLUMN - 2, (*commands)->name);
		cli_wrap(stdout, (*commands)->summary, strlen((*commands)->summary), SUMMARY_COLUMN,
			 SUMMARY_COLUMN, columns);
	}
}

static void print_topics(size_t columns)
{
	enum { SUMMARY_COLUMN = 12 };
	printf("\nTopics (tapedeck help TOPIC):\n");
	for (const struct cli_topic *topic = cli_topics(); topic->name; topic++) {
		printf("  %-*s", SUMMARY_COLUMN - 2, topic->name);
		cli_wrap(stdout, topic->summary, strlen(topic->summary), SUMMARY_COLUMN, SUMMARY_COLUMN,
			 columns);
	}
}

void cli_commands_print(void)
{
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	cli_commands_documented(commands);
	printf("tapedeck logs, shows and replays the messages that pass over a NATS bus.\n\n"
	       "Usage: tapedeck COMMAND [LOG...] [SUBJECT...] [options]\n");
	for (int task = 0; task < CLI_TASKS; task++)
		print_task(commands, task, cli_wrap_columns(STDOUT_FILENO));
	print_topics(cli_wrap_columns(STDOUT_FILENO));
	printf("\n\"tapedeck COMMAND --help\" explains a command; \"tapedeck --version\" prints the\n"
	       "version.\n");
}

int cli_commands_unknown(const char *typed)
{
	static const struct cli_command program = {.name = "tapedeck", .is_program = true};
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	const char *names[CLI_COMMANDS_MAX] = {NULL};
	cli_commands_documented(commands);
	for (size_t i = 0; commands[i]; i++)
		names[i] = commands[i]->name;
	const char *nearest = wire_suggest(typed, names);
	return cli_usage_error(&program, "unknown command \"%s\"%s%s%s", typed,
			       nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}

/* ---- the command ---- */

static void print_script(enum shell shell)
{
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	cli_commands_documented(commands);
	if (shell == SHELL_BASH)
		cli_bash(stdout, commands);
	else if (shell == SHELL_ZSH)
		cli_zsh(stdout, commands);
	else
		cli_fish(stdout, commands);
}

static void print_man(const struct cli_command *command)
{
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	cli_commands_documented(commands);
	if (command)
		cli_man_command(stdout, command);
	else
		cli_man_program(stdout, commands);
}

static const struct cli_command *find(const char *name)
{
	return strcmp(name, cli_help.name) == 0 ? &cli_help : cli_command_find(name);
}

static int write_files(const char *directory)
{
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	cli_commands_documented(commands);
	return cli_describe(directory, commands);
}

static int print(const struct cli_command *command, const struct settings *settings)
{
	if (settings->directory)
		return write_files(settings->directory);
	if (settings->shell != SHELL_NONE)
		print_script((enum shell)settings->shell);
	else if (settings->man)
		print_man(command);
	else if (command)
		cli_help_show(command);
	else
		cli_commands_print();
	return CLI_DONE;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct cli_operands operands;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);
	if (status != CLI_GO_ON)
		return status;
	const struct cli_command *about = operands.len > 0 ? find(operands.values[0]) : NULL;
	const struct cli_topic *topic = operands.len > 0 ? cli_topic_find(operands.values[0]) : NULL;
	if (topic && !settings.man) {
		cli_topic_show(topic);
		return CLI_DONE;
	}
	if (operands.len > 0 && !about)
		return cli_commands_unknown(operands.values[0]);
	return print(about, &settings);
}

const struct cli_command cli_help = {
    .name = "help",
    .summary = "explain a command or a topic; print man pages, and completions for shells",
    .group = CLI_TASK_HELP,
    .operands = "[COMMAND|TOPIC]",
    .about = "Without COMMAND, lists the commands and the topics: filters, where, fields.\n"
	     "\n"
	     "The man pages and completions that are installed with the program are those that --man and "
	     "--completion print.",
    .examples = "  tapedeck help cat\n"
		"  tapedeck help where\n"
		"  tapedeck help --man cat | man -l -\n"
		"  source <(tapedeck help --completion bash)\n"
		"  tapedeck help --completion zsh > ~/.zfunc/_tapedeck\n"
		"  tapedeck help --completion fish | source",
    .options = groups,
    .run = run,
};
