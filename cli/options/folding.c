#include "cli/options/folding.h"

#include "cli/output/errors.h"

#define AT(member) offsetof(struct cli_folding, member)

const struct cli_option cli_folding_options[] = {
    {.name = "depth",
     .kind = CLI_INT,
     .argument = "N",
     .help = "count subjects by their first N tokens: with 2, orders.eu.>",
     .at = AT(depth),
     .min = 1,
     .max = 1000},
    {.name = "fold",
     .kind = CLI_FLAG,
     .help = "count subjects that differ by a number or an id as one: orders.*.paid",
     .at = AT(fold)},
    {.name = "no-fold",
     .kind = CLI_FLAG,
     .help = "count each inbox by itself; default: all as _INBOX.>",
     .at = AT(no_fold)},
    {.name = "inbox-prefix",
     .kind = CLI_TEXT,
     .argument = "PREFIX",
     .help = "subjects below this prefix are inboxes, too",
     .at = AT(inbox_prefix)},
    {.name = NULL},
};

int cli_folding_check(const struct cli_command *command, const struct cli_folding *folding)
{
	if (folding->fold && folding->no_fold)
		return cli_usage_error(command, "--fold and --no-fold exclude each other");
	if (folding->no_fold && folding->inbox_prefix)
		return cli_usage_error(command, "--no-fold and --inbox-prefix exclude each other");
	return CLI_GO_ON;
}

bool cli_folding_is_given(const struct cli_folding *folding)
{
	return folding->fold || folding->no_fold || folding->depth > 0 || folding->inbox_prefix;
}

void cli_fold_init(struct cli_fold *fold, const struct cli_folding *folding)
{
	fold->inboxes = (struct trace_inboxes){.prefix = folding->inbox_prefix};
	trace_fold_init(&fold->fold, folding->fold, &fold->inboxes);
	fold->fold.keeps_inboxes = folding->no_fold;
	fold->fold.depth = (uint32_t)folding->depth;
}

static struct wire_slice name_of(void *context, struct wire_slice subject)
{
	return trace_fold(context, subject);
}

struct store_summary_naming cli_fold_naming(struct cli_fold *fold)
{
	return (struct store_summary_naming){.name = name_of, .context = &fold->fold};
}
