#include "cli/output/replay_dry_run.h"

#include <inttypes.h>

#include "cli/output/escape.h"
#include "cli/output/replay_report.h"
#include "cli/output/sizes.h"
#include "cli/output/times.h"

enum { ROWS_MAX = 20, NAMES_MAX = 10 };

static void put_span(struct cli_out *out, const struct replay_dry_run *dry_run,
		     const struct cli_replay_settings *settings)
{
	struct cli_clock clock = {.utc = settings->filters.utc};
	char text[CLI_TIME_TEXT], span[CLI_SIZE_TEXT];

	cli_clock_text(&clock, dry_run->first_ns, CLI_TIME_SECOND, text);
	cli_out_format(out, "recorded    %s", text);
	cli_clock_text(&clock, dry_run->last_ns, CLI_TIME_SECOND, text);
	cli_out_format(out, " to %s\n", text);
	if (settings->pacing.plan.pacing == REPLAY_FASTEST)
		cli_out_text(out, "takes       as long as the server needs");
	else
		cli_out_format(out, "takes       %s", cli_span_text(span, dry_run->span_ns));
	if (settings->iterations == 0)
		cli_out_text(out, ", repeated without end");
	else if (settings->iterations > 1)
		cli_out_format(out, ", %" PRIu64 " times", settings->iterations);
	cli_out_char(out, '\n');
}

static void put_connections(struct cli_out *out, const struct replay_dry_run *dry_run)
{
	cli_out_format(out, "published by %u connection%s: ", dry_run->publishers.count,
		       dry_run->publishers.count == 1 ? "" : "s");
	for (uint32_t i = 0; i < dry_run->publishers.count && i < NAMES_MAX; i++) {
		if (i > 0)
			cli_out_text(out, ", ");
		cli_escape_put(out, wire_slice_str(dry_run->publishers.list[i].name), CLI_UNCLIPPED);
	}
	cli_out_text(out, dry_run->publishers.count > NAMES_MAX ? ", …\n" : "\n");
}

static void put_subjects(struct cli_out *out, const struct replay_dry_run *dry_run)
{
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT];

	cli_out_text(out, "      messages   payload  subject\n");
	for (uint32_t i = 0; i < dry_run->subjects_len && i < ROWS_MAX; i++) {
		cli_out_format(out, "  %12s", cli_count_text(count, dry_run->subjects[i].messages));
		cli_out_format(out, "%10s  ", cli_size_text(size, dry_run->subjects[i].bytes));
		cli_escape_put(out, wire_slice_str(dry_run->subjects[i].subject), CLI_UNCLIPPED);
		cli_out_char(out, '\n');
	}
	if (dry_run->subjects_len > ROWS_MAX || dry_run->other_subjects_messages > 0)
		cli_out_format(out, "  … of %u%s subjects\n", dry_run->subjects_len,
			       dry_run->other_subjects_messages > 0 ? " and more" : "");
}

void cli_replay_dry_run_text(struct cli_out *out, const struct replay_dry_run *dry_run,
			     const struct cli_replay_settings *settings, struct replay_map *map)
{
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT];

	cli_out_format(out, "would play  %s messages (%s)", cli_count_text(count, dry_run->messages),
		       cli_size_text(size, dry_run->bytes));
	if (dry_run->requests > 0)
		cli_out_format(out, ", %s of them requests", cli_count_text(count, dry_run->requests));
	if (settings->clones > 1)
		cli_out_format(out, ", each %" PRIu64 " times", settings->clones);
	cli_out_char(out, '\n');
	if (dry_run->messages > 0) {
		put_span(out, dry_run, settings);
		put_connections(out, dry_run);
		put_subjects(out, dry_run);
	}
	cli_replay_omissions_text(out, &dry_run->read);
	cli_replay_maps_text(out, map);
	cli_replay_log_text(out, &dry_run->read);
}

static void put_json_subjects(struct cli_json *json, const struct replay_dry_run *dry_run)
{
	cli_json_number(json, "subject_count", dry_run->subjects_len);
	cli_json_array(json, "subjects");
	for (uint32_t i = 0; i < dry_run->subjects_len; i++) {
		cli_json_object(json, NULL);
		cli_json_bytes(json, "subject", wire_slice_str(dry_run->subjects[i].subject));
		cli_json_number(json, "messages", dry_run->subjects[i].messages);
		cli_json_number(json, "bytes", dry_run->subjects[i].bytes);
		cli_json_object_end(json);
	}
	cli_json_array_end(json);
}

void cli_replay_dry_run_json(struct cli_out *out, const struct replay_dry_run *dry_run,
			     const struct cli_replay_settings *settings)
{
	struct cli_json json = {.out = out};
	struct cli_clock clock = {.utc = true};

	cli_json_object(&json, NULL);
	cli_json_true(&json, "dry_run");
	cli_json_number(&json, "messages", dry_run->messages);
	cli_json_number(&json, "bytes", dry_run->bytes);
	cli_json_number(&json, "requests", dry_run->requests);
	cli_json_number(&json, "loops", settings->iterations);
	cli_json_number(&json, "clones", settings->clones);
	if (dry_run->messages > 0) {
		cli_json_time(&json, "first_time", &clock, dry_run->first_ns);
		cli_json_time(&json, "last_time", &clock, dry_run->last_ns);
	}
	cli_json_real(&json, "seconds", (double)dry_run->span_ns / 1e9);
	cli_json_steps(&json, &dry_run->read.steps);
	cli_json_number(&json, "connections", dry_run->publishers.count);
	put_json_subjects(&json, dry_run);
	cli_json_number(&json, "skipped", cli_replay_omitted(&dry_run->read));
	cli_replay_omissions_json(&json, &dry_run->read, 0);
	cli_json_object_end(&json);
	cli_out_char(out, '\n');
}
