/* cmd_stat.c - tapedeck stat: the totals of a log. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli/color.h"
#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/logs.h"
#include "cli/stat_text.h"

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
    {.name = "clients", .kind = CLI_FLAG, .help = "who published and received most, too", .at = AT(clients)},
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "one JSON object a log; keys: docs/reading.md",
     .at = AT(json)},
    {.name = "color",
     .kind = CLI_CHOICE,
     .argument = "auto|always|never",
     .help = "auto: on a terminal, unless NO_COLOR is set",
     .at = AT(color)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Output", output, 0},
    {"Which events", cli_filter_options, AT(filters)},
    {0},
};

static int print_log(const struct cli_command *command, const struct settings *settings, const char *path,
		     const struct store_filter *filter, struct cli_out *out)
{
	const struct cli_stat_options options = {
	    .top = settings->top,
	    .clients = settings->clients,
	    .utc = settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO)};
	struct store_summary summary;
	struct wire_fault fault;

	if (store_summary_read(&summary, path, filter, settings->clients, &fault) != 0)
		return cli_log_error(command, &fault);
	if (settings->json)
		cli_stat_json(out, path, &summary, &options);
	else
		cli_stat_text(out, path, &summary, &options);
	int status = summary.damaged_blocks > 0 ? CLI_FOUND : CLI_DONE;
	store_summary_fini(&summary);
	return status;
}

/* The worst of what was met. */
static int print_logs(const struct cli_command *command, const struct settings *settings,
		      const struct cli_operands *logs, const struct store_filter *filter)
{
	struct cli_out out;
	int worst = CLI_DONE;

	signal(SIGPIPE, SIG_IGN);
	if (cli_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	for (int i = 0; i < logs->len; i++) {
		if (i > 0 && !settings->json)
			cli_out_char(&out, '\n');
		int status = print_log(command, settings, logs->values[i], filter, &out);
		if (status > worst)
			worst = status;
	}
	int error = cli_out_flush(&out);
	if (error != 0 && error != -EPIPE) {
		cli_error(command, "cannot write: %s", wire_error_text(error));
		worst = CLI_IO;
	}
	cli_out_fini(&out);
	return worst;
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
	if (status == CLI_GO_ON)
		status = print_logs(command, &settings, &logs, filter);
	store_filter_close(filter);
	cli_filters_fini(&settings.filters);
	return status;
}

const struct cli_command cli_stat = {
    .name = "stat",
    .summary = "totals, rates, top subjects, top clients, gaps, compression",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about = "Sums up one or several logs, each by itself. Payloads are not read (but by --grep and "
	     "--header), so\n"
	     "a log of gigabytes takes a moment. Filters are those of \"tapedeck cat\".",
    .examples = "  tapedeck stat log\n"
		"  tapedeck stat log --since 1h --clients --top 20     who was busy in the last hour\n"
		"  tapedeck stat log 'orders.>' --json | jq .rate",
    .options = groups,
    .run = run,
};
