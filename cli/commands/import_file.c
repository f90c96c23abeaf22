#include "cli/commands/import_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/copying.h"
#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "export/import/import.h"

enum { LEVEL = 3 /* of zstd: about as fast as the text is read */ };

static bool is_pipe(const char *path)
{
	struct stat found;
	const int error = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &found) : stat(path, &found);

	return error == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

static bool are_pipes(const struct cli_operands *files)
{
	for (int i = 0; i < files->len; i++)
		if (!is_pipe(files->values[i]))
			return false;
	return true;
}

/* A capture is read as one; everything else must be events. Pipes and standard input are, too. */
static int add_file(struct store_merge *inputs, const char *path, const struct store_reader_options *options,
		    struct wire_fault *fault)
{
	const bool is_capture = strcmp(path, "-") != 0 && !is_pipe(path) && cli_log_is_foreign(path) &&
				export_import_kind_of(path) == EXPORT_IMPORT_NONE;

	return is_capture ? cli_inputs_add(inputs, path, options, fault)
			  : cli_inputs_add_events(inputs, path, options, fault);
}

/* As `open` of struct cli_copying. */
static int open_files(struct store_merge **inputs, const struct cli_operands *files,
		      const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_merge *merge = store_merge_open(false);
	int error = merge ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");

	for (int i = 0; i < files->len && error == 0; i++)
		error = add_file(merge, files->values[i], options, fault);
	if (error == 0)
		*inputs = merge;
	else
		store_merge_close(merge);
	return error;
}

int cli_import_file_run(const struct cli_command *command, const struct cli_operands *files,
			const struct cli_recording *recording, struct cli_masking *masking, bool is_quiet)
{
	const struct cli_copying copying = {.command = command,
					    .open = open_files,
					    .dir = recording->dir,
					    .level = recording->level == STORE_LEVEL_AUTO ? LEVEL
											  : recording->level,
					    .quiet = is_quiet,
					    .is_live = are_pipes(files),
					    .masking = masking,
					    .logs = *files};

	return cli_copying_run(&copying);
}
