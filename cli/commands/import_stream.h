/* import_stream.h - `tapedeck import --stream`: a JetStream stream into a log. */
#ifndef CLI_COMMANDS_IMPORT_STREAM_H
#define CLI_COMMANDS_IMPORT_STREAM_H

#include "cli/options/connection.h"
#include "cli/options/masking.h"
#include "cli/options/recording.h"

struct cli_import_stream {
	const char *name;  /* of the stream */
	uint64_t from_seq; /* 0: not given */
	const char *since; /* a time; NULL: not given */
	bool follows, is_quiet;
	uint64_t limit; /* end after so many messages; 0: no limit */
	struct cli_connection connection;
};

/* Import into the log of *recording, masked. Prints errors, progress and a summary on stderr. Returns an exit status. */
int cli_import_stream_run(const struct cli_command *command, const struct cli_import_stream *import,
			  const struct cli_recording *recording, struct cli_masking *masking);

#endif
