#include "cli/options/around.h"

#include "cli/output/errors.h"

#define AT(member) offsetof(struct cli_around, member)

enum { EVENTS_MAX = 10000 };

const struct cli_option cli_around_options[] = {
    {.name = "after-context",
     .letter = 'A',
     .kind = CLI_INT,
     .argument = "N",
     .help = "also the N events after each match, of any subject and kind: only --since, --until, --seq "
	     "and --exclude leave some out",
     .at = AT(after),
     .min = 0,
     .max = EVENTS_MAX},
    {.name = "before-context",
     .letter = 'B',
     .kind = CLI_INT,
     .argument = "N",
     .help = "likewise the N events before it",
     .at = AT(before),
     .min = 0,
     .max = EVENTS_MAX},
    {.name = "context",
     .letter = 'C',
     .kind = CLI_INT,
     .argument = "N",
     .help = "both; a line \"--\" stands where events are left out",
     .at = AT(context),
     .min = 0,
     .max = EVENTS_MAX},
    {.name = "with-replies",
     .kind = CLI_FLAG,
     .help = "a request and its replies together, with the latency, where the filters choose either of "
	     "them; a request without a reply within 10 s is said to have none",
     .at = AT(with_replies)},
    {.name = NULL},
};

int cli_around_check(const struct cli_command *command, struct cli_around *around)
{
	if (around->context > around->after)
		around->after = around->context;
	if (around->context > around->before)
		around->before = around->context;
	if (around->with_replies && around->after + around->before > 0)
		return cli_usage_error(command, "--with-replies and -A, -B, -C exclude each other");
	return CLI_GO_ON;
}

bool cli_around_is_wanted(const struct cli_around *around)
{
	return around->with_replies || around->after + around->before > 0;
}
