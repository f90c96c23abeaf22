/* options.c - the option tables, handed to getopt. */
#include "cli/options/options.h"
#include "cli/manual/help.h"
#include "cli/options/values.h"
#include "cli/options/walk.h"
#include "cli/output/errors.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output/wrap.h"
#include "wire/suggest.h"

/* getopt returns FIRST_ENTRY + i for table entry i: beyond the codes of letters. */
enum { FIRST_ENTRY = 256 };

/* One option of the tables, flattened, with the place of its member in the command's settings. */
struct entry {
	const struct cli_option *option;
	size_t at;
};

struct parser {
	const struct cli_command *command;
	struct entry *entries;
	int len;
	struct option *names; /* getopt's tables, built from the entries */
	char *letters;
};

void cli_list_fini(struct cli_list *list)
{
	free(list->values);
	*list = (struct cli_list){0};
}

int cli_list_add(struct cli_list *list, const char *value)
{
	const char **grown = realloc(list->values, (list->len + 2) * sizeof *grown);
	if (!grown)
		return -ENOMEM;
	list->values = grown;
	list->values[list->len++] = value;
	list->values[list->len] = NULL;
	return 0;
}

static int count_options(const struct cli_command *command)
{
	struct cli_walk walk = {.command = command};
	int count = 0;
	while (cli_walk_next(&walk))
		count++;
	return count;
}

static bool wants_argument(const struct cli_option *option)
{
	return option->kind != CLI_FLAG && option->argument;
}

/* Go's flag package understands `-D=false`. */
static int argument_mode(const struct parser *parser, const struct cli_option *option)
{
	if (wants_argument(option))
		return required_argument;
	return parser->command->go_flags && option->kind == CLI_FLAG ? optional_argument : no_argument;
}

/* Add one option: its long name, its letter, and in Go's style the letter as a long name, for `-p=4222`. */
static void add_entry(struct parser *parser, const struct cli_option *option, size_t at, int *names,
		      size_t *letters)
{
	int value = FIRST_ENTRY + parser->len;
	int mode = argument_mode(parser, option);
	parser->entries[parser->len++] = (struct entry){option, at};
	parser->names[(*names)++] = (struct option){option->name, mode, NULL, value};
	if (!option->letter)
		return;
	parser->letters[(*letters)++] = option->letter;
	if (mode == required_argument)
		parser->letters[(*letters)++] = ':';
}

/* One-letter long names live as long as the program: getopt keeps pointers to them. */
static const char *letter_name(char letter)
{
	static const char names[] =
	    "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q\0r\0s\0t\0u\0v\0w\0x\0y\0z\0"
	    "A\0B\0C\0D\0E\0F\0G\0H\0I\0J\0K\0L\0M\0N\0O\0P\0Q\0R\0S\0T\0U\0V\0W\0X\0Y\0Z";
	for (size_t i = 0; i < sizeof names; i += 2)
		if (names[i] == letter)
			return &names[i];
	return NULL;
}

static void add_letter_names(struct parser *parser, int *names)
{
	for (int i = 0; i < parser->len; i++) {
		const struct cli_option *option = parser->entries[i].option;
		const char *name = option->letter ? letter_name(option->letter) : NULL;
		if (name)
			parser->names[(*names)++] =
			    (struct option){name, argument_mode(parser, option), NULL, FIRST_ENTRY + i};
	}
}

static void fill_tables(struct parser *parser)
{
	struct cli_walk walk = {.command = parser->command};
	const struct cli_option *option;
	int names = 0;
	size_t letters = 0;
	parser->letters[letters++] = ':';
	while ((option = cli_walk_next(&walk)) != NULL)
		add_entry(parser, option, walk.group->at + option->at, &names, &letters);
	if (parser->command->go_flags)
		add_letter_names(parser, &names);
}

static void parser_fini(struct parser *parser)
{
	free(parser->entries);
	free(parser->names);
	free(parser->letters);
}

static int parser_init(struct parser *parser, const struct cli_command *command)
{
	size_t count = (size_t)count_options(command);
	*parser = (struct parser){
	    .command = command,
	    .entries = calloc(count + 1, sizeof *parser->entries),
	    .names = calloc(2 * count + 1, sizeof *parser->names),
	    .letters = calloc(1, 2 * count + 2),
	};
	if (!parser->entries || !parser->names || !parser->letters) {
		parser_fini(parser);
		return -ENOMEM;
	}
	fill_tables(parser);
	return 0;
}

