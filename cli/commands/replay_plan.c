#include "cli/commands/replay_plan.h"

#include <inttypes.h>

#include "cli/output/replay_report.h"
#include "cli/output/sizes.h"
#include "cli/output/times.h"
#include "cli/output/visible.h"

enum { ROWS_MAX = 20, NAMES_MAX = 10 };

static void put_span(struct cli_out *out, const struct replay_survey *survey,
		     const struct cli_replay_settings *settings)
{
	struct cli_clock clock = {.utc = settings->filters.utc};
	char text[CLI_TIME_TEXT], span[CLI_SIZE_TEXT];

	cli_clock_text(&clock, survey->first_ns, CLI_TIME_SECOND, text);
	cli_out_format(out, "recorded    %s", text);
	cli_clock_text(&clock, survey->last_ns, CLI_TIME_SECOND, text);
	cli_out_format(out, " to %s\n", text);
	if (settings->pacing.plan.pacing == REPLAY_FASTEST)
		cli_out_text(out, "takes       as long as it takes");
	else
		cli_out_format(out, "takes       %s", cli_span_text(span, survey->span_ns));
	if (settings->passes == 0)
		cli_out_text(out, ", again and again");
	else if (settings->passes > 1)
		cli_out_format(out, ", %" PRIu64 " times", settings->passes);
	cli_out_char(out, '\n');
}

static void put_connections(struct cli_out *out, const struct replay_survey *survey)
{
	cli_out_format(out, "published by %u connection%s: ", survey->roster.count,
		       survey->roster.count == 1 ? "" : "s");
	for (uint32_t i = 0; i < survey->roster.count && i < NAMES_MAX; i++) {
		if (i > 0)
			cli_out_text(out, ", ");
		cli_visible_put(out, wire_slice_str(survey->roster.list[i].name), CLI_UNCLIPPED);
	}
	cli_out_text(out, survey->roster.count > NAMES_MAX ? ", …\n" : "\n");
}

static void put_subjects(struct cli_out *out, const struct replay_survey *survey)
{
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT];

	cli_out_text(out, "      messages   payload  subject\n");
	for (uint32_t i = 0; i < survey->subjects_len && i < ROWS_MAX; i++) {
		cli_out_format(out, "  %12s", cli_count_text(count, survey->subjects[i].messages));
		cli_out_format(out, "%10s  ", cli_size_text(size, survey->subjects[i].bytes));
		cli_visible_put(out, wire_slice_str(survey->subjects[i].subject), CLI_UNCLIPPED);
		cli_out_char(out, '\n');
	}
	if (survey->subjects_len > ROWS_MAX || survey->other_subjects_messages > 0)
		cli_out_format(out, "  … of %u%s subjects\n", survey->subjects_len,
			       survey->other_subjects_messages > 0 ? " and more" : "");
}

void cli_replay_plan_text(struct cli_out *out, const struct replay_survey *survey,
			  const struct cli_replay_settings *settings, struct replay_map *map)
{
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT];

	cli_out_format(out, "would play  %s messages (%s)", cli_count_text(count, survey->messages),
		       cli_size_text(size, survey->bytes));
	if (survey->requests > 0)
		cli_out_format(out, ", %s of them requests", cli_count_text(count, survey->requests));
	if (settings->clones > 1)
		cli_out_format(out, ", each %" PRIu64 " times", settings->clones);
	cli_out_char(out, '\n');
	if (survey->messages > 0) {
		put_span(out, survey, settings);
		put_connections(out, survey);
		put_subjects(out, survey);
	}
	cli_replay_omissions_text(out, &survey->read);
	cli_replay_maps_text(out, map);
	cli_replay_log_text(out, &survey->read);
}

static void put_json_subjects(struct cli_json *json, const struct replay_survey *survey)
{
	cli_json_number(json, "subject_count", survey->subjects_len);
	cli_json_array(json, "subjects");
	for (uint32_t i = 0; i < survey->subjects_len; i++) {
		cli_json_object(json, NULL);
		cli_json_bytes(json, "subject", wire_slice_str(survey->subjects[i].subject));
		cli_json_number(json, "messages", survey->subjects[i].messages);
		cli_json_number(json, "bytes", survey->subjects[i].bytes);
		cli_json_object_end(json);
	}
	cli_json_array_end(json);
}

void cli_replay_plan_json(struct cli_out *out, const struct replay_survey *survey,
			  const struct cli_replay_settings *settings)
{
	struct cli_json json = {.out = out};
	struct cli_clock clock = {.utc = true};

	cli_json_object(&json, NULL);
	cli_json_true(&json, "dry_run");
	cli_json_number(&json, "messages", survey->messages);
	cli_json_number(&json, "bytes", survey->bytes);
	cli_json_number(&json, "requests", survey->requests);
	cli_json_number(&json, "loops", settings->passes);
	cli_json_number(&json, "clones", settings->clones);
	if (survey->messages > 0) {
		cli_json_time(&json, "first_time", &clock, survey->first_ns);
		cli_json_time(&json, "last_time", &clock, survey->last_ns);
	}
	cli_json_real(&json, "seconds", (double)survey->span_ns / 1e9);
	cli_json_steps(&json, &survey->read.steps);
	cli_json_number(&json, "connections", survey->roster.count);
	put_json_subjects(&json, survey);
	cli_json_number(&json, "skipped", cli_replay_omitted(&survey->read));
	cli_replay_omissions_json(&json, &survey->read, 0);
	cli_json_object_end(&json);
	cli_out_char(out, '\n');
}
