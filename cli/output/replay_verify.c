#include "cli/output/replay_verify.h"

#include <inttypes.h>

#include "cli/output/histogram_json.h"
#include "export/text/escape.h"
#include "export/text/sizes.h"

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

static void put_reply(struct export_out *out, const char *whose, const struct replay_reply *reply)
{
	char span[EXPORT_SIZE_TEXT];

	if (!reply->is_known)
		return;
	export_out_format(out, "    %-9s", whose);
	export_out_format(out, "after %-8s ", export_span_text(span, reply->latency_ns));
	if (reply->status.len > 0) {
		export_out_text(out, "status ");
		export_escape_put(out, reply->status, PAYLOAD_COLUMNS);
		export_out_char(out, ' ');
	}
	export_escape_put(out, reply->payload, PAYLOAD_COLUMNS);
	export_out_char(out, '\n');
}

static void put_mismatch(struct cli_replay_mismatches *mismatches, const struct replay_mismatch *mismatch)
{
	struct export_out *out = mismatches->out;

	if (mismatches->printed == DETAILS_MAX)
		export_out_text(out, "  … more; --json prints them all\n");
	if (mismatches->printed++ >= DETAILS_MAX)
		return;
	export_out_text(out, "  ");
	export_escape_put(out, mismatch->subject, EXPORT_UNCLIPPED);
	export_out_format(out, " (number %" PRIu64 " in the log): %s", mismatch->seq,
			  replay_verdict_text(mismatch->verdict));
	if (mismatch->recorded_count != mismatch->live_count)
		export_out_format(out, ", %u instead of %u", mismatch->live_count, mismatch->recorded_count);
	export_out_char(out, '\n');
	put_reply(out, "recorded", &mismatch->recorded);
	put_reply(out, "live", &mismatch->live);
}

static void put_json_reply(struct export_json *json, const char *whose, const struct replay_reply *reply)
{
	if (!reply->is_known)
		return;
	export_json_object(json, whose);
	if (reply->status.len > 0)
		export_json_string(json, "status", reply->status);
	export_json_bytes(json, "payload", reply->payload);
	export_json_real(json, "latency_us", (double)reply->latency_ns / 1e3);
	export_json_object_end(json);
}

