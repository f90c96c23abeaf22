/* folding.h - the options that say which subjects a table counts as one. */
#ifndef CLI_OPTIONS_FOLDING_H
#define CLI_OPTIONS_FOLDING_H

#include "cli/options/options.h"
#include "store/read/summary.h"
#include "trace/fold.h"

struct cli_folding {
	bool fold;                /* --fold: ids become * */
	bool no_fold;             /* --no-fold: inboxes, too, are counted one by one */
	int depth;                /* --depth: tokens to keep; 0 = all */
	const char *inbox_prefix; /* --inbox-prefix; NULL = only _INBOX */
};

/* Sets a struct cli_folding, zeroed before. */
extern const struct cli_option cli_folding_options[];

/* Options that were given and do not go together. CLI_GO_ON, or an exit status after a complaint. */
int cli_folding_check(const struct cli_command *command, const struct cli_folding *folding);

/* Some option was given. */
bool cli_folding_is_given(const struct cli_folding *folding);

/* The folding of subjects, at work. Do not move it. */
struct cli_fold {
	struct trace_inboxes inboxes;
	struct trace_fold fold;
};

/* Borrows the settings. */
void cli_fold_init(struct cli_fold *fold, const struct cli_folding *folding);

/* The name under which a summary counts a subject. Borrows the fold. */
struct store_summary_naming cli_fold_naming(struct cli_fold *fold);

#endif
