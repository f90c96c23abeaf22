/* cmd_record.c - tapedeck record: subscribe to a NATS server, and record what arrives. */
#include <limits.h>

#include "cli/commands/commands.h"
#include "cli/commands/record.h"
#include "cli/commands/record_subjects.h"
#include "cli/output/errors.h"
#include "wire/subject.h"

#define AT(member) offsetof(struct cli_record, member)

enum { MEMORY_BYTES = 64 << 20 };

static const struct cli_option what[] = {
    {.name = "queue",
     .kind = CLI_TEXT,
     .argument = "GROUP",
     .help = "share the messages with the other recorders of this queue group: each message is in the log "
	     "of one of them",
     .at = AT(group)},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "memory for the messages of each subject that wait for the recorder; more are dropped and "
	     "counted; default 64MiB",
     .at = AT(memory_bytes)},
    {.name = NULL},
};

static const struct cli_option when[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "end after N messages",
     .min = 1,
     .at = AT(limit)},
    {.name = "duration",
     .kind = CLI_DURATION,
     .argument = "TIME",
     .help = "end after this time",
     .at = AT(duration_ms)},
    {.name = "until-idle",
     .kind = CLI_DURATION,
     .argument = "TIME",
     .help = "end when no message has arrived for this long",
     .at = AT(idle_ms)},
    {.name = "wait",
     .kind = CLI_FLAG,
     .help = "wait for a server that cannot be reached at the start, instead of ending with status 3",
     .at = AT(waits)},
    {.name = "quiet",
     .letter = 'q',
     .kind = CLI_FLAG,
     .help = "no line for each outage, and no summary",
     .at = AT(quiet)},
    {.name = NULL},
};

static const struct cli_option others[] = {
    {.name = "system-context",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help =
	 "a context of natscli for the system account: also log connects, and disconnects with their reasons",
     .at = AT(system_context)},
    {.name = "monitor",
     .kind = CLI_LIST,
     .argument = "URL",
     .help =
	 "likewise from this monitoring port, such as http://a:8222; may be repeated, once for each server",
     .at = AT(monitors)},
    {.name = "control",
     .kind = CLI_TEXT,
     .argument = "SUBJECT",
     .help = "obey requests on this subject: start, stop, mark TEXT, status; the replies are JSON",
     .at = AT(control)},
    {.name = "paused",
     .kind = CLI_FLAG,
     .help = "with --control: record nothing until a request asks for it",
     .at = AT(is_paused)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"What to record", what, 0},
    {"Running", when, 0},
    {"Others", others, 0},
    {"Recording", cli_recording_options, AT(recording)},
    {"Masking", cli_masking_options, AT(masking)},
    {"Connecting", cli_connection_options, AT(connection)},
    {0},
};

static int check(const struct cli_command *command, const struct cli_record *record)
{
	if (!record->recording.dir)
		return cli_usage_error(command, "give the directory of the log: --record DIR");
	for (int i = 0; i < record->subjects.len; i++)
		if (!wire_subject_is_valid(wire_slice_str(record->subjects.values[i])))
			return cli_usage_error(
			    command, "\"%s\" is not a subject; write for example orders.> or orders.*.new",
			    record->subjects.values[i]);
	if (record->group && !wire_subject_is_literal(wire_slice_str(record->group)))
		return cli_usage_error(command, "\"%s\" is not the name of a queue group", record->group);
	if (record->is_paused && !record->control)
		return cli_usage_error(command, "--paused needs --control");
	if (record->control && !wire_subject_is_literal(wire_slice_str(record->control)))
		return cli_usage_error(command, "--control: \"%s\" is not a subject without wildcards",
				       record->control);
	if (record->memory_bytes > INT_MAX)
		return cli_usage_error(command, "--memory: libnats holds less than 2 GiB");
	return CLI_GO_ON;
}

static void report_left_out(void *context, const char *subject, const char *covered_by)
{
	cli_error(context, "\"%s\" is left out, since \"%s\" covers it", subject, covered_by);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_record record = {.memory_bytes = MEMORY_BYTES};
	cli_connection_init(&record.connection);
	record.connection.uses_selected = true;
	cli_recording_init(&record.recording);
	int status = cli_options_parse(command, argc, argv, &record, &record.subjects);
	if (status == CLI_GO_ON)
		status = check(command, &record);
	if (status == CLI_GO_ON)
		status = cli_masking_check(command, &record.masking);
	if (status == CLI_GO_ON)
		cli_record_reduce_subjects(&record.subjects, record.quiet ? NULL : report_left_out,
					   (void *)(uintptr_t)command);
	if (status == CLI_GO_ON)
		status = cli_record_run(command, &record);
	cli_recording_fini(&record.recording);
	cli_masking_fini(&record.masking);
	cli_list_fini(&record.monitors);
	return status;
}

const struct cli_command cli_record = {
    .name = "record",
    .summary = "subscribe to a NATS server or cluster, and log every message",
    .group = CLI_TASK_RECORD,
    .operands = "[SUBJECT...]",
    .about =
	"Connects as a client, subscribes to the subjects (default: >), and logs what arrives. A subscriber "
	"does\n"
	"not see who published a message and who else received it: the log says that both are unknown.\n"
	"\n"
	"Reconnects for ever, to any server of the cluster. Each time without a connection is a gap in the "
	"log,\n"
	"with its cause and duration, and so is each number of messages that were dropped because recording "
	"could\n"
	"not keep up. Ctrl-C and SIGTERM end the recording with a summary on stderr.",
    .examples = "  tapedeck record --record log                      all that the user may see\n"
		"  tapedeck record 'orders.>' -s a,b,c --creds me.creds --record log\n"
		"  tapedeck record --queue recorders --record log1   one of several that share\n"
		"  tapedeck record 'test.>' --record log --until-idle 5s",
    .options = groups,
    .run = run,
};
