#include "cli/commands/view_count.h"

#include <inttypes.h>
#include <unistd.h>

#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "store/read/count.h"

struct counting {
	const struct cli_filters *filters;
	const struct store_filter *filter;
	uint64_t limit;
	uint64_t *count;
};

static bool is_complete(const struct counting *counting)
{
	return counting->limit > 0 && *counting->count >= counting->limit;
}

static int count_capture(const struct counting *counting, const char *path, struct wire_damage *damage,
			 struct wire_fault *fault)
{
	const struct cli_capture_options options = {.filter = counting->filter};
	struct wire_source *source;
	struct wire_event event;
	int status = cli_inputs_open_capture(&source, path, &options, fault);

	if (status < 0)
		return status;
	while (!is_complete(counting) && (status = source->next(source, &event, fault)) > 0)
		*counting->count += cli_filters_match(counting->filters, &event);
	source->damage(source, damage);
	source->close(source);
	return status < 0 ? status : 0;
}

/* An exit status after a complaint. */
static int count_log(const struct cli_command *command, const struct counting *counting, const char *path)
{
	struct wire_damage damage = {0};
	struct wire_fault fault;
	int error = cli_log_is_capture(path)
			? count_capture(counting, path, &damage, &fault)
			: store_count_read(counting->count, path, counting->filter, &damage, &fault);

	if (error)
		return cli_log_error(command, &fault);
	return cli_log_report_unread(command, NULL, &damage);
}

int cli_view_count(const struct cli_command *command, const struct cli_operands *logs,
		   const struct cli_filters *filters, const struct store_filter *filter, uint64_t limit,
		   uint64_t *count)
{
	const struct counting counting = {filters, filter, limit, count};
	struct cli_out out;
	int worst = CLI_DONE;

	*count = 0;
	for (int i = 0; i < logs->len && !is_complete(&counting); i++) {
		int status = count_log(command, &counting, logs->values[i]);
		worst = status > worst ? status : worst;
	}
	if (is_complete(&counting))
		*count = limit;
	if (cli_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	cli_out_format(&out, "%" PRIu64 "\n", *count);
	int output = cli_write_status(command, cli_out_flush(&out));
	cli_out_fini(&out);
	return output > worst ? output : worst;
}
