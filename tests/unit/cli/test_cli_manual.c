/* Man pages and completions hold every option of every command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands/commands.h"
#include "cli/manual/bash.h"
#include "cli/manual/fish.h"
#include "cli/manual/help.h"
#include "cli/manual/man.h"
#include "cli/manual/roff.h"
#include "cli/manual/zsh.h"
#include "cli/options/walk.h"

struct text {
	FILE *file;
	char *data;
	size_t len;
};

static FILE *begin(struct text *text)
{
	text->file = open_memstream(&text->data, &text->len);
	return text->file;
}

static char *end(struct text *text)
{
	fclose(text->file);
	return text->data;
}

/* The text from `start` to the next `stop`, cut out in place. */
static char *section(char *text, const char *start, const char *stop)
{
	char *found = strstr(text, start);
	if (!found)
		fail_msg("no \"%s\"", start);
	char *after = strstr(found + strlen(start), stop);
	if (after)
		*after = '\0';
	return found;
}

typedef void check_option(const char *text, const struct cli_command *command,
			  const struct cli_option *option);

static void expect(const char *text, const char *wanted, const struct cli_command *command)
{
	if (!strstr(text, wanted))
		fail_msg("%s: no \"%s\" in:\n%s", command->name, wanted, text);
}

static void check_options(const char *text, const struct cli_command *command, check_option *check)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	size_t count = 0;
	for (; (option = cli_walk_next_listed(&walk)) != NULL; count++)
		for (; option; option = cli_walk_other_name(option))
			check(text, command, option);
	assert_true(count >= 2); /* --help and --version */
}

/* The name as mdoc has it, where hyphens are escaped. */
static void man_has(const char *text, const struct cli_command *command, const struct cli_option *option)
{
	struct text name;
	char dashed[64];
	snprintf(dashed, sizeof dashed, "%s%s", cli_walk_is_one_dash(command, option) ? "" : "-",
		 option->name);
	fputs("Fl", begin(&name));
	cli_roff_argument(name.file, dashed, strlen(dashed));
	end(&name);
	expect(text, name.data, command);
	free(name.data);
}

static void script_has(const char *text, const struct cli_command *command, const struct cli_option *option)
{
	char name[64];
	snprintf(name, sizeof name, "%s%s", cli_walk_is_one_dash(command, option) ? " -" : "--",
		 option->name);
	expect(text, name, command);
}

static void zsh_has(const char *text, const struct cli_command *command, const struct cli_option *option)
{
	char name[64];
	snprintf(name, sizeof name, "'*%s%s", cli_walk_is_one_dash(command, option) ? "-" : "--",
		 option->name);
	expect(text, name, command);
}

static void fish_has(const char *text, const struct cli_command *command, const struct cli_option *option)
{
	char name[64];
	snprintf(name, sizeof name, " -%c %s ", cli_walk_is_one_dash(command, option) ? 'o' : 'l',
		 option->name);
	expect(text, name, command);
}

static void each_command(void (*check)(const struct cli_command *command,
				       const struct cli_command *const *commands))
{
	const struct cli_command *commands[CLI_COMMANDS_MAX];
	cli_commands_documented(commands);
	for (size_t i = 0; commands[i]; i++)
		check(commands[i], commands);
}

static void check_man(const struct cli_command *command, const struct cli_command *const *commands)
{
	struct text text;
	(void)commands;
	cli_man_command(begin(&text), command);
	check_options(section(end(&text), ".Sh OPTIONS", ".Sh "), command, man_has);
	free(text.data);
}

static void man_pages_hold_every_option(void **state)
{
	(void)state;
	each_command(check_man);
}

static void check_bash(const struct cli_command *command, const struct cli_command *const *commands)
{
	struct text text;
	char start[64];
	cli_bash(begin(&text), commands);
	snprintf(start, sizeof start, "\n  %s) printf", command->name);
	check_options(section(end(&text), start, ";;"), command, script_has);
	free(text.data);
}

static void check_zsh(const struct cli_command *command, const struct cli_command *const *commands)
{
	struct text text;
	char start[64];
	cli_zsh(begin(&text), commands);
	snprintf(start, sizeof start, "_tapedeck_of_%s() {", command->name);
	check_options(section(end(&text), start, "\n}"), command, zsh_has);
	free(text.data);
}

static void check_fish(const struct cli_command *command, const struct cli_command *const *commands)
{
	struct text text;
	char start[64];
	cli_fish(begin(&text), commands);
	snprintf(start, sizeof start, "__tapedeck_is %s'", command->name);
	check_options(section(end(&text), start, "\n\n"), command, fish_has);
	free(text.data);
}

static void completions_hold_every_option(void **state)
{
	(void)state;
	each_command(check_bash);
	each_command(check_zsh);
	each_command(check_fish);
}

static void check_columns(const struct cli_command *command, const struct cli_command *const *commands)
{
	struct text text;
	(void)commands;
	cli_help_print(begin(&text), command, 80);
	end(&text);
	for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 80)
			fail_msg("%s --help: more than 80 columns: %s", command->name, line);
	free(text.data);
}

static void help_fits_80_columns(void **state)
{
	(void)state;
	each_command(check_columns);
	check_columns(&cli_nats_server, NULL);
}

static void roff_takes_no_text_for_a_request(void **state)
{
	static const char text[] = ".Sh is 'quoted' \\fB and ends. New sentence";
	struct text roff;
	(void)state;
	cli_roff_text(begin(&roff), text, strlen(text));
	assert_string_equal(end(&roff), "\\&.Sh is 'quoted' \\efB and ends.\nNew sentence\n");
	free(roff.data);
	cli_roff_literal(begin(&roff), "  .a\n\n  b \\n");
	assert_string_equal(end(&roff), "\\&.a\n\\&\nb \\en\n");
	free(roff.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(man_pages_hold_every_option),
	    cmocka_unit_test(completions_hold_every_option),
	    cmocka_unit_test(help_fits_80_columns),
	    cmocka_unit_test(roff_takes_no_text_for_a_request),
	};
	return cmocka_run_group_tests_name("cli_manual", tests, NULL, NULL);
}
