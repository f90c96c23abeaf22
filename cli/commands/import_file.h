/* import_file.h - `tapedeck import FILE...`: files of events into a new log. */
#ifndef CLI_COMMANDS_IMPORT_FILE_H
#define CLI_COMMANDS_IMPORT_FILE_H

#include "cli/options/masking.h"
#include "cli/options/recording.h"

/* Import the files, by time, into the directory of *recording, masked. Of *recording only the directory and the level hold. Prints
 * errors and a summary on stderr. Returns an exit status. */
int cli_import_file_run(const struct cli_command *command, const struct cli_operands *files,
			const struct cli_recording *recording, struct cli_masking *masking, bool is_quiet);

#endif
