#include "cli/options/recording.h"
#include "cli/options/values.h"
#include "cli/output/errors.h"
#include "export/text/sizes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/subject.h"

#define AT(member) offsetof(struct cli_recording, member)

enum { BATCH_BYTES = 8 << 20 }; /* memory of a full batch: rows, payloads and side buffers */

/* always | interval | interval=100ms | none */
static int set_sync(void *member, const char *argument, struct wire_fault *fault)
{
	struct cli_recording *recording = member;
	int64_t ms = 0;
	if (strcmp(argument, "always") == 0) {
		recording->sync = STORE_SYNC_ALWAYS;
	} else if (strcmp(argument, "none") == 0) {
		recording->sync = STORE_SYNC_NONE;
	} else if (strcmp(argument, "interval") == 0) {
		recording->sync = STORE_SYNC_INTERVAL;
	} else if (strncmp(argument, "interval=", 9) == 0 &&
		   cli_parse_duration_ms(argument + 9, &ms, NULL) == 0 && ms >= 1 && ms <= 3600000) {
		recording->sync = STORE_SYNC_INTERVAL;
		recording->sync_interval_ms = (int)ms;
	} else {
		return wire_fault_set(fault, -EINVAL,
				      "is none of always, interval, interval=DURATION (1ms to 1h), none");
	}
	return 0;
}

static int set_level(void *member, const char *argument, struct wire_fault *fault)
{
	int *level = member;
	char *end;
	long number = strtol(argument, &end, 10);
	if (strcmp(argument, "auto") == 0) {
		*level = STORE_LEVEL_AUTO;
		return 0;
	}
	if (end != argument && !*end && number == 0)
		return wire_fault_set(fault, -EINVAL, "is zstd's word for its default: write 3");
	if (end == argument || *end || number < -100 || number > 19)
		return wire_fault_set(fault, -EINVAL,
				      "is neither auto nor a level from -100 (fastest) to 19 (smallest)");
	*level = (int)number;
	return 0;
}

static int set_threads(void *member, const char *argument, struct wire_fault *fault)
{
	static const char *const words[] = {"auto", "1", "2"};
	uint32_t *threads = member;
	for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(argument, words[i]) == 0) {
			*threads = i;
			return 0;
		}
	}
	return wire_fault_set(fault, -EINVAL, "is none of 1, 2, auto");
}

static int add_subject(void *member, const char *argument, struct wire_fault *fault)
{
	if (!wire_subject_is_valid(wire_slice_str(argument)))
		return wire_fault_set(fault, -EINVAL,
				      "is not a subject; write for example orders.> or orders.*.new");
	return cli_list_add(member, argument);
}

/* all | none | max=N */
static int set_payload(void *member, const char *argument, struct wire_fault *fault)
{
	int64_t *max_payload = member;
	uint64_t bytes = 0;
	if (strcmp(argument, "all") == 0) {
		*max_payload = -1;
		return 0;
	}
	if (strncmp(argument, "max=", 4) == 0 && cli_parse_bytes(argument + 4, &bytes, NULL) == 0)
		*max_payload = (int64_t)bytes;
	else if (strcmp(argument, "none") == 0)
		*max_payload = 0;
	else
		return wire_fault_set(fault, -EINVAL, "is none of all, none, max=SIZE");
	return 0;
}

const struct cli_option cli_recording_options[] = {
    {.name = "record",
     .kind = CLI_TEXT,
     .argument = "DIR",
     .at = AT(dir),
     .help = "log every message, and who received it as far as that is seen, into this directory"},
    {.name = "record-sync",
     .kind = CLI_CALL,
     .argument = "always|interval[=TIME]|none",
     .call = set_sync,
     .help = "when the log is forced to disk: after each block, at intervals (default, of 100ms), or never"},
    {.name = "record-overflow",
     .kind = CLI_CHOICE,
     .argument = "wait|drop",
     .at = AT(overflow),
     .help = "when the disk is slower than the bus: wait for it, which slows down publishers where they can "
	     "be (default), or "
	     "leave messages out of the log, which then records how many (default of proxy)"},
    {.name = "record-detail",
     .kind = CLI_CHOICE,
     .argument = "messages|deliveries|protocol",
     .at = AT(detail),
     .help =
	 "messages: each message, and how many received it; deliveries (default): also who received it, who "
	 "did not, and why; protocol: also every subscribe and unsubscribe"},
    {.name = "record-include",
     .kind = CLI_CALL,
     .argument = "SUBJECT",
     .at = AT(include),
     .call = add_subject,
     .help = "record only these subjects; * and > are wildcards; may be repeated"},
    {.name = "record-exclude",
     .kind = CLI_CALL,
     .argument = "SUBJECT",
     .at = AT(exclude),
     .call = add_subject,
     .help = "do not record these subjects; may be repeated"},
    {.name = "record-payload",
     .kind = CLI_CALL,
     .argument = "all|none|max=SIZE",
     .at = AT(max_payload),
     .call = set_payload,
     .help = "how much of each payload is kept (default: all); its true size is always recorded"},
    {.name = "record-level",
     .kind = CLI_CALL,
     .argument = "N|auto",
     .at = AT(level),
     .call = set_level,
     .help = "zstd level; auto follows the load: faster while the disk lags, smaller while it idles"},
    {.name = "record-threads",
     .kind = CLI_CALL,
     .argument = "1|2|auto",
     .at = AT(threads),
     .call = set_threads,
     .help = "threads that compress; auto: a second one helps where there are four processors and more"},
    {.name = "record-segment-size",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .at = AT(segment_bytes),
     .help = "begin a new segment file after this many bytes"},
    {.name = "record-segment-age",
     .kind = CLI_DURATION,
     .argument = "AGE",
     .at = AT(segment_age_ms),
     .help = "or when the segment reaches this age, for example 1h"},
    {.name = "record-retain-size",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .at = AT(retain_bytes),
     .help = "delete the oldest segments when all together are larger (default: keep all)"},
    {.name = "record-retain-age",
     .kind = CLI_DURATION,
     .argument = "AGE",
     .at = AT(retain_age_ms),
     .help = "delete segments that were last written to longer ago, for example 7d (default: keep all)"},
    {.name = "on-segment-closed",
     .kind = CLI_TEXT,
     .argument = "COMMAND",
     .at = AT(on_segment_closed),
     .help = "run this shell command for each closed segment, whose path is \"$1\", to copy it elsewhere; "
	     "again when it fails. Recording does not wait for it"},
    {.name = "record-memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .at = AT(memory_bytes),
     .help = "memory for messages that are not written yet, in steps of 8 MiB"},
    {0},
};

