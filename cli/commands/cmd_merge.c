/* cmd_merge.c - tapedeck merge: several logs into one. */
#include "cli/commands/commands.h"
#include "cli/commands/copying.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"

struct settings {
	const char *dir;
	int level;
	bool no_join, quiet;
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option_group groups[] = {
    {"Options", cli_copying_record_options, AT(dir)},
    {"Options", cli_copying_level_options, AT(level)},
    {"Options", cli_joining_options, AT(no_join)},
    {"Options", cli_quiet_options, AT(quiet)},
    {0},
};

static int check(const struct cli_command *command, const struct settings *settings,
		 const struct cli_operands *logs, const struct cli_operands *others)
{
	if (others->len > 0)
		return cli_usage_error(command, "there is no log \"%s\"", others->values[0]);
	if (logs->len < 2)
		return cli_usage_error(command, "give two logs or more");
	return settings->dir ? CLI_GO_ON : cli_usage_error(command, "give the new log with --record DIR");
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.level = CLI_COPYING_LEVEL};
	struct cli_copying copying = {.command = command};
	struct cli_operands operands;
	int status = cli_options_parse(command, argc, argv, &settings, &operands);

	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, &copying.logs, &copying.subjects);
	if (status == CLI_GO_ON)
		status = check(command, &settings, &copying.logs, &copying.subjects);
	if (status != CLI_GO_ON)
		return status;
	copying.dir = settings.dir;
	copying.level = settings.level;
	copying.no_join = settings.no_join;
	copying.quiet = settings.quiet;
	return cli_copying_run(&copying);
}

const struct cli_command cli_merge = {
    .name = "merge",
    .summary = "write several logs into one, in order of time",
    .group = CLI_TASK_CARE,
    .operands = "LOG... --record DIR",
    .about =
	"Writes the events of several logs, segments or captures into a new log. Events and connections are "
	"numbered again; marks at the start and the stop of a recording become remarks that name its log. "
	"Logs of the servers of one cluster are joined: see --no-join.\n"
	"\n"
	"The new log appears when it is complete: DIR holds all of it, or is not there.",
    .examples = "  tapedeck merge proxy-a proxy-b proxy-c --record cluster\n"
		"  tapedeck merge archive/*.log -o all --level 19",
    .options = groups,
    .run = run,
};
