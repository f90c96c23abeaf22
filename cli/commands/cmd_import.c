/* cmd_import.c - tapedeck import: make a log of what others keep. Each kind of input has a file of its own. */
#include "cli/commands/commands.h"
#include "cli/commands/import_stream.h"
#include "cli/output/errors.h"

struct settings {
	struct cli_import_stream stream;
	struct cli_recording recording;
	struct cli_masking masking;
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option stream[] = {
    {.name = "stream",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "import this JetStream stream",
     .at = AT(stream.name)},
    {.name = "from-seq",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "begin with this sequence number of the stream; default: after the last one in the log",
     .min = 1,
     .at = AT(stream.from_seq)},
    {.name = "since",
     .kind = CLI_TEXT,
     .argument = "TIME",
     .help = "begin with the first message stored at this time or later",
     .at = AT(stream.since)},
    {.name = "follow",
     .letter = 'f',
     .kind = CLI_FLAG,
     .help = "at the end of the stream, wait for more",
     .at = AT(stream.follows)},
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "end after N messages",
     .min = 1,
     .at = AT(stream.limit)},
    {.name = "quiet",
     .letter = 'q',
     .kind = CLI_FLAG,
     .help = "no progress and no summary",
     .at = AT(stream.is_quiet)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"JetStream", stream, 0},
    {"JetStream", cli_jetstream_options, AT(stream.connection)},
    {"Recording", cli_recording_options, AT(recording)},
    {"Masking", cli_masking_options, AT(masking)},
    {"Connecting", cli_connection_options, AT(stream.connection)},
    {0},
};

static int check(const struct cli_command *command, const struct settings *settings)
{
	if (!settings->stream.name)
		return cli_usage_error(command, "give the stream: --stream NAME");
	if (!settings->recording.dir)
		return cli_usage_error(command, "give the directory of the log: --record DIR");
	if (settings->stream.from_seq > 0 && settings->stream.since)
		return cli_usage_error(command, "--from-seq and --since exclude each other");
	return CLI_GO_ON;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct cli_operands operands;
	cli_connection_init(&settings.stream.connection);
	settings.stream.connection.uses_selected = true;
	cli_recording_init(&settings.recording);
	int status = cli_options_parse(command, argc, argv, &settings, &operands);
	if (status == CLI_GO_ON && operands.len > 0)
		status = cli_usage_error(command, "unexpected argument \"%s\"", operands.values[0]);
	if (status == CLI_GO_ON)
		status = check(command, &settings);
	if (status == CLI_GO_ON)
		status = cli_masking_check(command, &settings.masking);
	if (status == CLI_GO_ON)
		status =
		    cli_import_stream_run(command, &settings.stream, &settings.recording, &settings.masking);
	cli_recording_fini(&settings.recording);
	cli_masking_fini(&settings.masking);
	return status;
}

const struct cli_command cli_import = {
    .name = "import",
    .summary = "make a log of a JetStream stream",
    .group = CLI_TASK_RECORD,
    .operands = "",
    .about =
	"Reads a stream by an ordered consumer and logs its messages: subjects, headers and payloads as "
	"they\n"
	"are, the times at which the stream stored them, and their sequence numbers, in the reply subject\n"
	"$JS.ACK.... Nothing in the stream changes.\n"
	"\n"
	"A second import into the same log continues after the last sequence number of the stream that the\n"
	"log has, also after a crash. Ctrl-C ends an import, which may be continued likewise.",
    .examples = "  tapedeck import --stream ORDERS --record log\n"
		"  tapedeck import --stream ORDERS --since yesterday --record log\n"
		"  tapedeck import --stream ORDERS --follow --record log",
    .options = groups,
    .run = run,
};