void cli_recording_init(struct cli_recording *recording)
{
	struct tap_recording_options recorder;
	tap_recording_options_init(&recorder);
	*recording = (struct cli_recording){.overflow = (int)recorder.overflow,
					    .detail = (int)recorder.detail,
					    .sync = recorder.writer.sync,
					    .sync_interval_ms = recorder.writer.sync_interval_ms,
					    .level = recorder.writer.level,
					    .max_payload = recorder.max_payload,
					    .segment_bytes = recorder.writer.segment_bytes,
					    .segment_age_ms = recorder.writer.segment_age_ms,
					    .retain_bytes = recorder.writer.retain_bytes,
					    .retain_age_ms = recorder.writer.retain_age_ms,
					    .memory_bytes = (uint64_t)recorder.writer.batches * BATCH_BYTES};
}

void cli_recording_fini(struct cli_recording *recording)
{
	cli_list_fini(&recording->include);
	cli_list_fini(&recording->exclude);
}

static bool is_about_recording(const char *option)
{
	static const char closed[] = "on-segment-closed";
	return strncmp(option, "record-", 7) == 0 || strncmp(option, closed, sizeof closed - 1) == 0;
}

int cli_recording_check(const struct cli_command *command, const struct cli_recording *recording, int argc,
			char **argv)
{
	for (int i = 1; i < argc && !recording->dir; i++)
		if (is_about_recording(argv[i] + strspn(argv[i], "-")))
			return cli_usage_error(command, "%s needs --record DIR", argv[i]);
	return CLI_GO_ON;
}

void cli_recording_apply(const struct cli_recording *recording, struct tap_recording_options *options)
{
	uint64_t batches = (recording->memory_bytes + BATCH_BYTES - 1) / BATCH_BYTES;
	tap_recording_options_init(options);
	options->overflow = (enum tap_overflow)recording->overflow;
	options->detail = (enum tap_detail)recording->detail;
	options->include = recording->include.values;
	options->exclude = recording->exclude.values;
	options->max_payload = recording->max_payload;
	options->on_segment_closed = recording->on_segment_closed;
	options->writer.sync = recording->sync;
	options->writer.sync_interval_ms = recording->sync_interval_ms;
	options->writer.level = recording->level;
	options->writer.threads = recording->threads;
	options->writer.segment_bytes = recording->segment_bytes;
	options->writer.segment_age_ms = recording->segment_age_ms;
	options->writer.retain_bytes = recording->retain_bytes;
	options->writer.retain_age_ms = recording->retain_age_ms;
	options->writer.batches = batches < 2 ? 2 : batches > 4096 ? 4096 : (uint32_t)batches;
}

int cli_recording_end(const struct cli_command *command, struct tap_recorder **recorder,
		      struct tap_recording *recording)
{
	struct wire_sink_status status = {0};
	char lost[EXPORT_SIZE_TEXT];

	tap_recorder_close(*recorder);
	*recorder = NULL;
	tap_recording_flush(recording);
	tap_recording_status(recording, &status);
	if (!status.degraded && status.lost_messages == 0)
		return CLI_DONE;
	cli_error(command, "the log is not complete: it lacks %s message%s%s%s",
		  export_count_text(lost, status.lost_messages), export_plural(status.lost_messages),
		  status.degraded ? "; " : "", status.degraded ? status.reason : "");
	return CLI_IO;
}
