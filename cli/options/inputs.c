#include "cli/options/inputs.h"

#include <errno.h>

#include "cli/options/logs.h"
#include "export/import/import.h"
#include "store/read/log_steps.h"
#include "tap/sniffer.h"

static int open_events(struct wire_source **source, const char *path, const struct store_filter *filter,
		       struct wire_progress *progress, struct wire_fault *fault)
{
	const struct export_import_options options = {.path = path, .filter = filter, .progress = progress};
	struct export_import *import;
	int error = export_import_open(&import, &options, fault);

	if (error == 0)
		*source = export_import_source(import);
	return error;
}

int cli_inputs_open_foreign(struct wire_source **source, const char *path,
			    const struct cli_capture_options *options, struct wire_fault *fault)
{
	struct tap_sniffer_options sniffing;
	struct tap_sniffer *sniffer;

	if (export_import_kind_of(path) != EXPORT_IMPORT_NONE)
		return open_events(source, path, options->filter, options->progress, fault);
	tap_sniffer_options_init(&sniffing);
	sniffing.capture.file = path;
	sniffing.filter = options->filter;
	sniffing.looks_ahead = options->looks_ahead;
	sniffing.names_servers = options->names_servers;
	sniffing.capture.progress = options->progress;
	int error = tap_sniffer_open(&sniffer, &sniffing, fault);
	if (error == 0)
		*source = tap_sniffer_source(sniffer);
	return error;
}

static int add_capture(struct store_merge *merge, const char *path,
		       const struct store_reader_options *options, struct wire_fault *fault)
{
	const struct cli_capture_options capture = {
	    .filter = options->filter, .looks_ahead = options->steady, .progress = options->progress};
	struct wire_source *source;
	int error = cli_inputs_open_foreign(&source, path, &capture, fault);

	if (error == 0 && (error = store_merge_add(merge, source)) != 0)
		wire_fault_set(fault, error, "%s: out of memory", path);
	return error;
}

int cli_inputs_add_events(struct store_merge *inputs, const char *operand,
			  const struct store_reader_options *options, struct wire_fault *fault)
{
	struct wire_source *source;
	int error = open_events(&source, operand, options->filter, options->progress, fault);

	if (error == 0 && (error = store_merge_add(inputs, source)) != 0)
		wire_fault_set(fault, error, "%s: out of memory", operand);
	return error;
}

int cli_inputs_add(struct store_merge *inputs, const char *operand,
		   const struct store_reader_options *options, struct wire_fault *fault)
{
	return cli_log_is_foreign(operand) ? add_capture(inputs, operand, options, fault)
					   : store_merge_add_log(inputs, operand, options, fault);
}

int cli_inputs_open(struct store_merge **inputs, const struct cli_operands *operands,
		    const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_merge *merge = store_merge_open(options->reverse);
	struct store_reader_options each = *options;
	int error = merge ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");

	each.steady |= operands->len > 1 && !options->follow;
	for (int i = 0; i < operands->len && error == 0; i++)
		error = cli_inputs_add(merge, operands->values[i], &each, fault);
	if (error == 0)
		*inputs = merge;
	else
		store_merge_close(merge);
	return error;
}

static int join_log(struct store_uptime *uptime, const char *path, enum cli_uptime_clock on,
		    struct wire_fault *fault)
{
	struct store_steps steps = {0};
	struct store_uptime log = {0};
	int error = store_log_steps_read(&steps, &log, path, fault);

	if (on == CLI_LAST_CLOCK)
		store_uptime_shift(&log, store_steps_total(&steps, UINT64_MAX));
	if (error == 0 && (error = store_uptime_join(uptime, &log)) != 0)
		wire_fault_set(fault, error, "%s: out of memory", path);
	store_steps_fini(&steps);
	store_uptime_fini(&log);
	return error;
}

int cli_inputs_uptime(struct store_uptime *uptime, const struct cli_operands *operands,
		      enum cli_uptime_clock on, struct wire_fault *fault)
{
	int error = 0;

	*uptime = (struct store_uptime){0};
	for (int i = 0; i < operands->len; i++)
		if (cli_log_is_foreign(operands->values[i]))
			return 0;
	for (int i = 0; i < operands->len && error == 0; i++)
		error = join_log(uptime, operands->values[i], on, fault);
	return error;
}
