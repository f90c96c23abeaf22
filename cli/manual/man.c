#include "cli/manual/man.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/manual/environment.h"
#include "cli/manual/paragraphs.h"
#include "cli/manual/roff.h"
#include "cli/options/walk.h"

const char *const cli_task_titles[CLI_TASKS] = {"Record", "Read", "Play", "Care", "Help"};

static void put_text(FILE *file, const char *text)
{
	cli_roff_text(file, text, strlen(text));
}

static void put_argument(FILE *file, const char *text)
{
	cli_roff_argument(file, text, strlen(text));
}

/* Pages are referred to by Sy, not by Xr: mandoc -Tlint looks for the page of an Xr among those of the system, and reports it
 * as long as ours are not installed there. */

/* ---- head ---- */

/* SOURCE_DATE_EPOCH makes builds reproducible: https://reproducible-builds.org/specs/source-date-epoch/ */
static void put_date(FILE *file)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	char month[20], rest[20];
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(month, sizeof month, "%B", &tm);
	strftime(rest, sizeof rest, ", %Y", &tm);
	fprintf(file, ".Dd %s %d%s\n", month, tm.tm_mday, rest);
}

static void put_head(FILE *file, const char *name, const char *summary)
{
	put_date(file);
	fputs(".Dt ", file);
	for (const char *c = name; *c; c++)
		putc(toupper((unsigned char)*c), file);
	fprintf(file, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd", name);
	put_argument(file, summary);
	putc('\n', file);
}

/* ---- texts ---- */

static void put_paragraphs(FILE *file, const char *text)
{
	struct cli_paragraph paragraph;
	bool in_list = false, is_first = true;
	while (cli_paragraph_next(&text, &paragraph)) {
		bool is_item = paragraph.term.len > 0;
		if (is_item && !in_list)
			fputs(".Bl -tag -width Ds\n", file);
		if (!is_item && in_list)
			fputs(".El\n", file);
		if (!is_item && !is_first)
			fputs(".Pp\n", file);
		in_list = is_item;
		is_first = false;
		if (is_item) {
			fputs(".It", file);
			cli_roff_argument(file, paragraph.term.data, paragraph.term.len);
			putc('\n', file);
		}
		cli_roff_text(file, paragraph.text.data, paragraph.text.len);
	}
	if (in_list)
		fputs(".El\n", file);
}

static void put_examples(FILE *file, const char *examples)
{
	fputs(".Bd -literal\n", file);
	cli_roff_literal(file, examples);
	fputs(".Ed\n", file);
}

/* ---- options ---- */

/* Fl puts a dash before its argument. */
static void put_name(FILE *file, const struct cli_command *command, const struct cli_option *option)
{
	char name[64];
	snprintf(name, sizeof name, "%s%s", cli_walk_is_one_dash(command, option) ? "" : "-", option->name);
	fputs(" Fl", file);
	put_argument(file, name);
}

/* ".It Fl n , Fl -limit Ar N" */
static void put_option(FILE *file, const struct cli_command *command, const struct cli_option *option)
{
	const char *help = option->help, *argument = option->argument;
	fputs(".It", file);
	if (option->letter)
		fprintf(file, " Fl %c ,", option->letter);
	put_name(file, command, option);
	while ((option = cli_walk_other_name(option)) != NULL) {
		fputs(" ,", file);
		put_name(file, command, option);
	}
	if (argument) {
		fputs(" Ar", file);
		put_argument(file, argument);
	}
	putc('\n', file);
	put_text(file, help);
}

static void put_options(FILE *file, const struct cli_command *command)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	const char *title = NULL;
	fputs(".Sh OPTIONS\n", file);
	while ((option = cli_walk_next_listed(&walk)) != NULL) {
		bool is_next = !title || strcmp(title, walk.group->title) != 0;
		if (is_next && title)
			fputs(".El\n", file);
		if (is_next)
			fprintf(file, ".Ss %s\n.Bl -tag -width Ds\n", walk.group->title);
		title = walk.group->title;
		put_option(file, command, option);
	}
	if (title)
		fputs(".El\n", file);
}

/* ---- what every page ends with ---- */

static void put_environment(FILE *file, const struct cli_command *command)
{
	const struct cli_variable *variable;
	size_t at = 0;
	while ((variable = cli_environment_next(command, &at)) != NULL) {
		fprintf(file, ".It Ev %s\n", variable->name);
		put_text(file, variable->help);
	}
}

