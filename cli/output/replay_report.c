#include "cli/output/replay_report.h"

#include <inttypes.h>

#include "cli/output/histogram_json.h"
#include "cli/output/replay_options.h"
#include "cli/output/replay_verify.h"
#include "cli/output/sizes.h"

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

static void put_count(struct cli_out *out, uint64_t count, const char *what)
{
	char text[CLI_SIZE_TEXT];

	if (count > 0)
		cli_out_format(out, "  %12s  %s\n", cli_count_text(text, count), what);
}

void cli_replay_omissions_text(struct cli_out *out, const struct replay_feed_counts *read)
{
	if (cli_replay_omitted(read) > 0)
		cli_out_text(out, "left out\n");
	for (int i = 0; i < REPLAY_OMISSION_COUNT; i++)
		put_count(out, read->omitted[i], replay_omission_text((enum replay_omission)i));
}

static void put_failures(struct cli_out *out, const struct replay_report *report)
{
	if (cli_replay_failed(report) + report->dropped + report->other_errors == 0)
		return;
	cli_out_text(out, "not sent, or refused\n");
	put_count(out, report->dropped, "late: dropped");
	for (int i = 0; i < REPLAY_FAILURE_COUNT; i++)
		put_count(out, report->failed[i], replay_failure_text((enum replay_failure)i));
	put_count(out, report->not_permitted, "refused: no permission");
	put_count(out, report->doubtful, "sent, but may have been lost with a connection");
	put_count(out, report->other_errors, "other errors that the server reported");
	if (report->last_error[0])
		cli_out_format(out, "  the last error: %s\n", report->last_error);
}

static void put_lag(struct cli_out *out, const struct replay_report *report,
		    const struct cli_replay_settings *settings)
{
	static const struct {
		const char *name;
		double percent;
	} rows[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};
	char text[CLI_SIZE_TEXT], span[CLI_SIZE_TEXT];

	if (!report->timed || report->sent == 0)
		return;
	if (report->lag.max_ns == 0) {
		cli_out_text(out, "lag       none\n");
		return;
	}
	cli_out_text(out, "lag       ");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cli_out_format(
		    out, "%s %s · ", rows[i].name,
		    cli_span_text(text, trace_histogram_percentile(&report->lag, rows[i].percent)));
	cli_out_format(out, "max %s\n", cli_span_text(text, report->lag.max_ns));
	cli_out_format(out, "late      %s (%.3f %%) by more than %s\n", cli_count_text(text, report->late),
		       100 * (double)report->late / (double)report->sent,
		       cli_span_text(span, settings->tolerance_ns));
}

static void put_totals(struct cli_out *out, const struct replay_report *report)
{
	char count[CLI_SIZE_TEXT], size[CLI_SIZE_TEXT], span[CLI_SIZE_TEXT], rate[CLI_SIZE_TEXT];

	cli_out_format(out, "sent      %s message%s (%s)", cli_count_text(count, report->sent),
		       report->sent == 1 ? "" : "s", cli_size_text(size, report->sent_bytes));
	if (report->sent > 1 && report->seconds_ns > 0)
		cli_out_format(out, " in %s: %s a second", cli_span_text(span, report->seconds_ns),
			       cli_rate_text(rate, rate_of(report, report->seconds_ns)));
	if (report->sent > 1 && report->asked_ns > 0)
		cli_out_format(out, "; scheduled: %s a second",
			       cli_rate_text(rate, rate_of(report, report->asked_ns)));
	cli_out_char(out, '\n');
}

static void put_run(struct cli_out *out, const struct replay_report *report)
{
	char text[CLI_SIZE_TEXT];

	if (report->stretched_ns > 0)
		cli_out_format(out, "stretched by %s\n", cli_span_text(text, report->stretched_ns));
	if (report->paused_ns > 0)
		cli_out_format(out, "paused    %s\n", cli_span_text(text, report->paused_ns));
	if (report->unconfirmed)
		cli_out_text(out, "the server did not confirm in time that it has read everything\n");
	if (report->disconnects > 0)
		cli_out_format(
		    out, "lost the server %" PRIu64 " times, reconnected %" PRIu64 " times, waited %s\n",
		    report->disconnects, report->reconnects, cli_span_text(text, report->away_ns));
}

