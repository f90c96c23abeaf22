#include "cli/commands/stat_source.h"

#include "cli/options/inputs.h"
#include "cli/options/logs.h"

int cli_stat_source_open(struct cli_stat_session *session, const char *path,
			 const struct store_filter *filter, struct wire_source **source,
			 struct wire_fault *fault)
{
	const struct cli_capture_options capture = {.filter = filter,
						    .progress = &session->screen.progress.base};
	const struct store_reader_options options = {.filter = filter,
						     .payloads =
							 session->settings->by.key == TRACE_GROUP_HEADER,
						     .steady = true,
						     .progress = &session->screen.progress.base};
	struct store_reader *reader;

	if (cli_log_is_capture(path))
		return cli_inputs_open_capture(source, path, &capture, fault);
	int error = store_reader_open(&reader, path, &options, fault);
	if (error == 0)
		*source = store_reader_source(reader);
	return error;
}
