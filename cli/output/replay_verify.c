#include "cli/output/replay_verify.h"

#include <inttypes.h>

#include "cli/output/escape.h"
#include "cli/output/histogram_json.h"
#include "cli/output/sizes.h"

enum { DETAILS_MAX = 20, PAYLOAD_COLUMNS = 100, ROWS_MAX = 20, SUBJECT_COLUMNS = 40 };

uint64_t cli_replay_mismatch_count(const struct replay_verify_report *report)
{
	uint64_t sum = 0;

	for (int i = 0; i < REPLAY_VERDICT_COUNT; i++)
		if (replay_verdict_is_mismatch((enum replay_verdict)i))
			sum += report->verdicts[i];
	return sum;
}

/* ---- mismatches ---- */

static void put_reply(struct cli_out *out, const char *whose, const struct replay_reply *reply)
{
	char span[CLI_SIZE_TEXT];

	if (!reply->is_known)
		return;
	cli_out_format(out, "    %-9s", whose);
	cli_out_format(out, "after %-8s ", cli_span_text(span, reply->latency_ns));
	if (reply->status.len > 0) {
		cli_out_text(out, "status ");
		cli_escape_put(out, reply->status, PAYLOAD_COLUMNS);
		cli_out_char(out, ' ');
	}
	cli_escape_put(out, reply->payload, PAYLOAD_COLUMNS);
	cli_out_char(out, '\n');
}

static void put_mismatch(struct cli_replay_mismatches *mismatches, const struct replay_mismatch *mismatch)
{
	struct cli_out *out = mismatches->out;

	if (mismatches->printed == DETAILS_MAX)
		cli_out_text(out, "  … more; --json prints them all\n");
	if (mismatches->printed++ >= DETAILS_MAX)
		return;
	cli_out_text(out, "  ");
	cli_escape_put(out, mismatch->subject, CLI_UNCLIPPED);
	cli_out_format(out, " (number %" PRIu64 " in the log): %s", mismatch->seq,
		       replay_verdict_text(mismatch->verdict));
	if (mismatch->recorded_count != mismatch->live_count)
		cli_out_format(out, ", %u instead of %u", mismatch->live_count, mismatch->recorded_count);
	cli_out_char(out, '\n');
	put_reply(out, "recorded", &mismatch->recorded);
	put_reply(out, "live", &mismatch->live);
}

static void put_json_reply(struct cli_json *json, const char *whose, const struct replay_reply *reply)
{
	if (!reply->is_known)
		return;
	cli_json_object(json, whose);
	if (reply->status.len > 0)
		cli_json_string(json, "status", reply->status);
	cli_json_bytes(json, "payload", reply->payload);
	cli_json_real(json, "latency_us", (double)reply->latency_ns / 1e3);
	cli_json_object_end(json);
}

static void put_json_mismatch(struct cli_replay_mismatches *mismatches,
			      const struct replay_mismatch *mismatch)
{
	struct cli_json json = {.out = mismatches->out};

	cli_json_object(&json, NULL);
	cli_json_string(&json, "mismatch", wire_slice_str(replay_verdict_key(mismatch->verdict)));
	cli_json_quoted(&json, "seq", mismatch->seq);
	cli_json_bytes(&json, "subject", mismatch->subject);
	cli_json_number(&json, "recorded_replies", mismatch->recorded_count);
	cli_json_number(&json, "live_replies", mismatch->live_count);
	put_json_reply(&json, "recorded", &mismatch->recorded);
	put_json_reply(&json, "live", &mismatch->live);
	cli_json_object_end(&json);
	cli_out_char(mismatches->out, '\n');
}

void cli_replay_mismatch(void *context, const struct replay_mismatch *mismatch)
{
	struct cli_replay_mismatches *mismatches = context;

	if (mismatches->json)
		put_json_mismatch(mismatches, mismatch);
	else
		put_mismatch(mismatches, mismatch);
}

/* ---- the table ---- */

static uint64_t row_mismatches(const struct replay_verify_row *row)
{
	return row->requests - row->verdicts[REPLAY_VERDICT_SAME] - row->verdicts[REPLAY_VERDICT_MASKED] -
	       row->verdicts[REPLAY_VERDICT_UNVERIFIABLE];
}

static void put_mean(struct cli_out *out, double total_ns, uint64_t count)
{
	char span[CLI_SIZE_TEXT];

	cli_out_format(out, "%10s",
		       count > 0 ? cli_span_text(span, (int64_t)(total_ns / (double)count)) : "-");
}

