/* cmd_import.c - tapedeck import: make a log of what others keep. Each kind of input has a file of its own. */
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/commands/import_file.h"
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

/* A file is imported whole: `cut` chooses from a log. */
static int check_files(const struct cli_command *command, const struct settings *settings, int argc,
		       char **argv)
{
	const struct cli_import_stream *given = &settings->stream;

	if (given->from_seq > 0 || given->since || given->follows || given->limit > 0)
		return cli_usage_error(command,
				       "--from-seq, --since, --follow and --limit need --stream NAME");
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i] + strspn(argv[i], "-");
		if (name > argv[i] && strncmp(name, "record-", 7) == 0 &&
		    strncmp(name, "record-level", 12) != 0)
			return cli_usage_error(command, "%s needs --stream NAME: files are imported whole",
					       argv[i]);
	}
	return CLI_GO_ON;
}

static int check(const struct cli_command *command, const struct settings *settings,
		 const struct cli_operands *files, int argc, char **argv)
{
	if (!settings->stream.name && files->len == 0)
		return cli_usage_error(command, "give the files, or the stream: --stream NAME");
	if (settings->stream.name && files->len > 0)
		return cli_usage_error(command, "--stream and \"%s\" exclude each other", files->values[0]);
	if (!settings->recording.dir)
		return cli_usage_error(command, "give the directory of the log: --record DIR");
	if (settings->recording.overflow != TAP_OVERFLOW_WAIT)
		return cli_usage_error(command, "--record-overflow: an import drops nothing");
	if (settings->stream.from_seq > 0 && settings->stream.since)
		return cli_usage_error(command, "--from-seq and --since exclude each other");
	return settings->stream.name ? CLI_GO_ON : check_files(command, settings, argc, argv);
}

static int import(const struct cli_command *command, struct settings *settings,
		  const struct cli_operands *files)
{
	if (settings->stream.name)
		return cli_import_stream_run(command, &settings->stream, &settings->recording,
					     &settings->masking);
	return cli_import_file_run(command, files, &settings->recording, &settings->masking,
				   settings->stream.is_quiet);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {0};
	struct cli_operands operands;
	cli_connection_init(&settings.stream.connection);
	settings.stream.connection.uses_selected = true;
	cli_recording_init(&settings.recording);
	int status = cli_options_parse(command, argc, argv, &settings, &operands);
	if (status == CLI_GO_ON)
		status = check(command, &settings, &operands, argc, argv);
	if (status == CLI_GO_ON)
		status = cli_masking_check(command, &settings.masking);
	if (status == CLI_GO_ON)
		status = import(command, &settings, &operands);
	cli_recording_fini(&settings.recording);
	cli_masking_fini(&settings.masking);
	return status;
}

const struct cli_command cli_import = {
    .name = "import",
    .summary = "make a log of files of other tools, or of a JetStream stream",
    .group = CLI_TASK_RECORD,
    .operands = "FILE... | --stream NAME",
    .about =
	"Makes a log of files, or of a JetStream stream.\n"
	"\n"
	"FILE holds events of tapedeck export --format jsonl; or messages, a JSON object a line with a "
	"subject, a payload and a time; or comma-separated values with a row of names; or is a folder that "
	"nats sub --dump wrote, or a packet capture; - is standard input. The log is new, and appears "
	"when it is complete. Messages of other tools have receivers that are not known.\n"
	"\n"
	"With --stream the messages of a stream are read by an ordered consumer: subjects, headers and "
	"payloads as they are, the times at which the stream stored them, and their sequence numbers, in "
	"the reply subject $JS.ACK.... Nothing in the stream changes. A second import into the same log "
	"continues after the last sequence number of the stream that the log has, also after a crash. "
	"Ctrl-C ends an import, which may be continued likewise.",
    .examples = "  tapedeck import log.jsonl --record log\n"
		"  tapedeck import orders.csv --mask header:Authorization --record log\n"
		"  nats sub '>' --dump=- | tapedeck import - --record log\n"
		"  tapedeck import --stream ORDERS --record log\n"
		"  tapedeck import --stream ORDERS --since yesterday --record log\n"
		"  tapedeck import --stream ORDERS --follow --record log",
    .options = groups,
    .run = run,
};
