/* cmd_tail.c - tapedeck tail: follow a log as it is written. */
#include "cli/commands/commands.h"
#include "cli/commands/view.h"
#include "cli/options/joining.h"
#include "cli/output/color.h"
#include "cli/output/pager.h"

#define AT(member) offsetof(struct cli_view, member)

enum { DEFAULT_LAST = 10 };

static const struct cli_option reading[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "show the last N events first; default 10",
     .at = AT(last)},
    {.name = "follow",
     .letter = 'f',
     .kind = CLI_FLAG,
     .help = "accepted, but not needed: tail always follows",
     .at = AT(follow)},
    {.name = "wait", .kind = CLI_FLAG, .help = "if there is no such log yet, wait for it", .at = AT(wait)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Reading", reading, 0},
    {"Reading", cli_joining_options, AT(no_join)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {"Around matches", cli_around_options, AT(around)},
    {"Output", cli_output_options, AT(output)},
    {"Output", cli_decoding_options, AT(output.decoding)},
    {"Output", cli_color_options, AT(output.color)},
    {"Output", cli_quiet_options, AT(quiet)},
    {0},
};

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_view view = {.follow = true, .from_end = true, .last = DEFAULT_LAST};

	return cli_view_main(command, &view, argc, argv);
}

const struct cli_command cli_tail = {
    .name = "tail",
    .summary = "follow a log as it is written",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about =
	"Prints the last events of one or several logs, then new ones as they are written, within 50 ms of\n"
	"its being published (of a cluster, read as one: within a second). Ctrl-C ends it with a summary. "
	"Lines and filters are those of \"tapedeck "
	"cat\".",
    .examples = "  tapedeck tail log                           every event\n"
		"  tapedeck tail log 'orders.>' -n 0           only new messages below orders\n"
		"  tapedeck tail log --kind error,disconnect,gap\n"
		"  tapedeck tail log --wait --json | jq -c '{time, subject, size}'",
    .options = groups,
    .run = run,
};