static void put_environment_section(FILE *file, const struct cli_command *command)
{
	size_t at = 0;
	if (!cli_environment_next(command, &at))
		return;
	fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n", file);
	put_environment(file, command);
	fputs(".El\n", file);
}

static void put_exit_status(FILE *file)
{
	fputs(".Sh EXIT STATUS\n"
	      ".Bl -tag -width Ds\n"
	      ".It 0\n"
	      "The command did what it was asked to do.\n"
	      ".It 1\n"
	      "It found a problem: damage, a difference, a configuration that is not valid,\n"
	      "or nothing where something was required.\n"
	      ".It 2\n"
	      "The command line is wrong; nothing was done.\n"
	      ".It 3\n"
	      "It could not connect to the server, or the server refused it.\n"
	      ".It 4\n"
	      "It could not read its input or write its output.\n"
	      ".El\n",
	      file);
}

static void put_alias(FILE *file, const struct cli_command *alias)
{
	fprintf(file, ".Sh CALLED AS %s\n", alias->name);
	put_paragraphs(file, alias->about);
	put_examples(file, alias->examples);
}

void cli_man_command(FILE *file, const struct cli_command *command)
{
	char name[64];
	snprintf(name, sizeof name, "tapedeck-%s", command->name);
	put_head(file, name, command->summary);
	fprintf(file, ".Sh SYNOPSIS\n.Nm tapedeck %s\n", command->name);
	if (*command->operands) {
		fputs(".Ar", file);
		put_argument(file, command->operands);
		putc('\n', file);
	}
	fputs(".Op Ar options\n.Sh DESCRIPTION\n", file);
	if (command->about)
		put_paragraphs(file, command->about);
	put_options(file, command);
	if (command->also)
		put_alias(file, command->also);
	put_environment_section(file, command);
	put_exit_status(file);
	if (command->examples) {
		fputs(".Sh EXAMPLES\n", file);
		put_examples(file, command->examples);
	}
	fputs(".Sh SEE ALSO\n.Sy tapedeck Ns Pq 1 ,\n.Sy tapedeck-log Ns Pq 5\n", file);
}

/* ---- the page of the program ---- */

static void put_commands(FILE *file, const struct cli_command *const *commands, int task)
{
	fprintf(file, ".Ss %s\n.Bl -tag -width \"tapedeck-doctor(1)\"\n", cli_task_titles[task]);
	for (; *commands; commands++) {
		if ((int)(*commands)->group != task)
			continue;
		fprintf(file, ".It Sy tapedeck-%s Ns Pq 1\n", (*commands)->name);
		put_text(file, (*commands)->summary);
	}
	fputs(".El\n", file);
}

static int by_name(const void *a, const void *b)
{
	const struct cli_command *const *left = a, *const *right = b;
	return strcmp((*left)->name, (*right)->name);
}

/* In alphabetical order, as mdoc wants it. */
static void put_references(FILE *file, const struct cli_command *const *commands)
{
	const struct cli_command *sorted[64];
	size_t len = 0;
	for (; commands[len] && len < 64; len++)
		sorted[len] = commands[len];
	qsort(sorted, len, sizeof *sorted, by_name);
	fputs(".Sh SEE ALSO\n", file);
	for (size_t i = 0; i < len; i++)
		fprintf(file, ".Sy tapedeck-%s Ns Pq 1 ,\n", sorted[i]->name);
	fputs(".Sy tapedeck-log Ns Pq 5\n", file);
}

void cli_man_program(FILE *file, const struct cli_command *const *commands)
{
	put_head(file, "tapedeck", "message tracing, logging and replay for NATS");
	fputs(".Sh SYNOPSIS\n"
	      ".Nm\n"
	      ".Ar command\n"
	      ".Op Ar log ...\n"
	      ".Op Ar subject ...\n"
	      ".Op Ar options\n"
	      ".Sh DESCRIPTION\n"
	      ".Nm\n"
	      "logs, shows and replays the messages that pass over a NATS bus.\n"
	      "Each command has a page of its own.\n"
	      "A long option may be shortened as long as it is not ambiguous.\n",
	      file);
	for (int task = 0; task < CLI_TASKS; task++)
		put_commands(file, commands, task);
	put_exit_status(file);
	fputs(".Sh EXAMPLES\n"
	      "Serve clients in place of nats-server, and log every message:\n"
	      ".Pp\n"
	      ".Dl tapedeck broker \\-\\-record log\n"
	      ".Pp\n"
	      "In a second terminal, show messages as they pass:\n"
	      ".Pp\n"
	      ".Dl tapedeck tail log\n",
	      file);
	put_references(file, commands);
}