/* The entry that getopt means by a letter or by FIRST_ENTRY + i; NULL for a letter of no option. */
static const struct entry *find_entry(const struct parser *parser, int value)
{
	if (value >= FIRST_ENTRY)
		return &parser->entries[value - FIRST_ENTRY];
	for (int i = 0; i < parser->len; i++)
		if (value && parser->entries[i].option->letter == value)
			return &parser->entries[i];
	return NULL;
}

static int set_int(int *member, const struct cli_option *option, const char *text, struct wire_fault *fault)
{
	char *end;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (end == text || *end || errno)
		return wire_fault_set(fault, -EINVAL, "is not a number");
	if (number < option->min || number > option->max)
		return wire_fault_set(fault, -EINVAL, "is not between %d and %d", option->min, option->max);
	*member = (int)number;
	return 0;
}

static int set_count(uint64_t *member, const struct cli_option *option, const char *text,
		     struct wire_fault *fault)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (strspn(text, "0123456789") == 0 || *end || errno)
		return wire_fault_set(fault, -EINVAL, "is not a count");
	if (number < (unsigned long long)option->min)
		return wire_fault_set(fault, -EINVAL, "must be %d or more", option->min);
	*member = number;
	return 0;
}

static int set_bytes(uint64_t *member, const char *text, struct wire_fault *fault)
{
	int error = cli_parse_bytes(text, member, fault);
	return error == 0 && *member == 0 ? wire_fault_set(fault, -EINVAL, "must be 1 byte or more") : error;
}

static int set_duration(int64_t *member, const char *text, struct wire_fault *fault)
{
	int error = cli_parse_duration_ms(text, member, fault);
	return error == 0 && *member == 0 ? wire_fault_set(fault, -EINVAL, "must be 1ms or more") : error;
}

static int set_choice(int *member, const char *words, const char *text, struct wire_fault *fault)
{
	size_t len = strlen(text);
	int index = 0;
	for (const char *word = words; *word; index++) {
		size_t word_len = strcspn(word, "|");
		if (word_len == len && memcmp(word, text, len) == 0) {
			*member = index;
			return 0;
		}
		word += word_len + (word[word_len] == '|');
	}
	return wire_fault_set(fault, -EINVAL, "is none of %s", words);
}

