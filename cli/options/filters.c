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
    {.name = "receiver",
     .kind = CLI_LIST,
     .argument = "NAME|ID|IP",
     .help = "messages that were delivered to this client; may be repeated",
     .at = AT(receivers)},
    {.name = "unheard",
     .kind = CLI_FLAG,
     .help = "messages that had no receiver, where that is known",
     .at = AT(unheard)},
    {.name = "kind",
     .kind = CLI_LIST,
     .argument = "KIND,...",
     .help = "message, delivery, connect, disconnect, subscribe, unsubscribe, error, mark, gap",
     .words = "message|delivery|connect|disconnect|subscribe|unsubscribe|error|mark|gap",
     .at = AT(kinds)},
    {.name = "header",
     .kind = CLI_LIST,
     .argument = "KEY[=VALUE|~REGEX]",
     .help = "messages with this header, its key in any case; may be repeated",
     .at = AT(headers)},
    {.name = "grep",
     .kind = CLI_LIST,
     .argument = "REGEX",
     .help = "messages whose payload matches, errors, marks and disconnects whose text does; Perl's syntax, "
	     "(?i) ignores case; may be repeated",
     .at = AT(greps)},
    {.name = "grep-in",
     .kind = CLI_TEXT,
     .argument = "PLACE,...",
     .help = "where --grep looks: payload (default), headers, subject",
     .at = AT(grep_in)},
    {.name = "where",
     .kind = CLI_LIST,
     .argument = "EXPR",
     .help = "events for which an expression holds: '$.total > 100 && header.Priority == \"high\"'. Values: "
	     "$.path, header.NAME, subject, subject.N, reply, payload, size, time, clock, seq, kind, client, "
	     "conn, receivers, dropped, queue, text. Operators: == != < <= > >= ~ !~ (regular expression), "
	     "&& || ! ( ). See \"tapedeck help where\"",
     .at = AT(wheres)},
    {.name = "min-size",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "messages with a payload of at least so many bytes",
     .at = AT(min_size)},
    {.name = "invert-match",
     .kind = CLI_FLAG,
     .help = "events for which --client, --receiver, --unheard, --header, --grep, --where and --min-size do "
	     "not all hold, among those with the subjects, times and kinds that were asked for",
     .at = AT(invert)},
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

const struct cli_option cli_seq_options[] = {
    {.name = "seq",
     .kind = CLI_LIST,
     .argument = "A..B",
     .help = "events with these sequence numbers: N, A..B, A.. or ..B; may be repeated",
     .at = AT(seqs)},
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
	cli_list_fini(&filters->receivers);
	cli_list_fini(&filters->kinds);
	cli_list_fini(&filters->seqs);
	cli_list_fini(&filters->headers);
	cli_list_fini(&filters->greps);
	cli_list_fini(&filters->wheres);
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

static int read_where_time(void *context, const char *text, int64_t *ns, struct wire_fault *fault)
{
	const struct cli_filters *filters = context;

	return cli_time_parse(text, cli_now_ns(), filters->utc, ns, fault);
}

static int add_wheres(struct store_filter *filter, const struct cli_filters *filters,
		      struct wire_fault *fault)
{
	struct cli_filters context = *filters;
	const struct store_where_times times = {
	    .parse = read_where_time, .context = &context, .utc = filters->utc};
	struct wire_fault reason;
	int status = 0;

	for (size_t i = 0; i < filters->wheres.len && status == 0; i++)
		status = store_filter_where(filter, filters->wheres.values[i], &times, &reason);
	return status ? wire_fault_set(fault, status, "--where: %s", reason.text) : 0;
}

/* The conditions that are no lists, and those that depend on others. */
static int add_rest(const struct cli_command *command, struct store_filter *filter,
		    const struct cli_filters *filters, struct wire_fault *fault)
{
	int status = add_times(command, filter, filters, fault);

	if (status == 0)
		status = add_wheres(filter, filters, fault);
	if (status == 0 && filters->grep_in && filters->greps.len == 0)
		status = wire_fault_set(fault, STORE_EFILTER, "--grep-in needs --grep");
	if (status == 0 && filters->grep_in)
		status = store_filter_grep_in(filter, filters->grep_in, fault);
	if (filters->min_size > 0)
		store_filter_min_size(filter, filters->min_size);
	if (filters->unheard)
		store_filter_unheard(filter);
	if (status == 0 && filters->invert && !store_filter_invert(filter))
		status = wire_fault_set(
		    fault, STORE_EFILTER,
		    "--invert-match needs --client, --receiver, --unheard, --header, --grep, --where or "
		    "--min-size; --exclude leaves out subjects");
	return status;
}

static int add_conditions(const struct cli_command *command, struct store_filter *filter,
			  const struct cli_filters *filters, const struct cli_operands *subjects,
			  struct wire_fault *fault)
{
	const struct {
		add_condition *add;
		const struct cli_list *list;
	} lists[] = {
	    {store_filter_subject, &filters->subjects},   {store_filter_exclude, &filters->excludes},
	    {store_filter_client, &filters->clients},     {store_filter_kinds, &filters->kinds},
	    {store_filter_receiver, &filters->receivers}, {store_filter_seq, &filters->seqs},
	    {store_filter_header, &filters->headers},     {store_filter_grep, &filters->greps},
	};
	int status = add_operands(filter, subjects, fault);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && status == 0; i++)
		status = add_all(filter, lists[i].add, lists[i].list, fault);
	return status ? status : add_rest(command, filter, filters, fault);
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

int cli_filters_build_around(const struct cli_command *command, const struct cli_filters *filters,
			     struct store_filter **filter)
{
	const struct cli_filters around = {.excludes = filters->excludes,
					   .seqs = filters->seqs,
					   .since = filters->since,
					   .until = filters->until,
					   .utc = filters->utc};
	const struct cli_operands none = {0};

	return cli_filters_build(command, &around, &none, filter);
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
