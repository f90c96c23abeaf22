#include "cli/options/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/options.h"
#include "cli/output/errors.h"
#include "cli/output/pager.h"

enum { HELP_COLUMN = 30, LINE_WIDTH = 100 };

/* Print text from the column the cursor is at, wrapped at words, further lines indented to HELP_COLUMN. */
static void print_wrapped(const char *text)
{
	size_t column = HELP_COLUMN;
	while (*text) {
		size_t word = strcspn(text, " \n");
		if (column > HELP_COLUMN && (column + word >= LINE_WIDTH || text[-1] == '\n')) {
			printf("\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word + (text[word] != '\0');
	}
	putchar('\n');
}

/* `-a, --addr, --net HOST` of an option and the aliases that follow it. Returns the entry after the last alias. */
static const struct cli_option *describe_names(const struct cli_option *option, bool go_flags, char *left,
					       size_t size)
{
	const struct cli_option *first = option;
	size_t len = (size_t)snprintf(left, size, "  ");
	if (option->letter)
		len += (size_t)snprintf(left + len, size - len, "-%c, ", option->letter);
	else
		len += (size_t)snprintf(left + len, size - len, "    ");
	do {
		/* short words that Go's users type with one dash: -DV, -sl */
		const char *dashes = go_flags && strlen(option->name) < 3 ? "-" : "--";
		if (len < size)
			len += (size_t)snprintf(left + len, size - len, "%s%s%s", option == first ? "" : ", ",
						dashes, option->name);
		option++;
	} while (option->name && !option->help);
	if (len < size && first->argument)
		snprintf(left + len, size - len, " %s", first->argument);
	return option;
}

static void print_options(const struct cli_option *options, bool go_flags)
{
	for (const struct cli_option *option = options; option->name;) {
		char left[128];
		const struct cli_option *next = describe_names(option, go_flags, left, sizeof left);
		if (strlen(left) + 1 < HELP_COLUMN)
			printf("%-*s", HELP_COLUMN, left);
		else
			printf("%s\n%*s", left, HELP_COLUMN, "");
		print_wrapped(option->help);
		option = next;
	}
}

static void print_groups(const struct cli_option_group *groups, bool go_flags)
{
	const char *heading = "";
	for (const struct cli_option_group *group = groups; group && group->options; group++) {
		if (!group->title)
			continue;
		if (strcmp(heading, group->title) != 0)
			printf("\n%s:\n", group->title);
		heading = group->title;
		print_options(group->options, go_flags);
	}
}

static void print_help(const struct cli_command *command)
{
	char title[64];
	cli_command_title(command, title, sizeof title);
	printf("Usage: %s%s%s%s\n", title, *command->operands ? " " : "", command->operands,
	       command->options ? " [options]" : "");
	if (command->about)
		printf("\n%s\n", command->about);
	print_groups(command->options, command->go_flags);
	if (command->examples)
		printf("\nExamples:\n%s\n", command->examples);
}

void cli_options_help(const struct cli_command *command)
{
	struct cli_pager pager;

	cli_pager_init(&pager, false);
	cli_pager_take_stdout(&pager);
	print_help(command);
	cli_pager_end(&pager);
}