static void put_acks(struct cli_out *out, const struct replay_report *report)
{
	const struct replay_acks_report *acks = &report->acks;
	char count[CLI_SIZE_TEXT];

	cli_out_format(out, "stored    %s message%s", cli_count_text(count, acks->stored),
		       cli_plural(acks->stored));
	if (acks->duplicates > 0)
		cli_out_format(out, "; %s were there already (Nats-Msg-Id)",
			       cli_count_text(count, acks->duplicates));
	cli_out_char(out, '\n');
	if (acks->refused > 0)
		cli_out_format(out, "%s refused by the stream, the first one: %s\n",
			       cli_count_text(count, acks->refused), acks->first_refusal);
	if (acks->without_stream > 0)
		cli_out_format(out, "%s on subjects that no stream takes\n",
			       cli_count_text(count, acks->without_stream));
	if (acks->pending > 0)
		cli_out_format(out, "%s were sent without an acknowledgement\n",
			       cli_count_text(count, acks->pending));
	if (report->resume_failed)
		cli_out_text(out, "the file of --resume could not be written\n");
}

static void put_json_acks(struct cli_json *json, const struct replay_report *report)
{
	const struct replay_acks_report *acks = &report->acks;

	cli_json_object(json, "stream");
	cli_json_number(json, "stored", acks->stored);
	cli_json_number(json, "duplicates", acks->duplicates);
	cli_json_number(json, "refused", acks->refused);
	cli_json_number(json, "without_stream", acks->without_stream);
	cli_json_number(json, "unacknowledged", acks->pending);
	cli_json_number(json, "done_seq", acks->done_seq);
	if (acks->first_refusal[0])
		cli_json_string(json, "first_refusal", wire_slice_str(acks->first_refusal));
	cli_json_object_end(json);
}

void cli_replay_log_text(struct cli_out *out, const struct replay_feed_counts *read)
{
	char count[CLI_SIZE_TEXT], steps[CLI_STEPS_TEXT];

	if (read->steps.count > 0)
		cli_out_format(out, "the clock of the recording was %s: the schedule ignores that\n",
			       cli_steps_text(steps, &read->steps));
	if (read->gaps > 0)
		cli_out_format(out,
			       "%s messages or more are missing in the log itself, in %" PRIu64 " gaps\n",
			       cli_count_text(count, read->gap_messages), read->gaps);
	if (read->damage.places > 0)
		cli_out_format(
		    out,
		    "the log is damaged: %s events could not be read; \"tapedeck verify LOG\" says "
		    "where\n",
		    cli_count_text(count, read->damage.events));
	if (read->damage.deleted_places > 0)
		cli_out_format(out, "%s events of the log were deleted before they could be read\n",
			       cli_count_text(count, read->damage.deleted_events));
}

void cli_replay_maps_text(struct cli_out *out, const struct replay_map *map)
{
	const char *example;
	char count[CLI_SIZE_TEXT];

	for (size_t i = 0; i < replay_map_len(map); i++)
		if (replay_map_use(map, i).subjects == 0)
			cli_out_format(out, "--map '%s' matched nothing\n", replay_map_use(map, i).rule);
	uint64_t collisions = replay_map_collisions(map, &example);
	if (collisions > 0)
		cli_out_format(out,
			       "--map renamed different subjects to one for %s messages, the first \"%s\"\n",
			       cli_count_text(count, collisions), example);
}

void cli_replay_report_text(struct cli_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings)
{
	const struct replay_report *report = replay_player_report(player);
	char count[CLI_SIZE_TEXT];

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
		cli_out_format(out, "%s of these messages were masked when they were recorded, and sent so\n",
			       cli_count_text(count, report->masked));
	if (report->guarded > 0 && !report->has_acks)
		cli_out_format(
		    out,
		    "%s messages have Nats-Msg-Id or Nats-Expected-...: a stream may discard them; "
		    "see --drop-header\n",
		    cli_count_text(count, report->guarded));
	cli_replay_log_text(out, &report->read);
	if (!cli_replay_was_held(report))
		cli_out_text(out, "the schedule was not held\n");
}

/* ---- JSON ---- */

