/* zsh.c - a specification for _arguments of each option. */
#include "cli/manual/zsh.h"

#include "cli/manual/completion.h"
#include "cli/manual/topics.h"
#include "cli/options/walk.h"

static const char head[] = "#compdef tapedeck\n"
			   "# zsh completion for tapedeck; made by `tapedeck help --completion zsh`.\n"
			   "\n"
			   "_tapedeck_ask() # subjects|clients: of the logs among the words\n"
			   "{\n"
			   "  local word\n"
			   "  local -a logs found\n"
			   "  for word in ${(Q)words[2,CURRENT-1]}; do\n"
			   "    [[ $word != -* && -e $word ]] && logs+=($word)\n"
			   "  done\n"
			   "  (( $#logs )) || return 1\n"
			   "  found=(${(f)\"$($tapedeck complete $1 $logs 2>/dev/null)\"})\n"
			   "  compadd -a found\n"
			   "}\n"
			   "\n"
			   "_tapedeck_log_or_subject() { _alternative 'logs:log:_files' "
			   "'subjects:subject:_tapedeck_ask subjects' }\n"
			   "_tapedeck_subjects() { _tapedeck_ask subjects }\n"
			   "_tapedeck_clients() { _tapedeck_ask clients }\n"
			   "_tapedeck_interfaces() { compadd any /sys/class/net/*(N:t) }\n"
			   "\n";

static const char tail[] =
    "_tapedeck() {\n"
    "  local tapedeck=$words[1] curcontext=$curcontext state state_descr line\n"
    "  typeset -A opt_args\n"
    "  _arguments -C '(- *)'{-h,--help}'[list the commands]' '(- *)--version[print the version]' \\\n"
    "    '1:command:_tapedeck_commands' '*::argument:->arguments' && return\n"
    "  [[ $state == arguments ]] && (( $+functions[_tapedeck_of_$words[1]] )) && "
    "_tapedeck_of_$words[1]\n"
    "}\n"
    "\n"
    "_tapedeck \"$@\"\n";

/* Inside single quotes, in the description or the message of a specification. */
static void put_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		char one[2] = {*text == '\n' ? ' ' : *text, '\0'};
		if (*text == '\'')
			fputs("'\\''", file);
		else
			cli_completion_escaped(file, one, "[]:\\");
	}
}

static void put_commands(FILE *file, const struct cli_command *const *commands)
{
	fputs("_tapedeck_commands() {\n  local -a commands=(\n", file);
	for (; *commands; commands++) {
		fprintf(file, "    '%s:", (*commands)->name);
		put_escaped(file, (*commands)->summary);
		fputs("'\n", file);
	}
	fputs("  )\n  _describe command commands\n}\n\n", file);
}

static void put_topics(FILE *file)
{
	fputs("_tapedeck_topics() {\n  local -a topics=(\n", file);
	for (const struct cli_topic *topic = cli_topics(); topic->name; topic++) {
		fprintf(file, "    '%s:", topic->name);
		put_escaped(file, topic->summary);
		fputs("'\n", file);
	}
	fputs("  )\n  _describe topic topics\n}\n"
	      "_tapedeck_commands_and_topics() { _alternative 'commands:command:_tapedeck_commands' "
	      "'topics:topic:_tapedeck_topics' }\n\n",
	      file);
}

static void put_action(FILE *file, const struct cli_option *option)
{
	static const char *const actions[] = {
	    [CLI_COMPLETION_NONE] = " ",
	    [CLI_COMPLETION_WORDS] = "",
	    [CLI_COMPLETION_FILES] = "_files",
	    [CLI_COMPLETION_DIRS] = "_files -/",
	    [CLI_COMPLETION_SUBJECTS] = "_tapedeck_subjects",
	    [CLI_COMPLETION_CLIENTS] = "_tapedeck_clients",
	    [CLI_COMPLETION_INTERFACES] = "_tapedeck_interfaces",
	};
	const struct cli_completion completion = cli_completion_of(option);
	putc(':', file);
	put_escaped(file, option->argument);
	if (completion.kind == CLI_COMPLETION_WORDS)
		fprintf(file, ":(%s)", completion.words);
	else
		fprintf(file, ":%s", actions[completion.kind]);
}

/* One name of an option: '*--exclude=[leave these subjects out]:SUBJECT:_tapedeck_subjects'. */
static void put_spec(FILE *file, const char *name, const struct cli_option *option, const char *after)
{
	char summary[CLI_COMPLETION_TEXT];
	cli_completion_summary(option->help, summary);
	fprintf(file, "    '*%s%s[", name, cli_completion_has_argument(option) ? after : "");
	put_escaped(file, summary);
	putc(']', file);
	if (cli_completion_has_argument(option))
		put_action(file, option);
	fputs("'\n", file);
}

static void put_option(FILE *file, const struct cli_command *command, const struct cli_option *option)
{
	char name[64];
	if (option->letter) {
		snprintf(name, sizeof name, "-%c", option->letter);
		put_spec(file, name, option, "+");
	}
	for (const struct cli_option *one = option; one; one = cli_walk_other_name(one)) {
		bool is_one_dash = cli_walk_is_one_dash(command, one);
		snprintf(name, sizeof name, "%s%s", is_one_dash ? "-" : "--", one->name);
		put_spec(file, name, option, is_one_dash ? "" : "=");
	}
}

static void put_operands(FILE *file, const struct cli_command *command)
{
	const struct cli_completion_operands operands = cli_completion_operands(command);
	if (operands.logs)
		fputs("    '1:log:_files'\n", file);
	if (operands.logs && operands.subjects)
		fputs("    '*:log or subject:_tapedeck_log_or_subject'\n", file);
	else if (operands.logs)
		fputs("    '*:log:_files'\n", file);
	else if (operands.subjects)
		fputs("    '*:subject:_tapedeck_subjects'\n", file);
	if (operands.topics)
		fputs("    '1:command or topic:_tapedeck_commands_and_topics'\n", file);
	else if (operands.commands)
		fputs("    '1:command:_tapedeck_commands'\n", file);
}

static void put_command(FILE *file, const struct cli_command *command)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	fprintf(file, "_tapedeck_of_%s() {\n  local -a options=(\n", command->name);
	while ((option = cli_walk_next_listed(&walk)) != NULL)
		put_option(file, command, option);
	put_operands(file, command);
	fputs("  )\n  _arguments -s $options\n}\n\n", file);
}

void cli_zsh(FILE *file, const struct cli_command *const *commands)
{
	fputs(head, file);
	put_commands(file, commands);
	put_topics(file);
	for (; *commands; commands++)
		put_command(file, *commands);
	fputs(tail, file);
}