static void put_json_mismatch(struct cli_replay_mismatches *mismatches,
			      const struct replay_mismatch *mismatch)
{
	struct export_json json = {.out = mismatches->out};

	export_json_object(&json, NULL);
	export_json_string(&json, "mismatch", wire_slice_str(replay_verdict_key(mismatch->verdict)));
	export_json_quoted(&json, "seq", mismatch->seq);
	export_json_bytes(&json, "subject", mismatch->subject);
	export_json_number(&json, "recorded_replies", mismatch->recorded_count);
	export_json_number(&json, "live_replies", mismatch->live_count);
	put_json_reply(&json, "recorded", &mismatch->recorded);
	put_json_reply(&json, "live", &mismatch->live);
	export_json_object_end(&json);
	export_out_char(mismatches->out, '\n');
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

static void put_mean(struct export_out *out, double total_ns, uint64_t count)
{
	char span[EXPORT_SIZE_TEXT];

	export_out_format(out, "%10s",
			  count > 0 ? export_span_text(span, (int64_t)(total_ns / (double)count)) : "-");
}

static void put_row(struct export_out *out, const struct replay_verify_row *row)
{
	char count[EXPORT_SIZE_TEXT];

	export_out_format(out, "  %10s", export_count_text(count, row->requests));
	export_out_format(out, "%10s", export_count_text(count, row->verdicts[REPLAY_VERDICT_SAME]));
	export_out_format(out, "%10s", export_count_text(count, row_mismatches(row)));
	export_out_format(out, "%13s", export_count_text(count, row->verdicts[REPLAY_VERDICT_UNVERIFIABLE]));
	put_mean(out, row->recorded_total_ns, row->pairs);
	put_mean(out, row->live_total_ns, row->pairs);
	export_out_text(out, "  ");
	export_escape_put(out, wire_slice_str(row->subject), SUBJECT_COLUMNS);
	for (int i = 0; i < REPLAY_VERDICT_COUNT; i++)
		if (i != REPLAY_VERDICT_SAME && i != REPLAY_VERDICT_UNVERIFIABLE && row->verdicts[i] > 0)
			export_out_format(out, "  %s %s", replay_verdict_key((enum replay_verdict)i),
					  export_count_text(count, row->verdicts[i]));
	export_out_char(out, '\n');
}

static void put_table(struct export_out *out, const struct replay_verify_report *report)
{
	if (report->rows_len == 0)
		return;
	export_out_text(out, "    requests      same   differ  unverifiable  recorded      live  subject\n");
	for (size_t i = 0; i < report->rows_len && i < ROWS_MAX; i++)
		put_row(out, &report->rows[i]);
	if (report->rows_len > ROWS_MAX)
		export_out_format(out, "  … and %zu more subjects\n", report->rows_len - ROWS_MAX);
}

static void put_times(struct export_out *out, const char *whose, const struct trace_histogram *times)
{
	char text[EXPORT_SIZE_TEXT];

	if (times->count == 0)
		return;
	export_out_format(out, "  %-9s p50 %s", whose,
			  export_span_text(text, trace_histogram_percentile(times, 50)));
	export_out_format(out, " · p99 %s", export_span_text(text, trace_histogram_percentile(times, 99)));
	export_out_format(out, " · max %s\n", export_span_text(text, times->max_ns));
}

void cli_replay_verify_text(struct export_out *out, const struct replay_verify_report *report, bool verified)
{
	char count[EXPORT_SIZE_TEXT];

	export_out_format(out, "requests  %s sent", export_count_text(count, report->requests));
	export_out_format(out, ", %s answered", export_count_text(count, report->answered));
	if (report->no_responders > 0)
		export_out_format(out, ", %s without responders",
				  export_count_text(count, report->no_responders));
	if (report->timeouts > 0)
		export_out_format(out, ", %s without a reply", export_count_text(count, report->timeouts));
	export_out_char(out, '\n');
	if (report->unawaited > 0)
		export_out_format(out, "  %s were not waited for: too many were pending\n",
				  export_count_text(count, report->unawaited));
	if (report->late > 0)
		export_out_format(out, "  %s replies came after the timeout\n",
				  export_count_text(count, report->late));
	put_times(out, "recorded", &report->recorded);
	put_times(out, "live", &report->live);
	if (verified)
		put_table(out, report);
}

/* ---- JSON ---- */

static void put_json_verdicts(struct export_json *json, const uint64_t *verdicts)
{
	for (int i = 0; i < REPLAY_VERDICT_COUNT; i++)
		export_json_number(json, replay_verdict_key((enum replay_verdict)i), verdicts[i]);
}

static void put_json_times(struct export_json *json, const char *key, const struct trace_histogram *times)
{
	export_json_object(json, key);
	export_json_real(json, "p50", (double)trace_histogram_percentile(times, 50) / 1e3);
	export_json_real(json, "p99", (double)trace_histogram_percentile(times, 99) / 1e3);
	export_json_real(json, "max", (double)times->max_ns / 1e3);
	export_json_object_end(json);
}

static void put_json_rows(struct export_json *json, const struct replay_verify_report *report)
{
	export_json_array(json, "subjects");
	for (size_t i = 0; i < report->rows_len; i++) {
		const struct replay_verify_row *row = &report->rows[i];

		export_json_object(json, NULL);
		export_json_bytes(json, "subject", wire_slice_str(row->subject));
		export_json_number(json, "requests", row->requests);
		put_json_verdicts(json, row->verdicts);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

void cli_replay_verify_json(struct export_json *json, const struct replay_verify_report *report,
			    bool verified)
{
	export_json_object(json, "requests");
	export_json_number(json, "sent", report->requests);
	export_json_number(json, "answered", report->answered);
	export_json_number(json, "no_responders", report->no_responders);
	export_json_number(json, "timeouts", report->timeouts);
	export_json_number(json, "late", report->late);
	export_json_number(json, "unawaited", report->unawaited);
	put_json_times(json, "live_us", &report->live);
	cli_histogram_json(json, "live_buckets", &report->live);
	if (verified) {
		put_json_times(json, "recorded_us", &report->recorded);
		cli_histogram_json(json, "recorded_buckets", &report->recorded);
		put_json_verdicts(json, report->verdicts);
		put_json_rows(json, report);
	}
	export_json_object_end(json);
}
