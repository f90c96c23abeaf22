/* Option tables: parsing in both styles, values, complaints, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/manual/help.h"
#include "cli/options/options.h"
#include "cli/options/values.h"
#include "cli/output/wrap.h"

struct filters {
	struct cli_list exclude;
};

struct settings {
	bool verbose;
	const char *name;
	char *copy;
	int port;
	uint64_t limit, bytes;
	int64_t age_ms;
	int sync;
	char called[32];
	struct filters filters;
};

static int call_word(void *member, const char *argument, struct wire_fault *fault)
{
	if (strcmp(argument, "bad") == 0)
		return wire_fault_set(fault, -1, "is bad");
	strcpy(member, argument);
	return 0;
}

#define AT(member) offsetof(struct settings, member)

static const struct cli_option main_options[] = {
    {"port", 'p', CLI_INT, "PORT", "port", AT(port), -1, 65535, NULL, NULL},
    {"name", 'n', CLI_TEXT, "NAME", "name", AT(name), 0, 0, NULL, NULL},
    {"server_name", 0, CLI_TEXT, "NAME", NULL, AT(name), 0, 0, NULL, NULL},
    {"verbose", 'V', CLI_FLAG, NULL, "talk", AT(verbose), 0, 0, NULL, NULL},
    {"copy", 0, CLI_COPY, "TEXT", "owned", AT(copy), 0, 0, NULL, NULL},
    {"limit", 0, CLI_COUNT, "N", "count", AT(limit), 0, 0, NULL, NULL},
    {"bytes", 0, CLI_BYTES, "SIZE", "size", AT(bytes), 0, 0, NULL, NULL},
    {"age", 0, CLI_DURATION, "AGE", "duration", AT(age_ms), 0, 0, NULL, NULL},
    {"sync", 0, CLI_CHOICE, "always|interval|none", "when", AT(sync), 0, 0, NULL, NULL},
    {"word", 0, CLI_CALL, "WORD", "any", AT(called), 0, 0, call_word, NULL},
    {0},
};

static const struct cli_option filter_options[] = {
    {"exclude", 'x', CLI_LIST, "SUBJECT", "not these", offsetof(struct filters, exclude), 0, 0, NULL, NULL},
    {0},
};

static const struct cli_option_group groups[] = {
    {"Main", main_options, 0}, {"Filters", filter_options, AT(filters)}, {0}};

static const struct cli_command plain = {.name = "try", .operands = "", .options = groups};
static const struct cli_command go = {.name = "try", .operands = "", .options = groups, .go_flags = true};

/* Parse a NULL-terminated argument list; argv[0] is added. What was said on stderr is in said. */
static char said[1000];
static struct cli_operands operands;
static char *arguments[20];

static int parse(const struct cli_command *command, struct settings *settings, ...)
{
	va_list list;
	int argc = 0;
	arguments[argc++] = "try";
	va_start(list, settings);
	while ((arguments[argc] = va_arg(list, char *)) != NULL)
		argc++;
	va_end(list);
	FILE *file = tmpfile();
	int stderr_fd = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	int status = cli_options_parse(command, argc, arguments, settings, &operands);
	fflush(stderr);
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	rewind(file);
	said[fread(said, 1, sizeof said - 1, file)] = '\0';
	fclose(file);
	return status;
}

static void every_kind_of_option_sets_its_member(void **state)
{
	(void)state;
	struct settings s = {0};
	assert_int_equal(parse(&plain, &s, "-p", "-1", "--name=n", "-V", "--copy", "c", "--limit", "7",
			       "--bytes", "64KiB", "--age=1h30m", "--sync", "none", "--word", "w",
			       (char *)NULL),
			 CLI_GO_ON);
	assert_int_equal(s.port, -1);
	assert_string_equal(s.name, "n");
	assert_true(s.verbose);
	assert_string_equal(s.copy, "c");
	assert_int_equal(s.limit, 7);
	assert_int_equal(s.bytes, 65536);
	assert_int_equal(s.age_ms, 5400000);
	assert_int_equal(s.sync, 2);
	assert_string_equal(s.called, "w");
	free(s.copy);
}

static void operands_and_options_may_be_mixed(void **state)
{
	(void)state;
	struct settings s = {0};
	assert_int_equal(parse(&plain, &s, "log", "-x", "a", "orders.>", "-x", "b", "--", "-c", (char *)NULL),
			 CLI_GO_ON);
	assert_int_equal(operands.len, 3);
	assert_string_equal(operands.values[0], "log");
	assert_string_equal(operands.values[1], "orders.>");
	assert_string_equal(operands.values[2], "-c");
	assert_int_equal(s.filters.exclude.len, 2);
	assert_string_equal(s.filters.exclude.values[1], "b");
	assert_null(s.filters.exclude.values[2]);
	cli_list_fini(&s.filters.exclude);
}

