#include "cli/commands/view_count.h"

#include <inttypes.h>
#include <unistd.h>

#include "cli/options/inputs.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "store/read/count.h"

struct counting {
	const struct cli_command *command;
	const struct cli_counting *options;
	uint64_t *count;
};

static bool is_complete(const struct counting *counting)
{
	return counting->options->limit > 0 && *counting->count >= counting->options->limit;
}

static int count_capture(const struct counting *counting, const char *path, struct wire_damage *damage,
			 struct wire_fault *fault)
{
	const struct cli_capture_options options = {.filter = counting->options->filter};
	struct wire_source *source;
	struct wire_event event;
	int status = cli_inputs_open_foreign(&source, path, &options, fault);

	if (status < 0)
		return status;
	while (!is_complete(counting) && (status = source->next(source, &event, fault)) > 0)
		*counting->count += cli_filters_match(counting->options->filters, &event);
	source->damage(source, damage);
	source->close(source);
	return status < 0 ? status : 0;
}

/* An exit status after a complaint. */
static int count_log(const struct counting *counting, const char *path)
{
	struct wire_damage damage = {0};
	struct wire_fault fault;
	int error = cli_log_is_foreign(path)
			? count_capture(counting, path, &damage, &fault)
			: store_count_read(counting->count, path, counting->options->filter, &damage, &fault);

	if (error)
		return cli_log_error(counting->command, &fault);
	return cli_log_report_unread(counting->command, NULL, &damage);
}

/* One log after the other. Returns the worst exit status. */
static int count_apart(const struct counting *counting, const struct cli_operands *logs)
{
	int worst = CLI_DONE;

	for (int i = 0; i < logs->len && !is_complete(counting); i++) {
		int status = count_log(counting, logs->values[i]);
		worst = status > worst ? status : worst;
	}
	return worst;
}

static int read_joined(const struct counting *counting, struct store_merge *merge, struct wire_fault *fault)
{
	struct wire_event event;
	int status = 0;

	while (!is_complete(counting) && (status = store_merge_next(merge, &event, fault)) > 0)
		*counting->count += cli_filters_match(counting->options->filters, &event);
	return status < 0 ? status : 0;
}

/* The logs of a cluster are read as one. */
static int count_together(const struct counting *counting, const struct cli_operands *logs)
{
	const struct store_reader_options reading = {.filter = counting->options->filter,
						     .in_time_order = true};
	struct wire_damage damage;
	struct wire_fault fault;
	struct store_merge *merge;

	if (cli_joining_open(&merge, logs, &reading, counting->options->no_join, &fault) != 0)
		return cli_log_error(counting->command, &fault);
	if (!store_merge_cluster(merge)) {
		store_merge_close(merge);
		return count_apart(counting, logs);
	}
	int error = read_joined(counting, merge, &fault);
	if (!counting->options->quiet)
		cli_joining_report(counting->command, merge, logs);
	store_merge_damage(merge, &damage);
	store_merge_close(merge);
	return error ? cli_log_error(counting->command, &fault)
		     : cli_log_report_unread(counting->command, NULL, &damage);
}

int cli_view_count(const struct cli_command *command, const struct cli_operands *logs,
		   const struct cli_counting *options, uint64_t *count)
{
	const struct counting counting = {.command = command, .options = options, .count = count};
	struct export_out out;

	*count = 0;
	int worst = logs->len > 1 && !options->no_join ? count_together(&counting, logs)
						       : count_apart(&counting, logs);
	if (is_complete(&counting))
		*count = options->limit;
	if (export_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	export_out_format(&out, "%" PRIu64 "\n", *count);
	int output = cli_write_status(command, export_out_flush(&out));
	export_out_fini(&out);
	return output > worst ? output : worst;
}
