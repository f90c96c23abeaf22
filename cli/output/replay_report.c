#include "cli/output/replay_report.h"

#include <inttypes.h>

#include "cli/output/histogram_json.h"
#include "cli/output/replay_options.h"
#include "cli/output/replay_verify.h"
#include "export/text/sizes.h"

enum { LATE_SHARE = 100 }; /* the schedule is held with one late message in this many */

bool cli_replay_was_held(const struct replay_report *report)
{
	return report->end != REPLAY_END_LATE && report->dropped == 0 && report->stretched_ns == 0 &&
	       report->late <= report->sent / LATE_SHARE;
}

uint64_t cli_replay_failed(const struct replay_report *report)
{
	uint64_t failed = report->doubtful + report->not_permitted;

	for (int i = 0; i < REPLAY_FAILURE_COUNT; i++)
		failed += report->failed[i];
	return failed;
}

uint64_t cli_replay_omitted(const struct replay_feed_counts *read)
{
	uint64_t sum = 0;

	for (int i = 0; i < REPLAY_OMISSION_COUNT; i++)
		sum += read->omitted[i];
	return sum;
}

static double rate_of(const struct replay_report *report, int64_t ns)
{
	/* n messages span n - 1 intervals. */
	return report->sent > 1 && ns > 0 ? (double)(report->sent - 1) * 1e9 / (double)ns : 0;
}

/* ---- text ---- */

static void put_count(struct export_out *out, uint64_t count, const char *what)
{
	char text[EXPORT_SIZE_TEXT];

	if (count > 0)
		export_out_format(out, "  %12s  %s\n", export_count_text(text, count), what);
}

void cli_replay_omissions_text(struct export_out *out, const struct replay_feed_counts *read)
{
	if (cli_replay_omitted(read) > 0)
		export_out_text(out, "left out\n");
	for (int i = 0; i < REPLAY_OMISSION_COUNT; i++)
		put_count(out, read->omitted[i], replay_omission_text((enum replay_omission)i));
}

static void put_failures(struct export_out *out, const struct replay_report *report)
{
	if (cli_replay_failed(report) + report->dropped + report->other_errors == 0)
		return;
	export_out_text(out, "not sent, or refused\n");
	put_count(out, report->dropped, "late: dropped");
	for (int i = 0; i < REPLAY_FAILURE_COUNT; i++)
		put_count(out, report->failed[i], replay_failure_text((enum replay_failure)i));
	put_count(out, report->not_permitted, "refused: no permission");
	put_count(out, report->doubtful, "sent, but may have been lost with a connection");
	put_count(out, report->other_errors, "other errors that the server reported");
	if (report->last_error[0])
		export_out_format(out, "  the last error: %s\n", report->last_error);
}

static void put_lag(struct export_out *out, const struct replay_report *report,
		    const struct cli_replay_settings *settings)
{
	static const struct {
		const char *name;
		double percent;
	} rows[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};
	char text[EXPORT_SIZE_TEXT], span[EXPORT_SIZE_TEXT];

	if (!report->timed || report->sent == 0)
		return;
	if (report->lag.max_ns == 0) {
		export_out_text(out, "lag       none\n");
		return;
	}
	export_out_text(out, "lag       ");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		export_out_format(
		    out, "%s %s · ", rows[i].name,
		    export_span_text(text, trace_histogram_percentile(&report->lag, rows[i].percent)));
	export_out_format(out, "max %s\n", export_span_text(text, report->lag.max_ns));
	export_out_format(out, "late      %s (%.3f %%) by more than %s\n",
			  export_count_text(text, report->late),
			  100 * (double)report->late / (double)report->sent,
			  export_span_text(span, settings->tolerance_ns));
}

static void put_totals(struct export_out *out, const struct replay_report *report)
{
	char count[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT], span[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT];

	export_out_format(out, "sent      %s message%s (%s)", export_count_text(count, report->sent),
			  report->sent == 1 ? "" : "s", export_size_text(size, report->sent_bytes));
	if (report->sent > 1 && report->seconds_ns > 0)
		export_out_format(out, " in %s: %s a second", export_span_text(span, report->seconds_ns),
				  export_rate_text(rate, rate_of(report, report->seconds_ns)));
	if (report->sent > 1 && report->asked_ns > 0)
		export_out_format(out, "; scheduled: %s a second",
				  export_rate_text(rate, rate_of(report, report->asked_ns)));
	export_out_char(out, '\n');
}