static void put_row(struct cli_out *out, const struct replay_verify_row *row)
{
	char count[CLI_SIZE_TEXT];

	cli_out_format(out, "  %10s", cli_count_text(count, row->requests));
	cli_out_format(out, "%10s", cli_count_text(count, row->verdicts[REPLAY_VERDICT_SAME]));
	cli_out_format(out, "%10s", cli_count_text(count, row_mismatches(row)));
	cli_out_format(out, "%13s", cli_count_text(count, row->verdicts[REPLAY_VERDICT_UNVERIFIABLE]));
	put_mean(out, row->recorded_total_ns, row->pairs);
	put_mean(out, row->live_total_ns, row->pairs);
	cli_out_text(out, "  ");
	cli_escape_put(out, wire_slice_str(row->subject), SUBJECT_COLUMNS);
	for (int i = 0; i < REPLAY_VERDICT_COUNT; i++)
		if (i != REPLAY_VERDICT_SAME && i != REPLAY_VERDICT_UNVERIFIABLE && row->verdicts[i] > 0)
			cli_out_format(out, "  %s %s", replay_verdict_key((enum replay_verdict)i),
				       cli_count_text(count, row->verdicts[i]));
	cli_out_char(out, '\n');
}

static void put_table(struct cli_out *out, const struct replay_verify_report *report)
{
	if (report->rows_len == 0)
		return;
	cli_out_text(out, "    requests      same   differ  unverifiable  recorded      live  subject\n");
	for (size_t i = 0; i < report->rows_len && i < ROWS_MAX; i++)
		put_row(out, &report->rows[i]);
	if (report->rows_len > ROWS_MAX)
		cli_out_format(out, "  … and %zu more subjects\n", report->rows_len - ROWS_MAX);
}

static void put_times(struct cli_out *out, const char *whose, const struct trace_histogram *times)
{
	char text[CLI_SIZE_TEXT];

	if (times->count == 0)
		return;
	cli_out_format(out, "  %-9s p50 %s", whose,
		       cli_span_text(text, trace_histogram_percentile(times, 50)));
	cli_out_format(out, " · p99 %s", cli_span_text(text, trace_histogram_percentile(times, 99)));
	cli_out_format(out, " · max %s\n", cli_span_text(text, times->max_ns));
}

void cli_replay_verify_text(struct cli_out *out, const struct replay_verify_report *report, bool verified)
{
	char count[CLI_SIZE_TEXT];

	cli_out_format(out, "requests  %s sent", cli_count_text(count, report->requests));
	cli_out_format(out, ", %s answered", cli_count_text(count, report->answered));
	if (report->no_responders > 0)
		cli_out_format(out, ", %s without responders", cli_count_text(count, report->no_responders));
	if (report->timeouts > 0)
		cli_out_format(out, ", %s without a reply", cli_count_text(count, report->timeouts));
	cli_out_char(out, '\n');
	if (report->unawaited > 0)
		cli_out_format(out, "  %s were not waited for: too many were pending\n",
			       cli_count_text(count, report->unawaited));
	if (report->late > 0)
		cli_out_format(out, "  %s replies came after the timeout\n",
			       cli_count_text(count, report->late));
	put_times(out, "recorded", &report->recorded);
	put_times(out, "live", &report->live);
	if (verified)
		put_table(out, report);
}

/* ---- JSON ---- */

static void put_json_verdicts(struct cli_json *json, const uint64_t *verdicts)
{
	for (int i = 0; i < REPLAY_VERDICT_COUNT; i++)
		cli_json_number(json, replay_verdict_key((enum replay_verdict)i), verdicts[i]);
}

static void put_json_times(struct cli_json *json, const char *key, const struct trace_histogram *times)
{
	cli_json_object(json, key);
	cli_json_real(json, "p50", (double)trace_histogram_percentile(times, 50) / 1e3);
	cli_json_real(json, "p99", (double)trace_histogram_percentile(times, 99) / 1e3);
	cli_json_real(json, "max", (double)times->max_ns / 1e3);
	cli_json_object_end(json);
}

static void put_json_rows(struct cli_json *json, const struct replay_verify_report *report)
{
	cli_json_array(json, "subjects");
	for (size_t i = 0; i < report->rows_len; i++) {
		const struct replay_verify_row *row = &report->rows[i];

		cli_json_object(json, NULL);
		cli_json_bytes(json, "subject", wire_slice_str(row->subject));
		cli_json_number(json, "requests", row->requests);
		put_json_verdicts(json, row->verdicts);
		cli_json_object_end(json);
	}
	cli_json_array_end(json);
}

void cli_replay_verify_json(struct cli_json *json, const struct replay_verify_report *report, bool verified)
{
	cli_json_object(json, "requests");
	cli_json_number(json, "sent", report->requests);
	cli_json_number(json, "answered", report->answered);
	cli_json_number(json, "no_responders", report->no_responders);
	cli_json_number(json, "timeouts", report->timeouts);
	cli_json_number(json, "late", report->late);
	cli_json_number(json, "unawaited", report->unawaited);
	put_json_times(json, "live_us", &report->live);
	cli_histogram_json(json, "live_buckets", &report->live);
	if (verified) {
		put_json_times(json, "recorded_us", &report->recorded);
		cli_histogram_json(json, "recorded_buckets", &report->recorded);
		put_json_verdicts(json, report->verdicts);
		put_json_rows(json, report);
	}
	cli_json_object_end(json);
}