static void go_style_takes_one_dash_two_dashes_and_equals_signs(void **state)
{
	(void)state;
	struct settings s = {.verbose = true};
	assert_int_equal(parse(&go, &s, "-port", "1", "-name=x", (char *)NULL), CLI_GO_ON);
	assert_int_equal(s.port, 1);
	assert_string_equal(s.name, "x");
	assert_int_equal(parse(&go, &s, "-p=2", "-V=false", "-server_name", "y", (char *)NULL), CLI_GO_ON);
	assert_int_equal(s.port, 2);
	assert_false(s.verbose);
	assert_string_equal(s.name, "y");
	assert_int_equal(parse(&go, &s, "--port=3", "-V", (char *)NULL), CLI_GO_ON);
	assert_int_equal(s.port, 3);
	assert_true(s.verbose);
}

/* Join the lines of one complaint: further ones are indented. */
static void unwrap(char *text)
{
	for (char *at = text; (at = strstr(at, "\n  ")) != NULL;) {
		*at = ' ';
		memmove(at + 1, at + 3, strlen(at + 3) + 1);
	}
}

static void complaint_names_the_option_and_points_at_help(void **state)
{
	(void)state;
	static const struct {
		const char *argument, *complaint;
	} cases[] = {
	    {"--port=abc",
	     "tapedeck try: option --port: \"abc\" is not a number; see \"tapedeck try --help\"\n"},
	    {"--port=65536", "tapedeck try: option --port: \"65536\" is not between -1 and 65535; "
			     "see \"tapedeck try --help\"\n"},
	    {"--bytes=0",
	     "tapedeck try: option --bytes: \"0\" must be 1 byte or more; see \"tapedeck try --help\"\n"},
	    {"--limit=-1",
	     "tapedeck try: option --limit: \"-1\" is not a count; see \"tapedeck try --help\"\n"},
	    {"--sync=maybe", "tapedeck try: option --sync: \"maybe\" is none of always|interval|none; "
			     "see \"tapedeck try --help\"\n"},
	    {"--word=bad", "tapedeck try: option --word: \"bad\" is bad; see \"tapedeck try --help\"\n"},
	    {"--verbose=1",
	     "tapedeck try: option --verbose takes no argument; see \"tapedeck try --help\"\n"},
	    {"--name", "tapedeck try: option --name needs an argument: NAME; see \"tapedeck try --help\"\n"},
	    {"-p", "tapedeck try: option --port needs an argument: PORT; see \"tapedeck try --help\"\n"},
	    {"-q", "tapedeck try: unknown option -q; see \"tapedeck try --help\"\n"},
	    {"--exlude=x", "tapedeck try: unknown option --exlude (did you mean --exclude?); "
			   "see \"tapedeck try --help\"\n"},
	    {"--bytes=-1", "tapedeck try: option --bytes: \"-1\" is not a size; write for example 65536, "
			   "64KiB or 1GiB; see \"tapedeck try --help\"\n"},
	    {"--age=0s",
	     "tapedeck try: option --age: \"0s\" must be 1ms or more; see \"tapedeck try --help\"\n"},
	    {"--ve", "tapedeck try: option --ve is ambiguous: --verbose, --version; "
		     "see \"tapedeck try --help\"\n"},
	    {"--frobnicate", "tapedeck try: unknown option --frobnicate; see \"tapedeck try --help\"\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct settings s = {0};
		assert_int_equal(parse(&plain, &s, cases[i].argument, (char *)NULL), CLI_USAGE);
		unwrap(said);
		assert_string_equal(said, cases[i].complaint);
	}
}

/* The text that a function of ours printed into a temporary file. */
static char printed[1000];

static void read_printed(FILE *file)
{
	rewind(file);
	printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
	fclose(file);
}

static void groups_in_a_row_with_one_title_share_a_heading(void **state)
{
	(void)state;
	static const struct cli_option_group rows[] = {{"Main", filter_options, AT(filters)},
						       {NULL, main_options, 0},
						       {"Main", filter_options, AT(filters)},
						       {"Filters", filter_options, AT(filters)},
						       {0}};
	static const struct cli_command command = {.name = "try", .operands = "", .options = rows};
	static const char line[] = "  -x, --exclude SUBJECT   not these\n";
	char wanted[500];
	FILE *file = tmpfile();
	snprintf(wanted, sizeof wanted,
		 "Usage: tapedeck try [options]\n\nMain:\n%s%s\nFilters:\n%s\nCommon:\n"
		 "  -h, --help              print this help\n      --version           print the version\n",
		 line, line, line);
	cli_help_print(file, &command, 80);
	read_printed(file);
	assert_string_equal(printed, wanted);
}

static void help_wraps_paragraphs_and_items_at_words(void **state)
{
	(void)state;
	static const struct cli_command command = {.name = "try",
						   .operands = "",
						   .about = "One two three\nfour five.\n\nNext:\n"
							    "  a   first item of two\n"
							    "      lines\n"
							    "  bc  second\nEnd.\n\n  d   last"};
	FILE *file = tmpfile();
	cli_help_print(file, &command, 20);
	read_printed(file);
	printed[strcspn(printed, "C")] = '\0';
	assert_string_equal(printed, "Usage: tapedeck try [options]\n\n"
				     "One two three four\nfive.\n\n"
				     "Next:\n"
				     "  a   first item of\n      two lines\n"
				     "  bc  second\n\n"
				     "End.\n\n  d   last\n\n");
}

static void wrapping_breaks_neither_words_nor_short_quotations(void **state)
{
	(void)state;
	static const char text[] = "in \"two words\" or a/path/that/is/longer/than/the/line, and µµµµ µµµµ";
	FILE *file = tmpfile();
	cli_wrap(file, text, strlen(text), 0, 2, 12);
	read_printed(file);
	assert_string_equal(printed, "in\n  \"two words\"\n  or\n  a/path/that/is/longer/than/the/line,\n"
				     "  and µµµµ\n  µµµµ\n");
}

static void every_command_has_help_and_version(void **state)
{
	(void)state;
	struct settings s = {0};
	int stdout_fd = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	assert_int_equal(parse(&plain, &s, "--version", (char *)NULL), CLI_DONE);
	assert_int_equal(parse(&go, &s, "-version", (char *)NULL), CLI_DONE);
	assert_int_equal(parse(&plain, &s, "-h", (char *)NULL), CLI_DONE);
	assert_int_equal(parse(&go, &s, "-h", (char *)NULL), CLI_DONE);
	fflush(stdout);
	dup2(stdout_fd, STDOUT_FILENO);
	close(stdout_fd);
	read_printed(file);
	assert_memory_equal(printed, "tapedeck ", 9);
	assert_non_null(strstr(printed, "\nUsage: tapedeck try"));
}

static void sizes_know_decimal_and_binary_units(void **state)
{
	(void)state;
	uint64_t bytes = 0;
	assert_int_equal(cli_parse_bytes("1.5k", &bytes, NULL), 0);
	assert_int_equal(bytes, 1500);
	assert_int_equal(cli_parse_bytes("2MB", &bytes, NULL), 0);
	assert_int_equal(bytes, 2000000);
	assert_int_equal(cli_parse_bytes("3kB", &bytes, NULL), 0);
	assert_int_equal(bytes, 3000);
	assert_int_equal(cli_parse_bytes("2MiB", &bytes, NULL), 0);
	assert_int_equal(bytes, 2 * 1024 * 1024);
	const char *bad[] = {"", "k", "-1", "1x", "1 k", "0x10", "1e3", "9999999999T", "1kk"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_true(cli_parse_bytes(bad[i], &bytes, NULL) < 0);
	assert_int_equal(bytes, 2 * 1024 * 1024);
}

static void durations_add_up_and_plain_numbers_are_seconds(void **state)
{
	(void)state;
	int64_t ms = 0;
	assert_int_equal(cli_parse_duration_ms("250ms", &ms, NULL), 0);
	assert_int_equal(ms, 250);
	assert_int_equal(cli_parse_duration_ms("5", &ms, NULL), 0);
	assert_int_equal(ms, 5000);
	assert_int_equal(cli_parse_duration_ms("1d2h0.5s", &ms, NULL), 0);
	assert_int_equal(ms, 93600500);
	const char *bad[] = {"", "m", "-5m", "5m3", "5 m", "1h5", "99999999999999999d"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_true(cli_parse_duration_ms(bad[i], &ms, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_option_sets_its_member),
	    cmocka_unit_test(operands_and_options_may_be_mixed),
	    cmocka_unit_test(go_style_takes_one_dash_two_dashes_and_equals_signs),
	    cmocka_unit_test(complaint_names_the_option_and_points_at_help),
	    cmocka_unit_test(groups_in_a_row_with_one_title_share_a_heading),
	    cmocka_unit_test(help_wraps_paragraphs_and_items_at_words),
	    cmocka_unit_test(wrapping_breaks_neither_words_nor_short_quotations),
	    cmocka_unit_test(every_command_has_help_and_version),
	    cmocka_unit_test(sizes_know_decimal_and_binary_units),
	    cmocka_unit_test(durations_add_up_and_plain_numbers_are_seconds),
	};
	return cmocka_run_group_tests_name("cli_options", tests, NULL, NULL);
}
