/* cmd_stat.c - tapedeck stat: the totals of a log. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/filters.h"
#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/stat_json.h"
#include "cli/output/stat_text.h"
#include "store/read/event_summary.h"

struct settings {
	struct cli_filters filters;
	uint64_t top;
	bool clients, json;
	int color; /* enum cli_color_choice */
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option output[] = {
    {.name = "top",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "rows in each table; default 10",
     .at = AT(top)},
    {.name = "clients",
     .kind = CLI_FLAG,
     .help = "also list who published and received most",
     .at = AT(clients)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Output", output, 0},
    {"Output", cli_log_json_options, AT(json)},
    {"Output", cli_color_options, AT(color)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	const struct store_filter *filter;
	struct cli_out out;
	bool is_next; /* not the first log */
};

static void print_summary(struct session *session, const char *path, const struct store_summary *summary)
{
	const struct settings *settings = session->settings;
	const struct cli_stat_options options = {
	    .top = settings->top,
	    .clients = settings->clients,
	    .utc = settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO)};

	if (settings->json)
		cli_stat_json(&session->out, path, summary, &options);
	else
		cli_stat_text(&session->out, path, summary, &options);
}

static int print_log(struct session *session, const char *path)
{
	struct store_summary summary;
	struct wire_fault fault;

	if (store_summary_read(&summary, path, session->filter, session->settings->clients, &fault) != 0)
		return cli_log_error(session->command, &fault);
	print_summary(session, path, &summary);
	int status = summary.damaged_blocks + summary.deleted_places > 0 ? CLI_FOUND : CLI_DONE;
	store_summary_fini(&summary);
	return status;
}

static int count_events(struct store_event_summary *totals, struct wire_source *source,
			struct wire_fault *fault)
{
	struct wire_event event;
	int status;

	while ((status = source->next(source, &event, fault)) > 0)
		if (store_event_summary_add(totals, &event, source->client(source, event.conn)) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
	return status;
}

/* Print the totals up to the place where a capture is cut off, then the error. */
static int print_capture(struct session *session, const char *path)
{
	const struct cli_capture_options options = {.filter = session->filter};
	struct store_event_summary *totals = store_event_summary_open(session->settings->clients);
	struct wire_source *source;
	struct wire_fault fault = {.code = -ENOMEM, .text = "out of memory"};
	struct stat file;

	if (!totals || cli_inputs_open_capture(&source, path, &options, &fault) != 0) {
		store_event_summary_close(totals);
		return cli_log_error(session->command, &fault);
	}
	int error = count_events(totals, source, &fault);
	struct store_summary summary = *store_event_summary_end(totals);
	summary.log_bytes = stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
	print_summary(session, path, &summary);
	source->close(source);
	store_event_summary_close(totals);
	return error == 0 ? CLI_DONE : cli_log_error(session->command, &fault);
}

static int report(void *context, const char *path)
{
	struct session *session = context;

	if (session->is_next && !session->settings->json)
		cli_out_char(&session->out, '\n');
	session->is_next = true;
	return cli_log_is_capture(path) ? print_capture(session, path) : print_log(session, path);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.top = 10};
	struct store_filter *filter = NULL;
	struct cli_operands operands, logs, subjects;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &logs, &subjects);
	if (status == CLI_GO_ON)
		status = cli_filters_build(command, &settings.filters, &subjects, &filter);
	if (status == CLI_GO_ON) {
		struct session session = {.command = command, .settings = &settings, .filter = filter};

		status = cli_logs_report(command, &logs, &session.out, report, &session);
	}
	store_filter_close(filter);
	cli_filters_fini(&settings.filters);
	return status;
}

const struct cli_command cli_stat = {
    .name = "stat",
    .summary = "totals, rates, top subjects, top clients, gaps, compression",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about =
	"Sums up one or several logs, each by itself. Payloads are not read (but by --grep and "
	"--header), so\n"
	"a log of gigabytes takes a moment. LOG may be a packet capture, too, which is read whole. Filters "
	"are\n"
	"those of \"tapedeck cat\".",
    .examples = "  tapedeck stat log\n"
		"  tapedeck stat log --since 1h --clients --top 20     who was busy in the last hour\n"
		"  tapedeck stat log 'orders.>' --json | jq .rate",
    .options = groups,
    .run = run,
};