static void put_json_lag(struct cli_json *json, const struct trace_histogram *lag)
{
	cli_json_object(json, "lag_us");
	cli_json_real(json, "p50", (double)trace_histogram_percentile(lag, 50) / 1e3);
	cli_json_real(json, "p90", (double)trace_histogram_percentile(lag, 90) / 1e3);
	cli_json_real(json, "p99", (double)trace_histogram_percentile(lag, 99) / 1e3);
	cli_json_real(json, "p999", (double)trace_histogram_percentile(lag, 99.9) / 1e3);
	cli_json_real(json, "max", (double)lag->max_ns / 1e3);
	cli_json_object_end(json);
}

void cli_replay_omissions_json(struct cli_json *json, const struct replay_feed_counts *read, uint64_t dropped)
{
	cli_json_object(json, "skipped_by");
	for (int i = 0; i < REPLAY_OMISSION_COUNT; i++)
		cli_json_number(json, replay_omission_key((enum replay_omission)i), read->omitted[i]);
	cli_json_number(json, "late", dropped);
	cli_json_object_end(json);
}

static void put_json_failures(struct cli_json *json, const struct replay_report *report)
{
	cli_json_object(json, "failed_by");
	for (int i = 0; i < REPLAY_FAILURE_COUNT; i++)
		cli_json_number(json, replay_failure_key((enum replay_failure)i), report->failed[i]);
	cli_json_number(json, "not_permitted", report->not_permitted);
	cli_json_number(json, "doubtful", report->doubtful);
	cli_json_object_end(json);
}

static void put_json_run(struct cli_json *json, const struct replay_report *report)
{
	static const char *const ends[] = {"done", "stopped", "late", "server", "source", "unacknowledged"};

	cli_json_string(json, "end", wire_slice_str(ends[report->end]));
	cli_json_number(json, "late", report->late);
	if (cli_replay_was_held(report))
		cli_json_true(json, "held");
	cli_json_real(json, "asked_rate", rate_of(report, report->asked_ns));
	cli_json_real(json, "asked_seconds", (double)report->asked_ns / 1e9);
	cli_json_real(json, "stretched_seconds", (double)report->stretched_ns / 1e9);
	cli_json_real(json, "paused_seconds", (double)report->paused_ns / 1e9);
	cli_json_real(json, "away_seconds", (double)report->away_ns / 1e9);
	cli_json_number(json, "disconnects", report->disconnects);
	cli_json_number(json, "reconnects", report->reconnects);
	cli_json_number(json, "errors", report->other_errors);
	cli_json_number(json, "gaps", report->read.gaps);
	cli_json_number(json, "gap_messages", report->read.gap_messages);
	cli_json_number(json, "damaged_events", report->read.damage.events);
	cli_json_number(json, "deleted_events", report->read.damage.deleted_events);
	cli_json_steps(json, &report->read.steps);
}

void cli_replay_report_json(struct cli_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings)
{
	const struct replay_report *report = replay_player_report(player);
	struct cli_json json = {.out = out};

	cli_json_object(&json, NULL);
	cli_json_number(&json, "messages", report->read.messages);
	put_json_run(&json, report);
	cli_replay_omissions_json(&json, &report->read, report->dropped);
	put_json_failures(&json, report);
	if (report->has_acks)
		put_json_acks(&json, report);
	if (report->requests)
		cli_replay_verify_json(&json, report->requests, settings->verify);
	cli_json_number(&json, "bytes", report->sent_bytes);
	cli_json_number(&json, "sent", report->sent);
	cli_json_number(&json, "masked", report->masked);
	cli_json_number(&json, "skipped", cli_replay_omitted(&report->read) + report->dropped);
	cli_json_number(&json, "failed", cli_replay_failed(report));
	cli_json_real(&json, "seconds", (double)report->seconds_ns / 1e9);
	cli_json_real(&json, "rate", rate_of(report, report->seconds_ns));
	if (report->timed) {
		put_json_lag(&json, &report->lag);
		cli_histogram_json(&json, "lag_buckets", &report->lag);
	}
	cli_json_number(&json, "shard", settings->shard.shard + 1);
	cli_json_number(&json, "shards", settings->shard.shards);
	cli_replay_options_json(&json, settings);
	cli_json_object_end(&json);
	cli_out_char(out, '\n');
}
