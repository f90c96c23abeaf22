#include "cli/options/filters.h"
#include "cli/output/errors.h"

#include <string.h>

#include "cli/options/time_option.h"
#include "cli/output/times.h"

#define AT(member) offsetof(struct cli_filters, member)

const struct cli_option cli_filter_options[] = {
    {.name = "exclude",
     .letter = 'x',
     .kind = CLI_LIST,
     .argument = "SUBJECT",
     .help = "leave these subjects out; * and > as in SUBJECT; may be repeated",
     .at = AT(excludes)},
    {.name = "since",
     .kind = CLI_TEXT,
     .argument = "TIME",
     .help = "not before: 5m (ago), 03:12 (the last time it was), 2026-11-23T03:12:00Z, or seconds, ms, us "
	     "or ns since the epoch",
     .at = AT(since)},
    {.name = "until",
     .kind = CLI_TEXT,
     .argument = "TIME",
     .help = "only events before this time",
     .at = AT(until)},
    {.name = "client",
     .kind = CLI_LIST,
     .argument = "NAME|ID|IP",
     .help = "published by, or about, this client; may be repeated",
     .at = AT(clients)},
    {.name = "kind",
     .kind = CLI_LIST,
     .argument = "KIND,...",
     .help = "message, delivery, connect, disconnect, subscribe, unsubscribe, error, mark, gap",
     .words = "message|delivery|connect|disconnect|subscribe|unsubscribe|error|mark|gap",
     .at = AT(kinds)},
    {.name = "header",
     .kind = CLI_LIST,
     .argument = "KEY[=VALUE]",
     .help = "messages with this header; may be repeated",
     .at = AT(headers)},
    {.name = "grep",
     .kind = CLI_LIST,
     .argument = "REGEX",
     .help = "messages whose payload matches; Perl's syntax, (?i) ignores case; may be repeated",
     .at = AT(greps)},
    {.name = "min-size",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "messages with a payload of at least so many bytes",
     .at = AT(min_size)},
    {.name = "subject",
     .kind = CLI_LIST,
     .argument = "SUBJECT",
     .help = "like the operand SUBJECT, for one that is also the name of a log; may be repeated",
     .at = AT(subjects)},
    {.name = "utc",
     .kind = CLI_FLAG,
     .help = "times without a zone, and those printed, are UTC instead of local",
     .at = AT(utc)},
    {.name = NULL},
};

const struct cli_option cli_limit_options[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "end after N events",
     .min = 1},
    {.name = NULL},
};

bool cli_filters_match(const struct cli_filters *filters, const struct wire_event *event)
{
	return event->kind != WIRE_EVENT_GAP || filters->kinds.len > 0;
}

int cli_filters_default_kind(const struct cli_command *command, struct cli_filters *filters, const char *kind)
{
	if (!kind || filters->kinds.len > 0 || cli_list_add(&filters->kinds, kind) == 0)
		return CLI_GO_ON;
	cli_error(command, "out of memory");
	return CLI_IO;
}

void cli_filters_fini(struct cli_filters *filters)
{
	cli_list_fini(&filters->subjects);
	cli_list_fini(&filters->excludes);
	cli_list_fini(&filters->clients);
	cli_list_fini(&filters->kinds);
	cli_list_fini(&filters->headers);
	cli_list_fini(&filters->greps);
}

typedef int add_condition(struct store_filter *filter, const char *argument, struct wire_fault *fault);

static int add_all(struct store_filter *filter, add_condition *add, const struct cli_list *list,
		   struct wire_fault *fault)
{
	int status = 0;

	for (size_t i = 0; i < list->len && status == 0; i++)
		status = add(filter, list->values[i], fault);
	return status;
}

static int add_operands(struct store_filter *filter, const struct cli_operands *subjects,
			struct wire_fault *fault)
{
	int status = 0;

	for (int i = 0; i < subjects->len && status == 0; i++)
		status = store_filter_subject(filter, subjects->values[i], fault);
	return status;
}

/* INT64_MIN and INT64_MAX without the options. Doubts about local times are reported unless command is NULL; more time is
 * chosen rather than less. */
static int read_times(const struct cli_command *command, const struct cli_filters *filters, int64_t *since_ns,
		      int64_t *until_ns, struct wire_fault *fault)
{
	const struct cli_time_option since = {.name = "since", .utc = filters->utc, .now_ns = cli_now_ns()};
	const struct cli_time_option until = {
	    .name = "until", .utc = filters->utc, .takes_later = true, .now_ns = since.now_ns};
	int status = 0;

	*since_ns = INT64_MIN;
	*until_ns = INT64_MAX;
	if (filters->since)
		status = cli_time_option_read(command, &since, filters->since, since_ns, fault);
	if (status == 0 && filters->until)
		status = cli_time_option_read(command, &until, filters->until, until_ns, fault);
	if (status == 0 && *since_ns >= *until_ns)
		status = wire_fault_set(fault, STORE_EFILTER,
					"--since is not before --until: nothing lies between them");
	return status;
}

static int add_times(const struct cli_command *command, struct store_filter *filter,
		     const struct cli_filters *filters, struct wire_fault *fault)
{
	int64_t since_ns, until_ns;
	int status = read_times(filters->is_reported ? NULL : command, filters, &since_ns, &until_ns, fault);

	if (status != 0)
		return status;
	if (filters->since)
		store_filter_since(filter, since_ns);
	if (filters->until)
		store_filter_until(filter, until_ns);
	return 0;
}

static int add_conditions(const struct cli_command *command, struct store_filter *filter,
			  const struct cli_filters *filters, const struct cli_operands *subjects,
			  struct wire_fault *fault)
{
	const struct {
		add_condition *add;
		const struct cli_list *list;
	} lists[] = {
	    {store_filter_subject, &filters->subjects}, {store_filter_exclude, &filters->excludes},
	    {store_filter_client, &filters->clients},   {store_filter_kinds, &filters->kinds},
	    {store_filter_header, &filters->headers},   {store_filter_grep, &filters->greps},
	};
	int status = add_operands(filter, subjects, fault);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && status == 0; i++)
		status = add_all(filter, lists[i].add, lists[i].list, fault);
	if (status == 0)
		status = add_times(command, filter, filters, fault);
	if (status == 0 && filters->min_size > 0)
		store_filter_min_size(filter, filters->min_size);
	return status;
}

int cli_filters_build(const struct cli_command *command, const struct cli_filters *filters,
		      const struct cli_operands *subjects, struct store_filter **filter)
{
	struct wire_fault fault;

	*filter = store_filter_open();
	if (!*filter) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	if (add_conditions(command, *filter, filters, subjects, &fault) == 0)
		return CLI_GO_ON;
	store_filter_close(*filter);
	*filter = NULL;
	return cli_usage_error(command, "%s", fault.text);
}

int cli_filters_build_since(const struct cli_command *command, const struct cli_filters *filters,
			    struct store_filter **filter, int64_t *until_ns)
{
	struct wire_fault fault;
	int64_t since_ns;

	*filter = store_filter_open();
	if (!*filter) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	if (read_times(NULL, filters, &since_ns, until_ns, &fault) != 0)
		return cli_usage_error(command, "%s", fault.text);
	if (filters->since)
		store_filter_since(*filter, since_ns);
	return CLI_GO_ON;
}
