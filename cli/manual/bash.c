/* bash.c - three functions that answer from the tables, and one that uses them; bash-completion is not needed. */
#include "cli/manual/bash.h"

#include "cli/manual/completion.h"
#include "cli/manual/topics.h"
#include "cli/options/walk.h"

/* Readline splits --option=value at the equals sign. Subjects and names of clients are treated like names of
 * files, so that readline quotes them. */
static const char engine[] =
    "_tapedeck_offer() # PREFIX, candidates on standard input\n"
    "{\n"
    "  local candidate\n"
    "  while IFS= read -r candidate; do\n"
    "    [[ $candidate == \"$1\"* ]] && COMPREPLY+=(\"$candidate\")\n"
    "  done\n"
    "}\n"
    "\n"
    "_tapedeck_ask() # subjects|clients: of the logs among the words\n"
    "{\n"
    "  local word logs=()\n"
    "  for word in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do\n"
    "    [[ $word != -* && -e $word ]] && logs+=(\"$word\")\n"
    "  done\n"
    "  ((${#logs[@]})) && \"${COMP_WORDS[0]}\" complete \"$1\" \"${logs[@]}\" 2>/dev/null\n"
    "}\n"
    "\n"
    "_tapedeck_complete() # KIND [WORD...], and PREFIX in $cur\n"
    "{\n"
    "  [[ $1 == words ]] || compopt -o filenames 2>/dev/null\n"
    "  case $1 in\n"
    "  words) _tapedeck_offer \"$cur\" < <(printf '%s\\n' \"${@:2}\") ;;\n"
    "  files) _tapedeck_offer \"$cur\" < <(compgen -f -- \"$cur\") ;;\n"
    "  dirs) _tapedeck_offer \"$cur\" < <(compgen -d -- \"$cur\") ;;\n"
    "  subjects | clients) _tapedeck_offer \"$cur\" < <(_tapedeck_ask \"$1\") ;;\n"
    "  interfaces) _tapedeck_offer \"$cur\" < <(echo any; ls /sys/class/net 2>/dev/null) ;;\n"
    "  commands) _tapedeck_offer \"$cur\" < <(_tapedeck_commands) ;;\n"
    "  topics) _tapedeck_offer \"$cur\" < <(_tapedeck_topics) ;;\n"
    "  esac\n"
    "}\n"
    "\n"
    "_tapedeck()\n"
    "{\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} kind\n"
    "  COMPREPLY=()\n"
    "  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "  [[ $cur == = ]] && cur=\n"
    "  cur=${cur#[\\'\\\"]}\n"
    "  if ((COMP_CWORD == 1)); then\n"
    "    _tapedeck_offer \"$cur\" < <(_tapedeck_commands; printf '%s\\n' --help --version)\n"
    "  elif kind=$(_tapedeck_argument \"$command\" \"$prev\"); then\n"
    "    _tapedeck_complete $kind\n"
    "  elif [[ $cur == -* ]]; then\n"
    "    _tapedeck_offer \"$cur\" < <(_tapedeck_options \"$command\")\n"
    "  else\n"
    "    for kind in $(_tapedeck_operands \"$command\"); do\n"
    "      _tapedeck_complete \"$kind\"\n"
    "    done\n"
    "  fi\n"
    "  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
    "  return 0\n"
    "}\n"
    "\n"
    "complete -F _tapedeck tapedeck\n";

static void put_commands(FILE *file, const struct cli_command *const *commands)
{
	fputs("_tapedeck_commands()\n{\n  printf '%s\\n'", file);
	for (; *commands; commands++)
		fprintf(file, " %s", (*commands)->name);
	fputs("\n}\n\n", file);
}

static const char *dashes(const struct cli_command *command, const struct cli_option *option)
{
	return cli_walk_is_one_dash(command, option) ? "-" : "--";
}

static void put_command_options(FILE *file, const struct cli_command *command)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	fprintf(file, "  %s) printf '%%s\\n'", command->name);
	while ((option = cli_walk_next_listed(&walk)) != NULL) {
		if (option->letter)
			fprintf(file, " -%c", option->letter);
		for (; option; option = cli_walk_other_name(option))
			fprintf(file, " %s%s", dashes(command, option), option->name);
	}
	fputs(" ;;\n", file);
}

static void put_topics(FILE *file)
{
	fputs("_tapedeck_topics()\n{\n  printf '%s\\n'", file);
	for (const struct cli_topic *topic = cli_topics(); topic->name; topic++)
		fprintf(file, " %s", topic->name);
	fputs("\n}\n\n", file);
}

static void put_options(FILE *file, const struct cli_command *const *commands)
{
	fputs("_tapedeck_options() # COMMAND\n{\n  case $1 in\n", file);
	for (; *commands; commands++)
		put_command_options(file, *commands);
	fputs("  esac\n}\n\n", file);
}

static void put_kind(FILE *file, const struct cli_completion *completion)
{
	static const char *const names[] = {
	    [CLI_COMPLETION_NONE] = "none",
	    [CLI_COMPLETION_WORDS] = "words ",
	    [CLI_COMPLETION_FILES] = "files",
	    [CLI_COMPLETION_DIRS] = "dirs",
	    [CLI_COMPLETION_SUBJECTS] = "subjects",
	    [CLI_COMPLETION_CLIENTS] = "clients",
	    [CLI_COMPLETION_INTERFACES] = "interfaces",
	};
	fprintf(file, "%s%s", names[completion->kind], completion->words);
}

static void put_argument(FILE *file, const struct cli_command *command, const struct cli_option *option)
{
	const struct cli_completion completion = cli_completion_of(option);
	fputs("  ", file);
	if (option->letter)
		fprintf(file, "%s/-%c | ", command->name, option->letter);
	for (const char *bar = ""; option; option = cli_walk_other_name(option), bar = " | ")
		fprintf(file, "%s%s/%s%s", bar, command->name, dashes(command, option), option->name);
	fputs(") echo '", file);
	put_kind(file, &completion);
	fputs("' ;;\n", file);
}

static void put_arguments(FILE *file, const struct cli_command *const *commands)
{
	fputs("_tapedeck_argument() # COMMAND OPTION: what its argument is; fails when it has none\n"
	      "{\n  case $1/$2 in\n",
	      file);
	for (; *commands; commands++) {
		struct cli_walk walk = {.command = *commands};
		const struct cli_option *option;
		while ((option = cli_walk_next_listed(&walk)) != NULL)
			if (cli_completion_has_argument(option))
				put_argument(file, *commands, option);
	}
	fputs("  *) return 1 ;;\n  esac\n}\n\n", file);
}

static void put_operands(FILE *file, const struct cli_command *const *commands)
{
	fputs("_tapedeck_operands() # COMMAND: what its operands are\n{\n  case $1 in\n", file);
	for (; *commands; commands++) {
		const struct cli_completion_operands operands = cli_completion_operands(*commands);
		fprintf(file, "  %s) echo%s%s%s%s ;;\n", (*commands)->name, operands.logs ? " files" : "",
			operands.subjects ? " subjects" : "", operands.commands ? " commands" : "",
			operands.topics ? " topics" : "");
	}
	fputs("  esac\n}\n\n", file);
}

void cli_bash(FILE *file, const struct cli_command *const *commands)
{
	fputs("# bash completion for tapedeck; made by `tapedeck help --completion bash`.\n\n", file);
	put_commands(file, commands);
	put_topics(file);
	put_options(file, commands);
	put_arguments(file, commands);
	put_operands(file, commands);
	fputs(engine, file);
}
