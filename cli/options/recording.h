/* recording.h - `--record DIR` and the options that go with it, the same in every command that records. */
#ifndef CLI_OPTIONS_RECORDING_H
#define CLI_OPTIONS_RECORDING_H

#include "cli/options/options.h"
#include "tap/recorder/recorder.h"

struct cli_recording {
	const char *dir; /* NULL: nothing is recorded */
	const char *on_segment_closed;
	int overflow, detail;
	enum store_sync sync;
	int sync_interval_ms;
	int level;
	uint32_t threads; /* 0: auto */
	struct cli_list include, exclude;
	int64_t max_payload; /* bytes; -1 = all */
	uint64_t segment_bytes, retain_bytes, memory_bytes;
	int64_t segment_age_ms, retain_age_ms;
};

/* Sets a struct cli_recording. */
extern const struct cli_option cli_recording_options[];

/* Defaults. */
void cli_recording_init(struct cli_recording *recording);

/* Frees the lists of subjects; they are empty then. */
void cli_recording_fini(struct cli_recording *recording);

/* Refuse options of the recording without --record: serving without a recording would lose every message silently. CLI_GO_ON
 * or CLI_USAGE. */
int cli_recording_check(const struct cli_command *command, const struct cli_recording *recording, int argc,
			char **argv);

/* The recorder's options; lists stay borrowed from the recording. */
void cli_recording_apply(const struct cli_recording *recording, struct tap_recording_options *options);

/* At the end of a run: close the recorder, which becomes NULL, and write everything. CLI_DONE; or CLI_IO after a complaint when messages
 * that the recorder was given are not in the log. */
int cli_recording_end(const struct cli_command *command, struct tap_recorder **recorder,
		      struct tap_recording *recording);

#endif