static int set_flag(bool *member, const char *text, struct wire_fault *fault)
{
	static const char *const truths[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const lies[] = {"0", "f", "F", "false", "FALSE", "False"};
	*member = true;
	if (!text)
		return 0;
	for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
		if (strcmp(text, truths[i]) == 0)
			return 0;
	*member = false;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
		if (strcmp(text, lies[i]) == 0)
			return 0;
	return wire_fault_set(fault, -EINVAL, "is neither true nor false");
}

static int set_copy(char **member, const char *text, struct wire_fault *fault)
{
	char *copy = strdup(text);
	if (!copy)
		return wire_fault_set(fault, -ENOMEM, "does not fit into memory");
	free(*member);
	*member = copy;
	return 0;
}

static int set_option(const struct cli_option *option, void *member, const char *text,
		      struct wire_fault *fault)
{
	switch (option->kind) {
	case CLI_FLAG: return set_flag(member, text, fault);
	case CLI_TEXT: *(const char **)member = text; return 0;
	case CLI_COPY: return set_copy(member, text, fault);
	case CLI_LIST: return cli_list_add(member, text);
	case CLI_INT: return set_int(member, option, text, fault);
	case CLI_COUNT: return set_count(member, option, text, fault);
	case CLI_BYTES: return set_bytes(member, text, fault);
	case CLI_DURATION: return set_duration(member, text, fault);
	case CLI_CHOICE: return set_choice(member, option->argument, text, fault);
	case CLI_CALL: return option->call(member, text, fault);
	case CLI_TWO:
	case CLI_HELP:
	case CLI_VERSION: break;
	}
	return -EINVAL;
}

/* The options that begin with the typed letters, as text: "--since, --subject". Returns how many there are. */
static int list_matches(const struct parser *parser, const char *typed, char *text, size_t size)
{
	size_t len = 0;
	int count = 0;
	for (int i = 0; i < parser->len; i++) {
		const char *name = parser->entries[i].option->name;
		if (strncmp(name, typed, strlen(typed)) != 0)
			continue;
		if (len < size)
			len +=
			    (size_t)snprintf(text + len, size - len, "%s--%s", count > 0 ? ", " : "", name);
		count++;
	}
	return count;
}

/* `name` is what was typed, without dashes and argument. */
static int complain_unknown(const struct parser *parser, const char *name)
{
	const char **words = calloc((size_t)parser->len + 1, sizeof *words);
	for (int i = 0; words && i < parser->len; i++)
		words[i] = parser->entries[i].option->name;
	const char *nearest = words ? wire_suggest(name, words) : NULL;
	int status = nearest ? cli_usage_error(parser->command, "unknown option --%s (did you mean --%s?)",
					       name, nearest)
			     : cli_usage_error(parser->command, "unknown option --%s", name);
	free(words);
	return status;
}

static int complain_name(const struct parser *parser, const char *typed)
{
	char name[64] = "", matches[600];
	typed += strspn(typed, "-");
	strncat(name, typed, strcspn(typed, "=") < sizeof name ? strcspn(typed, "=") : sizeof name - 1);
	if (list_matches(parser, name, matches, sizeof matches) < 2)
		return complain_unknown(parser, name);
	return cli_usage_error(parser->command, "option --%s is ambiguous: %s", name, matches);
}

/* Report the error that getopt found: `value` is the value that it returned, `typed` the argument. */
static int complain(const struct parser *parser, int value, const char *typed)
{
	const struct entry *entry = find_entry(parser, optopt);
	if (entry && value == ':')
		return cli_usage_error(parser->command, "option --%s needs an argument: %s",
				       entry->option->name, entry->option->argument);
	if (entry)
		return cli_usage_error(parser->command, "option --%s takes no argument", entry->option->name);
	if (optopt)
		return cli_usage_error(parser->command, "unknown option -%c", optopt);
	return complain_name(parser, typed);
}

static int print_version(void)
{
	printf("tapedeck %s\n", TAPEDECK_VERSION);
	return CLI_DONE;
}

static int print_help(const struct cli_command *command)
{
	cli_help_show(command);
	return CLI_DONE;
}

/* getopt has read one argument; take the next, which getopt then keeps with the options. */
static int apply_two(const struct parser *parser, const struct entry *entry, int argc, char **argv,
		     char *settings)
{
	const char **member = (const char **)(void *)(settings + entry->at);
	if (optind >= argc)
		return cli_usage_error(parser->command, "option --%s needs two arguments: %s",
				       entry->option->name, entry->option->argument);
	member[0] = optarg;
	member[1] = argv[optind++];
	return CLI_GO_ON;
}

static int apply(const struct parser *parser, const struct entry *entry, char *settings)
{
	struct wire_fault fault = {0};
	if (entry->option->kind == CLI_HELP)
		return print_help(parser->command);
	if (entry->option->kind == CLI_VERSION)
		return print_version();
	if (set_option(entry->option, settings + entry->at, optarg, &fault) == 0)
		return CLI_GO_ON;
	if (!fault.text[0])
		wire_fault_set(&fault, -ENOMEM, "does not fit into memory");
	if (!optarg)
		return cli_usage_error(parser->command, "option --%s: %s", entry->option->name, fault.text);
	return cli_usage_error(parser->command, "option --%s: \"%s\" %s", entry->option->name, optarg,
			       fault.text);
}

static int parse(const struct parser *parser, int argc, char **argv, void *settings)
{
	int (*next)(int, char *const[], const char *, const struct option *, int *) =
	    parser->command->go_flags ? getopt_long_only : getopt_long;
	int status = CLI_GO_ON;
	optind = 0; /* glibc: begin again */
	opterr = 0;
	while (status == CLI_GO_ON) {
		int value = next(argc, argv, parser->letters, parser->names, NULL);
		if (value == -1)
			break;
		const struct entry *entry = value == '?' || value == ':' ? NULL : find_entry(parser, value);
		if (!entry)
			status = complain(parser, value, argv[optind - 1]);
		else if (entry->option->kind == CLI_TWO)
			status = apply_two(parser, entry, argc, argv, settings);
		else
			status = apply(parser, entry, settings);
	}
	return status;
}

int cli_options_parse(const struct cli_command *command, int argc, char **argv, void *settings,
		      struct cli_operands *operands)
{
	struct parser parser;
	if (parser_init(&parser, command) < 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	int status = parse(&parser, argc, argv, settings);
	parser_fini(&parser);
	*operands = (struct cli_operands){.values = argv + optind, .len = argc - optind};
	return status;
}
