/* fish.c - a line of `complete` for each option. */
#include "cli/manual/fish.h"

#include "cli/manual/completion.h"
#include "cli/manual/topics.h"
#include "cli/options/walk.h"

static const char head[] =
    "# fish completion for tapedeck; made by `tapedeck help --completion fish`.\n"
    "\n"
    "function __tapedeck_is -d 'The command is one of these'\n"
    "  set -l words (commandline -opc)\n"
    "  test (count $words) -ge 2; and contains -- $words[2] $argv\n"
    "end\n"
    "\n"
    "function __tapedeck_has_no_command\n"
    "  test (count (commandline -opc)) -eq 1\n"
    "end\n"
    "\n"
    "function __tapedeck_ask -d 'Subjects or clients of the logs among the words'\n"
    "  set -l words (commandline -opc)\n"
    "  set -l logs\n"
    "  for word in $words[3..-1]\n"
    "    string match -q -- '-*' $word; or not test -e $word; or set -a logs $word\n"
    "  end\n"
    "  test (count $logs) -gt 0; and $words[1] complete $argv[1] $logs 2>/dev/null\n"
    "end\n"
    "\n"
    "complete -c tapedeck -f\n"
    "complete -c tapedeck -n __tapedeck_has_no_command -s h -l help -d 'list the commands'\n"
    "complete -c tapedeck -n __tapedeck_has_no_command -l version -d 'print the version'\n";

static void put_quoted(FILE *file, const char *text)
{
	putc('\'', file);
	cli_completion_escaped(file, text, "'\\");
	putc('\'', file);
}

static void put_line(FILE *file, const struct cli_command *command)
{
	fprintf(file, "complete -c tapedeck -n '__tapedeck_is %s'", command->name);
}

static void put_argument(FILE *file, const struct cli_option *option)
{
	const struct cli_completion completion = cli_completion_of(option);
	switch (completion.kind) {
	case CLI_COMPLETION_NONE: fputs(" -x", file); break;
	case CLI_COMPLETION_WORDS: fprintf(file, " -x -a '%s'", completion.words); break;
	case CLI_COMPLETION_FILES: fputs(" -r -F", file); break;
	case CLI_COMPLETION_DIRS: fputs(" -x -a '(__fish_complete_directories)'", file); break;
	case CLI_COMPLETION_SUBJECTS: fputs(" -x -a '(__tapedeck_ask subjects)'", file); break;
	case CLI_COMPLETION_CLIENTS: fputs(" -x -a '(__tapedeck_ask clients)'", file); break;
	case CLI_COMPLETION_INTERFACES: fputs(" -x -a 'any (ls /sys/class/net)'", file); break;
	}
}

static void put_option(FILE *file, const struct cli_command *command, const struct cli_option *option)
{
	char summary[CLI_COMPLETION_TEXT];
	put_line(file, command);
	if (option->letter)
		fprintf(file, " -s %c", option->letter);
	for (const struct cli_option *one = option; one; one = cli_walk_other_name(one))
		fprintf(file, " %s %s", cli_walk_is_one_dash(command, one) ? "-o" : "-l", one->name);
	if (cli_completion_has_argument(option))
		put_argument(file, option);
	cli_completion_summary(option->help, summary);
	fputs(" -d ", file);
	put_quoted(file, summary);
	putc('\n', file);
}

static void put_operands(FILE *file, const struct cli_command *command,
			 const struct cli_command *const *commands)
{
	const struct cli_completion_operands operands = cli_completion_operands(command);
	if (!operands.logs && !operands.subjects && !operands.commands)
		return;
	put_line(file, command);
	if (operands.logs)
		fputs(" -F", file);
	if (operands.subjects)
		fputs(" -a '(__tapedeck_ask subjects)'", file);
	if (operands.commands) {
		fputs(" -a '", file);
		for (; *commands; commands++)
			fprintf(file, "%s%s", (*commands)->name, commands[1] ? " " : "");
		for (const struct cli_topic *topic = cli_topics(); operands.topics && topic->name; topic++)
			fprintf(file, " %s", topic->name);
		putc('\'', file);
	}
	putc('\n', file);
}

static void put_command(FILE *file, const struct cli_command *command,
			const struct cli_command *const *commands)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	fprintf(file, "\ncomplete -c tapedeck -n __tapedeck_has_no_command -a %s -d ", command->name);
	put_quoted(file, command->summary);
	putc('\n', file);
	while ((option = cli_walk_next_listed(&walk)) != NULL)
		put_option(file, command, option);
	put_operands(file, command, commands);
}

void cli_fish(FILE *file, const struct cli_command *const *commands)
{
	fputs(head, file);
	for (const struct cli_command *const *command = commands; *command; command++)
		put_command(file, *command, commands);
}
