/* decoding.h - `--decode`, the same in every command that prints payloads. */
#ifndef CLI_OPTIONS_DECODING_H
#define CLI_OPTIONS_DECODING_H

#include "cli/options/options.h"
#include "export/decode/decode.h"

/* Zeroed: nothing is decoded. */
struct cli_decoding {
	struct export_decoder *decoder; /* owned; NULL: no rules */
};

/* Sets a struct cli_decoding, zeroed before. */
extern const struct cli_option cli_decoding_options[];

/* From now on, say on stderr when a command of a rule fails. Without this call only cli_decoding_report says so. Borrows both. */
void cli_decoding_begin(const struct cli_decoding *decoding, const struct cli_command *command);

/* At the end of a run: say on stderr how many payloads a rule could not decode, and why the first of them. */
void cli_decoding_report(const struct cli_decoding *decoding, const struct cli_command *command);

void cli_decoding_fini(struct cli_decoding *decoding);

#endif
