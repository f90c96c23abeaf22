/* cmd_ls.c - tapedeck ls: list logs and their segments. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/inventory_json.h"
#include "cli/output/inventory_text.h"
#include "export/text/clock.h"
#include "store/read/log.h"

struct settings {
	bool summary, json, utc;
	int color; /* enum cli_color_choice */
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option options[] = {
    {.name = "summary",
     .letter = 's',
     .kind = CLI_FLAG,
     .help = "one line a log, without its segments",
     .at = AT(summary)},
    {.name = "utc", .kind = CLI_FLAG, .help = "times in UTC instead of local time", .at = AT(utc)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Options", options, 0},
    {"Options", cli_log_json_options, AT(json)},
    {"Options", cli_color_options, AT(color)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct export_out out;
	struct cli_screen screen;
	struct export_json json;
	struct export_clock clock;
	struct cli_table *table; /* of the log being listed; NULL: its segments are not listed */
	struct cli_row row;
};

/* ---- one log ---- */

static void take_segment(void *context, const struct store_inventory_segment *segment)
{
	struct session *session = context;

	if (session->settings->json && !session->settings->summary)
		cli_inventory_segment_json(&session->json, &session->clock, segment);
	if (session->table)
		cli_inventory_add(session->table, &session->clock, segment);
}

static int list_as_json(struct session *session, const char *log, struct store_inventory *inventory,
			struct wire_fault *fault)
{
	session->json = (struct export_json){.out = &session->out};
	export_json_object(&session->json, NULL);
	export_json_bytes(&session->json, "log", wire_slice_str(log));
	if (!session->settings->summary)
		export_json_array(&session->json, "segments");
	int error = store_inventory_read(log, inventory, take_segment, session, fault);
	if (!session->settings->summary)
		export_json_array_end(&session->json);
	if (error)
		export_json_string(&session->json, "error", wire_slice_str(fault->text));
	else
		cli_inventory_json(&session->json, &session->clock, inventory);
	export_json_object_end(&session->json);
	export_out_char(&session->out, '\n');
	return error;
}

static int list_as_text(struct session *session, const char *log, struct store_inventory *inventory,
			struct wire_fault *fault)
{
	session->table = session->settings->summary ? NULL : cli_inventory_table();
	int error = store_inventory_read(log, inventory, take_segment, session, fault);

	if (!error)
		cli_inventory_summary(&session->row, &session->clock, log, inventory);
	if (!error && session->table && cli_table_print(session->table, &session->row) != 0)
		error = wire_fault_set(fault, -ENOMEM, "%s: out of memory", log);
	cli_table_close(session->table);
	session->table = NULL;
	return error;
}

static int list_log(void *context, const char *log)
{
	struct session *session = context;
	struct store_inventory inventory;
	struct wire_fault fault = {0};
	int error = session->settings->json ? list_as_json(session, log, &inventory, &fault)
					    : list_as_text(session, log, &inventory, &fault);

	export_out_flush(&session->out);
	if (error)
		return cli_log_error(session->command, &fault);
	return inventory.damaged_segments > 0 ? CLI_FOUND : CLI_DONE;
}

/* ---- which logs ---- */

/* Owned paths. */
struct paths {
	char **list;
	int len;
};

static int add_path(struct paths *paths, char *path)
{
	char **grown = realloc(paths->list, ((size_t)paths->len + 1) * sizeof(*grown));

	if (grown)
		paths->list = grown;
	if (!grown || !path) {
		free(path);
		return -ENOMEM;
	}
	paths->list[paths->len++] = path;
	return 0;
}

static bool has_segments(const char *path)
{
	struct store_log_segments segments;
	struct stat found;

	if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode) || store_log_list(&segments, path, NULL) != 0)
		return false;
	bool has_some = segments.count > 0;
	store_log_segments_fini(&segments);
	return has_some;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Add the logs that lie in the directory. */
static int add_logs_in(struct paths *paths, const char *path)
{
	DIR *dir = opendir(path);
	int first = paths->len, error = 0;
	char *inner;

	for (struct dirent *entry; dir && !error && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&inner, "%s/%s", path, entry->d_name) < 0)
			error = -ENOMEM;
		else if (has_segments(inner))
			error = add_path(paths, inner);
		else
			free(inner);
	}
	if (dir)
		closedir(dir);
	if (paths->len > first)
		qsort(paths->list + first, (size_t)(paths->len - first), sizeof(*paths->list), compare);
	return error;
}

/* A log, a segment, or a directory of logs. What is none of them is listed all the same, which reports why not. */
static int add_operand(struct paths *paths, const char *path)
{
	int before = paths->len, error = 0;

	if (!has_segments(path))
		error = add_logs_in(paths, path);
	if (!error && paths->len == before)
		error = add_path(paths, strdup(path));
	return error;
}

static int find_logs(const struct cli_command *command, const struct cli_operands *operands,
		     struct paths *paths)
{
	const char *log = getenv("TAPEDECK_LOG");
	int error = 0;

	if (operands->len == 0)
		error = add_operand(paths, log && *log ? log : ".");
	for (int i = 0; i < operands->len && !error; i++)
		error = add_operand(paths, operands->values[i]);
	if (!error)
		return CLI_GO_ON;
	cli_error(command, "out of memory");
	return CLI_IO;
}

static int list_all(const struct cli_command *command, const struct settings *settings,
		    const struct paths *paths)
{
	size_t columns = cli_terminal_columns(STDOUT_FILENO);
	struct session session = {.command = command, .settings = settings, .clock.utc = settings->utc};
	const struct cli_operands logs = {.values = paths->list, .len = paths->len};

	session.row =
	    (struct cli_row){.out = &session.out,
			     .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
			     .columns = columns ? columns : CLI_ROW_ENDLESS};
	cli_screen_init(&session.screen, true, true, &logs);
	return cli_logs_report(command, &logs, &session.out, &session.screen, list_log, &session);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct cli_operands operands;
	struct paths paths = {0};
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = find_logs(command, &operands, &paths);
	if (status == CLI_GO_ON)
		status = list_all(command, &settings, &paths);
	for (int i = 0; i < paths.len; i++)
		free(paths.list[i]);
	free(paths.list);
	return status;
}

const struct cli_command cli_ls = {
    .name = "ls",
    .summary = "list logs and their segments",
    .group = CLI_TASK_CARE,
    .operands = "[DIR...]",
    .about =
	"Lists the segments of logs: their events, times and sizes (stored, and raw: what they unpack to), "
	"what wrote them, and whether they are open, closed or damaged. DIR is a log, a segment, or a "
	"directory of logs; default: the log that TAPEDECK_LOG names, or the current directory.\n"
	"\n"
	"Only headers and indices are read, so that this is fast. The exit status is 1 when they show "
	"damage; "
	"\"tapedeck verify\" checks every byte.",
    .examples = "  tapedeck ls log\n"
		"  tapedeck ls -s /var/lib/tapedeck     one line a log\n"
		"  tapedeck ls log --json | jq -r '.segments[] | select(.closed) | .path'",
    .options = groups,
    .run = run,
};
