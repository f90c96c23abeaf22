#include "cli/output/replay_dry_run.h"

#include <inttypes.h>

#include "cli/output/groups_json.h"
#include "cli/output/replay_report.h"
#include "export/text/clock.h"
#include "export/text/escape.h"

enum { ROWS_MAX = 20, NAMES_MAX = 10 };

static void put_span(struct export_out *out, const struct replay_dry_run *dry_run,
		     const struct cli_replay_settings *settings)
{
	struct export_clock clock = {.utc = settings->filters.utc};
	char text[EXPORT_TIME_TEXT], span[EXPORT_SIZE_TEXT];

	export_clock_text(&clock, dry_run->first_ns, EXPORT_TIME_SECOND, text);
	export_out_format(out, "recorded    %s", text);
	export_clock_text(&clock, dry_run->last_ns, EXPORT_TIME_SECOND, text);
	export_out_format(out, " to %s\n", text);
	if (settings->pacing.plan.pacing == REPLAY_FASTEST)
		export_out_text(out, "takes       as long as the server needs");
	else if (dry_run->span_ns == 0)
		export_out_text(out, "takes       no time: all messages are due at once");
	else
		export_out_format(out, "takes       %s", export_span_text(span, dry_run->span_ns));
	if (settings->iterations == 0)
		export_out_text(out, ", repeated without end");
	else if (settings->iterations > 1)
		export_out_format(out, ", %" PRIu64 " times", settings->iterations);
	export_out_char(out, '\n');
}

static void put_connections(struct export_out *out, const struct replay_dry_run *dry_run)
{
	export_out_format(out, "published by %u connection%s: ", dry_run->publishers.count,
			  dry_run->publishers.count == 1 ? "" : "s");
	for (uint32_t i = 0; i < dry_run->publishers.count && i < NAMES_MAX; i++) {
		if (i > 0)
			export_out_text(out, ", ");
		export_escape_put(out, wire_slice_str(dry_run->publishers.list[i].name), EXPORT_UNCLIPPED);
	}
	export_out_text(out, dry_run->publishers.count > NAMES_MAX ? ", …\n" : "\n");
}

static const struct cli_groups_words words = {"messages", "subject", " (all with --json)"};

static struct cli_groups_scale scale_of(const struct replay_dry_run *dry_run)
{
	return cli_groups_scale_of(dry_run->messages, dry_run->span_ns);
}

static void put_subjects(struct export_out *out, const struct replay_dry_run *dry_run)
{
	const struct cli_groups_scale scale = scale_of(dry_run);
	size_t columns = cli_terminal_columns(out->fd);
	struct cli_row row = {.out = out, .columns = columns ? columns : CLI_ROW_ENDLESS};

	cli_groups_text(&row, &scale, &dry_run->subjects, ROWS_MAX, &words, NULL);
}

void cli_replay_dry_run_text(struct export_out *out, const struct replay_dry_run *dry_run,
			     const struct cli_replay_settings *settings, struct replay_map *map)
{
	char count[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT];

	export_out_format(out, "would play  %s messages (%s)", export_count_text(count, dry_run->messages),
			  export_size_text(size, dry_run->bytes));
	if (dry_run->requests > 0)
		export_out_format(out, ", %s of them requests", export_count_text(count, dry_run->requests));
	if (settings->clones > 1)
		export_out_format(out, ", each %" PRIu64 " times", settings->clones);
	export_out_char(out, '\n');
	if (dry_run->messages > 0) {
		put_span(out, dry_run, settings);
		put_connections(out, dry_run);
		put_subjects(out, dry_run);
	}
	cli_replay_omissions_text(out, &dry_run->read);
	cli_replay_maps_text(out, map);
	cli_replay_log_text(out, &dry_run->read);
}

void cli_replay_dry_run_json(struct export_out *out, const struct replay_dry_run *dry_run,
			     const struct cli_replay_settings *settings)
{
	struct export_json json = {.out = out};
	struct export_clock clock = {.utc = true};

	export_json_object(&json, NULL);
	export_json_true(&json, "dry_run");
	export_json_number(&json, "messages", dry_run->messages);
	export_json_number(&json, "bytes", dry_run->bytes);
	export_json_number(&json, "requests", dry_run->requests);
	export_json_number(&json, "loops", settings->iterations);
	export_json_number(&json, "clones", settings->clones);
	if (dry_run->messages > 0) {
		export_json_time(&json, "first_time", &clock, dry_run->first_ns);
		export_json_time(&json, "last_time", &clock, dry_run->last_ns);
	}
	export_json_real(&json, "seconds", (double)dry_run->span_ns / 1e9);
	export_json_steps(&json, &dry_run->read.steps);
	export_json_number(&json, "connections", dry_run->publishers.count);
	const struct cli_groups_scale scale = scale_of(dry_run);
	cli_groups_json(&json, &scale, &dry_run->subjects, UINT64_MAX, &words, NULL);
	export_json_number(&json, "skipped", cli_replay_omitted(&dry_run->read));
	cli_replay_omissions_json(&json, &dry_run->read, 0);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
