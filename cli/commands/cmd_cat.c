/* cmd_cat.c - tapedeck cat: print the events of a log. */
#include "cli/commands/commands.h"
#include "cli/commands/view.h"
#include "cli/options/joining.h"
#include "cli/output/color.h"
#include "cli/output/pager.h"

#define AT(member) offsetof(struct cli_view, member)

static const struct cli_option reading[] = {
    {.name = "reverse",
     .kind = CLI_FLAG,
     .help = "newest first: -n 10 --reverse shows the last ten",
     .at = AT(reverse)},
    {.name = "follow",
     .letter = 'f',
     .kind = CLI_FLAG,
     .help = "at the end, continue with new events",
     .at = AT(follow)},
    {.name = "count",
     .kind = CLI_FLAG,
     .help = "print only how many events match; with -n, count no further than N",
     .at = AT(count)},
    {.name = "fail-empty",
     .kind = CLI_FLAG,
     .help = "exit status 1 when nothing was printed",
     .at = AT(fail_empty)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Reading", cli_limit_options, AT(limit)},       {"Reading", reading, 0},
    {"Reading", cli_joining_options, AT(no_join)},   {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},  {"Around matches", cli_around_options, AT(around)},
    {"Output", cli_output_options, AT(output)},      {"Output", cli_decoding_options, AT(output.decoding)},
    {"Output", cli_color_options, AT(output.color)}, {"Output", cli_pager_options, AT(no_pager)},
    {"Output", cli_quiet_options, AT(quiet)},        {0},
};

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_view view = {0};

	return cli_view_main(command, &view, argc, argv);
}

const struct cli_command cli_cat = {
    .name = "cat",
    .summary = "print the events of a log, filtered",
    .group = CLI_TASK_READ,
    .operands = "LOG... [SUBJECT...]",
    .about =
	"Prints the events of one or several logs in order of time. LOG is a log's directory or one of its\n"
	"segments, which may be written to meanwhile, or a packet capture (pcap, pcapng, gzip, zstd; - for\n"
	"standard input). SUBJECT may hold wildcards: * for one token, > for the "
	"rest.\n"
	"Filters of different kinds must all hold; of one kind, any.\n"
	"Logs of the servers of one cluster are read as one: see --no-join.\n"
	"\n"
	"A line holds time, kind (pub, req, reply, ...), publisher and receivers, subject, size and "
	"payload.\n"
	"On a terminal it is clipped to the width; elsewhere it is whole. Damaged places show as GAP lines, "
	"and\n"
	"the exit status is then 1.",
    .examples = "  tapedeck cat log 'orders.>'                     everything below orders\n"
		"  tapedeck cat capture.pcapng.zst 'orders.>'      the same of what was captured\n"
		"  tapedeck cat log --since 03:12 --until 03:15    three minutes of last night\n"
		"  tapedeck cat log --client billing --kind connect,disconnect,error\n"
		"  tapedeck cat log --grep '\"id\": ?4711' -v        one order, in full\n"
		"  tapedeck cat log --where '$.total > 100 && header.Region == \"eu\"' --count\n"
		"  tapedeck cat log --kind error -C 5              errors with their context\n"
		"  tapedeck cat log 'stock.get' --with-replies     requests with their replies\n"
		"  tapedeck cat log --unheard                      messages that nobody received\n"
		"  tapedeck cat log -f --since 5m                  five minutes, then live\n"
		"  tapedeck cat log --csv time,client,subject,payload.id\n"
		"  tapedeck cat log -n 1 --reverse --raw cfg.app | jq",
    .options = groups,
    .run = run,
};