static void put_run(struct export_out *out, const struct replay_report *report)
{
	char text[EXPORT_SIZE_TEXT];

	if (report->stretched_ns > 0)
		export_out_format(out, "stretched by %s\n", export_span_text(text, report->stretched_ns));
	if (report->paused_ns > 0)
		export_out_format(out, "paused    %s\n", export_span_text(text, report->paused_ns));
	if (report->unconfirmed)
		export_out_text(out, "the server did not confirm in time that it has read everything\n");
	if (report->disconnects > 0)
		export_out_format(
		    out, "lost the server %" PRIu64 " times, reconnected %" PRIu64 " times, waited %s\n",
		    report->disconnects, report->reconnects, export_span_text(text, report->away_ns));
}

static void put_acks(struct export_out *out, const struct replay_report *report)
{
	const struct replay_acks_report *acks = &report->acks;
	char count[EXPORT_SIZE_TEXT];

	export_out_format(out, "stored    %s message%s", export_count_text(count, acks->stored),
			  export_plural(acks->stored));
	if (acks->duplicates > 0)
		export_out_format(out, "; %s were there already (Nats-Msg-Id)",
				  export_count_text(count, acks->duplicates));
	export_out_char(out, '\n');
	if (acks->refused > 0)
		export_out_format(out, "%s refused by the stream, the first one: %s\n",
				  export_count_text(count, acks->refused), acks->first_refusal);
	if (acks->without_stream > 0)
		export_out_format(out, "%s on subjects that no stream takes\n",
				  export_count_text(count, acks->without_stream));
	if (acks->pending > 0)
		export_out_format(out, "%s were sent without an acknowledgement\n",
				  export_count_text(count, acks->pending));
	if (report->resume_failed)
		export_out_text(out, "the file of --resume could not be written\n");
}

static void put_json_acks(struct export_json *json, const struct replay_report *report)
{
	const struct replay_acks_report *acks = &report->acks;

	export_json_object(json, "stream");
	export_json_number(json, "stored", acks->stored);
	export_json_number(json, "duplicates", acks->duplicates);
	export_json_number(json, "refused", acks->refused);
	export_json_number(json, "without_stream", acks->without_stream);
	export_json_number(json, "unacknowledged", acks->pending);
	export_json_number(json, "done_seq", acks->done_seq);
	if (acks->first_refusal[0])
		export_json_string(json, "first_refusal", wire_slice_str(acks->first_refusal));
	export_json_object_end(json);
}

void cli_replay_log_text(struct export_out *out, const struct replay_feed_counts *read)
{
	char count[EXPORT_SIZE_TEXT], steps[EXPORT_STEPS_TEXT];

	if (read->steps.count > 0)
		export_out_format(out, "the clock of the recording was %s: the schedule ignores that\n",
				  export_steps_text(steps, &read->steps));
	if (read->gaps > 0)
		export_out_format(out,
				  "%s messages or more are missing in the log itself, in %" PRIu64 " gaps\n",
				  export_count_text(count, read->gap_messages), read->gaps);
	if (read->damage.places > 0)
		export_out_format(
		    out,
		    "the log is damaged: %s events could not be read; \"tapedeck verify LOG\" says "
		    "where\n",
		    export_count_text(count, read->damage.events));
	if (read->damage.deleted_places > 0)
		export_out_format(out, "%s events of the log were deleted before they could be read\n",
				  export_count_text(count, read->damage.deleted_events));
}

void cli_replay_maps_text(struct export_out *out, const struct replay_map *map)
{
	const char *example;
	char count[EXPORT_SIZE_TEXT];

	for (size_t i = 0; i < replay_map_len(map); i++)
		if (replay_map_use(map, i).subjects == 0)
			export_out_format(out, "--map '%s' matched nothing\n", replay_map_use(map, i).rule);
	uint64_t collisions = replay_map_collisions(map, &example);
	if (collisions > 0)
		export_out_format(
		    out, "--map renamed different subjects to one for %s messages, the first \"%s\"\n",
		    export_count_text(count, collisions), example);
}

void cli_replay_report_text(struct export_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings)
{
	const struct replay_report *report = replay_player_report(player);
	char count[EXPORT_SIZE_TEXT];

	put_totals(out, report);
	put_lag(out, report, settings);
	put_run(out, report);
	if (report->has_acks)
		put_acks(out, report);
	if (report->requests)
		cli_replay_verify_text(out, report->requests, settings->verify);
	cli_replay_omissions_text(out, &report->read);
	put_failures(out, report);
	cli_replay_maps_text(out, replay_rewrite_map(replay_player_rewrite(player)));
	if (report->masked > 0)
		export_out_format(out,
				  "%s of these messages were masked when they were recorded, and sent so\n",
				  export_count_text(count, report->masked));
	if (report->guarded > 0 && !report->has_acks)
		export_out_format(
		    out,
		    "%s messages have Nats-Msg-Id or Nats-Expected-...: a stream may discard them; "
		    "see --drop-header\n",
		    export_count_text(count, report->guarded));
	cli_replay_log_text(out, &report->read);
	if (!cli_replay_was_held(report))
		export_out_text(out, "the schedule was not held\n");
}

