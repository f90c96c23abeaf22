/* masking.h - `--mask` and the options that go with it, the same in every command that takes events. */
#ifndef CLI_OPTIONS_MASKING_H
#define CLI_OPTIONS_MASKING_H

#include "cli/options/options.h"
#include "wire/mask/masker.h"
#include "wire/mask/stage.h"

/* Zeroed: nothing is masked. */
struct cli_masking {
	struct wire_mask *mask; /* owned; NULL: no rules */
	const char *key_path;
	struct wire_mask_stage *stage; /* owned; NULL: none was asked for */
	struct wire_masker *masker;    /* likewise */
};

/* Sets a struct cli_masking, zeroed before. */
extern const struct cli_option cli_masking_options[];

/* After the options were read: read the key. CLI_GO_ON, or CLI_USAGE after a complaint. */
int cli_masking_check(const struct cli_command *command, struct cli_masking *masking);

/* Close everything; also the stage, whose sink must not be used any more. */
void cli_masking_fini(struct cli_masking *masking);

/* The sink to give events to: one that masks them before `*sink`, or `*sink` itself without rules. It replaces *sink. 0 or
 * -ENOMEM. Once for each masking. */
int cli_masking_before(struct cli_masking *masking, struct wire_sink **sink);

/* Likewise for events that are asked for: *masker is NULL without rules. Valid until cli_masking_fini. */
int cli_masking_masker(struct cli_masking *masking, struct wire_masker **masker);

/* At the end of a run: call `line` for each rule that matched nothing, and for what was redacted whole. */
void cli_masking_report(const struct cli_masking *masking, void (*line)(void *context, const char *text),
			void *context);

#endif
