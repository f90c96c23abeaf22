#include "cli/manual/help.h"

#include <string.h>
#include <unistd.h>

#include "cli/manual/paragraphs.h"
#include "cli/options/walk.h"
#include "cli/output/errors.h"
#include "cli/output/pager.h"
#include "cli/output/wrap.h"

enum { HELP_COLUMN = 26 };

/* ---- texts ---- */

/* The column of the texts of items: two blanks after the longest term. */
static size_t item_column(const char *text)
{
	struct cli_paragraph paragraph;
	size_t longest = 0;
	while (cli_paragraph_next(&text, &paragraph)) {
		size_t width = cli_wrap_width(paragraph.term.data, paragraph.term.len);
		longest = width > longest ? width : longest;
	}
	return longest + 4;
}

static void print_item(FILE *file, const struct cli_paragraph *item, size_t column, size_t columns)
{
	size_t width = cli_wrap_width(item->term.data, item->term.len);
	fprintf(file, "  %.*s%*s", (int)item->term.len, item->term.data, (int)(column - 2 - width), "");
	cli_wrap(file, item->text.data, item->text.len, column, column, columns);
}

void cli_help_text(FILE *file, const char *text, size_t columns)
{
	struct cli_paragraph paragraph;
	size_t column = item_column(text);
	bool was_item = false;
	putc('\n', file);
	while (cli_paragraph_next(&text, &paragraph)) {
		bool is_item = paragraph.term.len > 0;
		if (paragraph.is_apart || (was_item && !is_item))
			putc('\n', file);
		was_item = is_item;
		if (is_item)
			print_item(file, &paragraph, column, columns);
		else
			cli_wrap(file, paragraph.text.data, paragraph.text.len, 0, 0, columns);
	}
}

/* ---- options ---- */

/* "  -a, --addr, --net HOST": an option with its other names. */
static void describe_names(const struct cli_command *command, const struct cli_option *option, char *left,
			   size_t size)
{
	const char *argument = option->argument;
	size_t len = option->letter ? (size_t)snprintf(left, size, "  -%c, ", option->letter)
				    : (size_t)snprintf(left, size, "      ");
	for (const char *comma = ""; option; option = cli_walk_other_name(option), comma = ", ")
		if (len < size)
			len += (size_t)snprintf(left + len, size - len, "%s%s%s", comma,
						cli_walk_is_one_dash(command, option) ? "-" : "--",
						option->name);
	if (len < size && argument)
		snprintf(left + len, size - len, " %s", argument);
}

static void print_option(FILE *file, const struct cli_command *command, const struct cli_option *option,
			 size_t columns)
{
	char left[128];
	describe_names(command, option, left, sizeof left);
	if (strlen(left) + 2 <= HELP_COLUMN)
		fprintf(file, "%-*s", HELP_COLUMN, left);
	else
		fprintf(file, "%s\n%*s", left, HELP_COLUMN, "");
	cli_wrap(file, option->help, strlen(option->help), HELP_COLUMN, HELP_COLUMN, columns);
}

void cli_help_options(FILE *file, const struct cli_command *command, size_t columns)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	const char *title = "";
	while ((option = cli_walk_next_listed(&walk)) != NULL) {
		if (strcmp(title, walk.group->title) != 0)
			fprintf(file, "\n%s:\n", walk.group->title);
		title = walk.group->title;
		print_option(file, command, option, columns);
	}
}

void cli_help_print(FILE *file, const struct cli_command *command, size_t columns)
{
	char title[64];
	cli_command_title(command, title, sizeof title);
	fprintf(file, "Usage: %s%s%s [options]\n", title, *command->operands ? " " : "", command->operands);
	if (command->about)
		cli_help_text(file, command->about, columns);
	cli_help_options(file, command, columns);
	if (command->examples)
		fprintf(file, "\nExamples:\n%s\n", command->examples);
}

void cli_help_show(const struct cli_command *command)
{
	struct cli_pager pager;
	size_t columns = cli_wrap_columns(STDOUT_FILENO);
	cli_pager_init(&pager, false);
	cli_pager_take_stdout(&pager);
	cli_help_print(stdout, command, columns);
	cli_pager_end(&pager);
}