/* ---- JSON ---- */

static void put_json_lag(struct export_json *json, const struct trace_histogram *lag)
{
	export_json_object(json, "lag_us");
	export_json_real(json, "p50", (double)trace_histogram_percentile(lag, 50) / 1e3);
	export_json_real(json, "p90", (double)trace_histogram_percentile(lag, 90) / 1e3);
	export_json_real(json, "p99", (double)trace_histogram_percentile(lag, 99) / 1e3);
	export_json_real(json, "p999", (double)trace_histogram_percentile(lag, 99.9) / 1e3);
	export_json_real(json, "max", (double)lag->max_ns / 1e3);
	export_json_object_end(json);
}

void cli_replay_omissions_json(struct export_json *json, const struct replay_feed_counts *read,
			       uint64_t dropped)
{
	export_json_object(json, "skipped_by");
	for (int i = 0; i < REPLAY_OMISSION_COUNT; i++)
		export_json_number(json, replay_omission_key((enum replay_omission)i), read->omitted[i]);
	export_json_number(json, "late", dropped);
	export_json_object_end(json);
}

static void put_json_failures(struct export_json *json, const struct replay_report *report)
{
	export_json_object(json, "failed_by");
	for (int i = 0; i < REPLAY_FAILURE_COUNT; i++)
		export_json_number(json, replay_failure_key((enum replay_failure)i), report->failed[i]);
	export_json_number(json, "not_permitted", report->not_permitted);
	export_json_number(json, "doubtful", report->doubtful);
	export_json_object_end(json);
}

static void put_json_run(struct export_json *json, const struct replay_report *report)
{
	static const char *const ends[] = {"done", "stopped", "late", "server", "source", "unacknowledged"};

	export_json_string(json, "end", wire_slice_str(ends[report->end]));
	export_json_number(json, "late", report->late);
	if (cli_replay_was_held(report))
		export_json_true(json, "held");
	export_json_real(json, "asked_rate", rate_of(report, report->asked_ns));
	export_json_real(json, "asked_seconds", (double)report->asked_ns / 1e9);
	export_json_real(json, "stretched_seconds", (double)report->stretched_ns / 1e9);
	export_json_real(json, "paused_seconds", (double)report->paused_ns / 1e9);
	export_json_real(json, "away_seconds", (double)report->away_ns / 1e9);
	export_json_number(json, "disconnects", report->disconnects);
	export_json_number(json, "reconnects", report->reconnects);
	export_json_number(json, "errors", report->other_errors);
	export_json_number(json, "gaps", report->read.gaps);
	export_json_number(json, "gap_messages", report->read.gap_messages);
	export_json_number(json, "damaged_events", report->read.damage.events);
	export_json_number(json, "deleted_events", report->read.damage.deleted_events);
	export_json_steps(json, &report->read.steps);
}

void cli_replay_report_json(struct export_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings)
{
	const struct replay_report *report = replay_player_report(player);
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	export_json_number(&json, "messages", report->read.messages);
	put_json_run(&json, report);
	cli_replay_omissions_json(&json, &report->read, report->dropped);
	put_json_failures(&json, report);
	if (report->has_acks)
		put_json_acks(&json, report);
	if (report->requests)
		cli_replay_verify_json(&json, report->requests, settings->verify);
	export_json_number(&json, "bytes", report->sent_bytes);
	export_json_number(&json, "sent", report->sent);
	export_json_number(&json, "masked", report->masked);
	export_json_number(&json, "skipped", cli_replay_omitted(&report->read) + report->dropped);
	export_json_number(&json, "failed", cli_replay_failed(report));
	export_json_real(&json, "seconds", (double)report->seconds_ns / 1e9);
	export_json_real(&json, "rate", rate_of(report, report->seconds_ns));
	if (report->timed) {
		put_json_lag(&json, &report->lag);
		cli_histogram_json(&json, "lag_buckets", &report->lag);
	}
	export_json_number(&json, "shard", settings->shard.shard + 1);
	export_json_number(&json, "shards", settings->shard.shards);
	cli_replay_options_json(&json, settings);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
