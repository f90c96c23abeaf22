/* record.h - the options of `tapedeck record`, and its run. */
#ifndef CLI_COMMANDS_RECORD_H
#define CLI_COMMANDS_RECORD_H

#include "cli/options/connection.h"
#include "cli/options/masking.h"
#include "cli/options/recording.h"

struct cli_record {
	struct cli_connection connection;
	struct cli_recording recording;
	struct cli_masking masking;
	struct cli_operands subjects; /* none: > */
	const char *group;            /* queue group; NULL: none */
	uint64_t memory_bytes;        /* for messages that wait for the recorder */
	uint64_t limit;               /* end after so many messages; 0 = no limit */
	int64_t duration_ms;          /* end after this time; 0 = never */
	int64_t idle_ms;              /* end when no message has come for this long; 0 = never */
	const char *control;          /* subject of requests; NULL: none */
	const char *system_context;   /* a context of natscli, of the system account; NULL: none */
	struct cli_list monitors;     /* URLs of monitoring ports */
	bool is_paused;               /* record when a request asks for it */
	bool waits;                   /* for a first connection */
	bool quiet;                   /* no summary, no line for each outage */
};

/* Record until the end. Prints errors, outages, and a summary at the end, on stderr. Returns an exit status. */
int cli_record_run(const struct cli_command *command, struct cli_record *record);

#endif
