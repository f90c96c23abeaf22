#include "cli/manual/topics.h"

#include <string.h>
#include <unistd.h>

#include "cli/manual/help.h"
#include "cli/options/filters.h"
#include "cli/output/pager.h"
#include "cli/output/wrap.h"
#include "export/decode/decode.h"
#include "export/event/fields.h"
#include "store/where/describe.h"

enum { HELP_COLUMN = 20 };

static const struct cli_option_group filter_groups[] = {
    {"Filters", cli_filter_options, 0}, {"Filters", cli_seq_options, 0}, {0}};

/* Not a command: the filters that many commands have. */
static const struct cli_command filters = {.name = "filters", .operands = "", .options = filter_groups};

static void print_filters(FILE *file, size_t columns)
{
	cli_help_text(file,
		      "The commands that read logs and captures choose events by the same options. "
		      "Conditions of different kinds must all hold; of several of one kind, any. A gap "
		      "passes nearly all of them, for what is missing might have matched.",
		      columns);
	cli_help_options(file, &filters, columns);
	fputs("\nExamples:\n"
	      "  tapedeck cat log 'orders.>' --since 14:00 --grep 4711\n"
	      "  tapedeck cat log --client billing --kind error,disconnect\n"
	      "  tapedeck stat log --header Priority=high --invert-match\n"
	      "\n\"tapedeck help where\" explains EXPR. More: docs/filters.md\n",
	      file);
}

/* A list of names, each with a text. */
static void print_names(FILE *file, const char *(*describe)(size_t number, const char **help), size_t columns)
{
	const char *name, *help;
	for (size_t i = 0; (name = describe(i, &help)) != NULL; i++) {
		fprintf(file, "  %-*s", HELP_COLUMN - 2, name);
		if (strlen(name) >= HELP_COLUMN - 2)
			fprintf(file, "\n%*s", HELP_COLUMN, "");
		cli_wrap(file, help, strlen(help), HELP_COLUMN, HELP_COLUMN, columns);
	}
}

static void print_where(FILE *file, size_t columns)
{
	cli_help_text(file,
		      "--where EXPR passes events for which the expression holds. A comparison with a value "
		      "that is missing, or of another type, is false, also with != and !~. A value alone "
		      "holds when it is there and neither false nor null.",
		      columns);
	fputs("\nValues:\n", file);
	print_names(file, store_where_describe, columns);
	fputs("\nOperators:\n"
	      "  == != < <= > >=   with a number, or a text in quotes; true, false, null\n"
	      "  ~ !~              a regular expression in quotes\n"
	      "  && || ! ( )       ! binds most tightly, then &&\n"
	      "\nExamples:\n"
	      "  tapedeck cat log --where '$.total > 100 && header.Priority == \"high\"'\n"
	      "  tapedeck cat log --where 'size > 64KiB || clock >= \"22:00\"'\n"
	      "  tapedeck stat log --where 'subject.2 == \"eu\" && !$.customer.id'\n"
	      "\nMore: docs/filters.md\n",
	      file);
}

static void print_fields(FILE *file, size_t columns)
{
	cli_help_text(file, "Fields of an event, for --format TEMPLATE, as {FIELD}, and --csv FIELD,....",
		      columns);
	fputs("\nFields:\n", file);
	print_names(file, export_field_describe, columns);
	fputs("\nExamples:\n"
	      "  tapedeck cat log --format '{time.clock} {subject} {payload.id}'\n"
	      "  tapedeck cat log 'orders.>' --csv 'time,subject,$.total' > orders.csv\n"
	      "\nMore: docs/reading.md\n",
	      file);
}

static void print_decode(FILE *file, size_t columns)
{
	cli_help_text(file,
		      "Payloads in a form for people: --decode [SUBJECT=]HOW, in cat, tail, sniff, trace, "
		      "diff and top. Of "
		      "several rules the first whose subject matches decides. HOW may be several joined by "
		      "+, the outermost "
		      "first: gzip+msgpack. A payload that cannot be decoded is shown as it is; --verbose "
		      "says why. Filters, "
		      "--where and --grep see payloads as they are.",
		      columns);
	fputs("\nDecoders:\n", file);
	print_names(file, export_decoder_describe, columns);
	fputs("\nExamples:\n"
	      "  tapedeck cat log --decode 'orders.>=protobuf:orders.desc:shop.Order' -v\n"
	      "  tapedeck tail log --decode metrics.*=gzip+msgpack --decode auto\n"
	      "  tapedeck cat log --decode 'x.>=cmd:jq -c .items' --csv subject,decoded\n"
	      "\nMore: docs/reading.md\n",
	      file);
}

static const struct cli_topic topics[] = {
    {"filters", "the options that choose events", print_filters},
    {"where", "conditions: the values and operators of --where", print_where},
    {"fields", "the fields of --format and --csv", print_fields},
    {"decode", "payloads in a form for people: the decoders of --decode", print_decode},
    {0},
};

const struct cli_topic *cli_topics(void)
{
	return topics;
}

const struct cli_topic *cli_topic_find(const char *name)
{
	for (const struct cli_topic *topic = topics; topic->name; topic++)
		if (strcmp(topic->name, name) == 0)
			return topic;
	return NULL;
}

void cli_topic_show(const struct cli_topic *topic)
{
	struct cli_pager pager;
	size_t columns = cli_wrap_columns(STDOUT_FILENO);
	cli_pager_init(&pager, false);
	cli_pager_take_stdout(&pager);
	topic->print(stdout, columns);
	cli_pager_end(&pager);
}
