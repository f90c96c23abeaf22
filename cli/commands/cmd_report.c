/* cmd_report.c - tapedeck report: merge the reports of a replay that was divided over several players. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/commands/report_merge.h"
#include "cli/options/options.h"
#include "cli/output/errors.h"
#include "export/text/sizes.h"

struct settings {
	bool json;
};

static const struct cli_option options[] = {
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "print the merged report as one JSON object; keys: docs/replaying.md",
     .at = offsetof(struct settings, json)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {{"Options", options, 0}, {0}};

/* The report is the last object of the file: mismatches may come before it. */
static json_t *read_last(FILE *file)
{
	json_t *last = NULL;
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, file) > 0) {
		json_t *object = json_loads(line, 0, NULL);
		if (!json_is_object(object)) {
			json_decref(object);
			continue;
		}
		json_decref(last);
		last = object;
	}
	free(line);
	return last;
}

/* CLI_GO_ON or an exit status. */
static int read_report(const struct cli_command *command, const char *path, struct cli_shard_report *report)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		cli_error(command, "cannot open \"%s\": %s", path, strerror(errno));
		return CLI_IO;
	}
	*report = (struct cli_shard_report){.path = path, .json = read_last(file)};
	fclose(file);
	if (report->json)
		return CLI_GO_ON;
	cli_error(command, "\"%s\" holds no JSON report", path);
	return CLI_FOUND;
}

static double real_of(const json_t *report, const char *key)
{
	return json_number_value(json_object_get(report, key));
}

static uint64_t count_of(const json_t *report, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(report, key));
}

static void print_lag(const json_t *report)
{
	static const char *const keys[] = {"p50", "p90", "p99", "p999", "max"};
	const json_t *lag = json_object_get(report, "lag_us");
	char text[EXPORT_SIZE_TEXT];

	if (!lag)
		return;
	printf("lag      ");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		printf(" %s %s%s", keys[i], export_span_text(text, (int64_t)(real_of(lag, keys[i]) * 1e3)),
		       i + 1 < sizeof(keys) / sizeof(keys[0]) ? " ·" : "\n");
}

static void print_text(const json_t *report)
{
	char sent[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT], span[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT];

	printf("sent      %s messages (%s) by %d players in %s: %s a second\n",
	       export_count_text(sent, count_of(report, "sent")),
	       export_size_text(size, count_of(report, "bytes")), (int)count_of(report, "reports"),
	       export_span_text(span, (int64_t)(real_of(report, "seconds") * 1e9)),
	       export_rate_text(rate, real_of(report, "rate")));
	print_lag(report);
	if (count_of(report, "late") > 0)
		printf("late      %s\n", export_count_text(sent, count_of(report, "late")));
	if (count_of(report, "skipped") > 0)
		printf("left out  %s\n", export_count_text(sent, count_of(report, "skipped")));
	if (count_of(report, "failed") > 0)
		printf("failed    %s\n", export_count_text(sent, count_of(report, "failed")));
	if (!json_object_get(report, "held"))
		puts("the schedule was not held");
}

static bool is_success(const json_t *report)
{
	const char *end = json_string_value(json_object_get(report, "end"));

	return end && strcmp(end, "done") == 0 && json_object_get(report, "held") &&
	       count_of(report, "failed") == 0;
}

static int merge(const struct cli_command *command, const struct cli_shard_report *reports, size_t count,
		 bool as_json)
{
	struct wire_fault fault;
	json_t *merged;

	if (cli_report_merge(reports, count, &merged, &fault) != 0) {
		cli_error(command, "%s", fault.text);
		return CLI_USAGE;
	}
	if (as_json) {
		json_dumpf(merged, stdout, JSON_REAL_PRECISION(12) | JSON_COMPACT);
		putchar('\n');
	} else {
		print_text(merged);
	}
	int status = is_success(merged) ? CLI_DONE : CLI_FOUND;
	json_decref(merged);
	int written = cli_write_status(command, fflush(stdout) == 0 ? 0 : -errno);
	return written == CLI_DONE ? status : written;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct cli_operands paths;
	int status = cli_options_parse(command, argc, argv, &settings, &paths);

	if (status == CLI_GO_ON && paths.len == 0)
		status = cli_usage_error(command, "give the reports of all shards");
	if (status != CLI_GO_ON)
		return status;
	struct cli_shard_report *reports = calloc((size_t)paths.len, sizeof(*reports));
	if (!reports) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	for (int i = 0; i < paths.len && status == CLI_GO_ON; i++)
		status = read_report(command, paths.values[i], &reports[i]);
	if (status == CLI_GO_ON)
		status = merge(command, reports, (size_t)paths.len, settings.json);
	for (int i = 0; i < paths.len; i++)
		json_decref(reports[i].json);
	free(reports);
	return status;
}

const struct cli_command cli_report = {
    .name = "report",
    .summary = "merge the reports of a replay by several players",
    .group = CLI_TASK_PLAY,
    .operands = "REPORT...",
    .about =
	"Merges what \"tapedeck replay --shard I/N --json\" printed on each machine into one report: counts "
	"are "
	"added, the times of lag merged exactly. All shards must be there, each once, played with the same "
	"options. The exit status is 1 when the schedule was not held or a message failed.",
    .examples = "  tapedeck replay log --shard 1/2 --start-at +30s --json > a.json     here\n"
		"  tapedeck replay log --shard 2/2 --start-at +30s --json > b.json     there\n"
		"  tapedeck report a.json b.json",
    .options = groups,
    .run = run,
};
