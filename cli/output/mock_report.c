#include "cli/output/mock_report.h"

#include "export/text/json.h"
#include "export/text/sizes.h"

static const char *const match_names[REPLAY_MOCK_MATCHES] = {"exact", "in_order", "missed"};

static void put_counts(struct cli_row *row, const struct replay_mock_count *count, enum cli_color color)
{
	char text[EXPORT_SIZE_TEXT];
	uint64_t missed = count->requests[REPLAY_MOCK_MISS];

	for (int match = 0; match < REPLAY_MOCK_MISS; match++)
		cli_row_format(row, color, " %12s", export_count_text(text, count->requests[match]));
	cli_row_format(row, missed > 0 ? CLI_RED : color, " %12s  ", export_count_text(text, missed));
}

static void put_table(struct cli_row *row, const struct replay_mock_report *report)
{
	cli_row_format(row, CLI_DIM, " %12s %12s %12s  subject", "exact", "in order", "missed");
	cli_row_end(row);
	for (size_t i = 0; i < report->subjects_len; i++) {
		put_counts(row, &report->subjects[i], CLI_PLAIN);
		if (report->subjects[i].subject.len > 0)
			cli_row_put(row, CLI_BOLD, report->subjects[i].subject, row->columns);
		else
			cli_row_text(row, CLI_DIM, "(other subjects)");
		cli_row_end(row);
	}
	put_counts(row, &report->total, CLI_BOLD);
	cli_row_text(row, CLI_DIM, "all");
	cli_row_end(row);
}

static void put_unknown(struct cli_row *row, const struct replay_mock_report *report)
{
	char text[EXPORT_SIZE_TEXT];

	if (report->unknown_len == 0)
		return;
	export_out_char(row->out, '\n');
	cli_row_text(row, CLI_DIM, "requests without a recorded reply:");
	cli_row_end(row);
	for (size_t i = 0; i < report->unknown_len; i++) {
		const struct replay_mock_unknown *unknown = &report->unknown[i];

		cli_row_format(row, CLI_PLAIN, " %12s  ", export_count_text(text, unknown->times));
		cli_row_put(row, CLI_BOLD, unknown->subject, row->columns);
		cli_row_format(row, CLI_PLAIN, "  %s  ", export_size_text(text, unknown->size));
		cli_row_rest(row, unknown->payload);
		cli_row_end(row);
	}
}

static void put_trouble(struct cli_row *row, uint64_t count, const char *what)
{
	char text[EXPORT_SIZE_TEXT];

	if (count == 0)
		return;
	cli_row_format(row, CLI_YELLOW, " %12s  %s", export_count_text(text, count), what);
	cli_row_end(row);
}

void cli_mock_report_text(struct cli_row *row, const struct replay_mock_report *report)
{
	char text[EXPORT_SIZE_TEXT];

	put_table(row, report);
	put_unknown(row, report);
	export_out_char(row->out, '\n');
	cli_row_format(row, CLI_PLAIN, " %12s  replies sent", export_count_text(text, report->replies));
	cli_row_end(row);
	put_trouble(row, report->failed, "replies could not be sent");
	put_trouble(row, report->overflowed, "requests not answered: too many at a time");
	put_trouble(row, report->without_reply, "messages without a reply subject");
	put_trouble(row, report->disconnects, "times the connection was lost");
	put_trouble(row, report->not_permitted, "times refused: no permission");
	put_trouble(row, report->other_errors, "other errors that the server reported");
	if (report->last_error[0]) {
		cli_row_format(row, CLI_YELLOW, "the last error: %s", report->last_error);
		cli_row_end(row);
	}
}

static void put_json_counts(struct export_json *json, const struct replay_mock_count *count)
{
	for (int match = 0; match < REPLAY_MOCK_MATCHES; match++)
		export_json_number(json, match_names[match], count->requests[match]);
}

static void put_json_subjects(struct export_json *json, const struct replay_mock_report *report)
{
	export_json_array(json, "subjects");
	for (size_t i = 0; i < report->subjects_len; i++) {
		export_json_object(json, NULL);
		if (report->subjects[i].subject.len > 0)
			export_json_bytes(json, "subject", report->subjects[i].subject);
		put_json_counts(json, &report->subjects[i]);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

static void put_json_unknown(struct export_json *json, const struct replay_mock_report *report)
{
	export_json_array(json, "unknown");
	for (size_t i = 0; i < report->unknown_len; i++) {
		export_json_object(json, NULL);
		export_json_bytes(json, "subject", report->unknown[i].subject);
		export_json_bytes(json, "payload", report->unknown[i].payload);
		export_json_number(json, "size", report->unknown[i].size);
		export_json_number(json, "times", report->unknown[i].times);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

void cli_mock_report_json(struct export_out *out, const struct replay_mock_report *report,
			  const struct cli_mock_totals *recorded)
{
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	export_json_number(&json, "recorded_requests", recorded->conversations);
	export_json_number(&json, "recorded_replies", recorded->replies);
	put_json_counts(&json, &report->total);
	export_json_number(&json, "replies", report->replies);
	export_json_number(&json, "failed", report->failed);
	export_json_number(&json, "overflowed", report->overflowed);
	export_json_number(&json, "without_reply", report->without_reply);
	export_json_number(&json, "disconnects", report->disconnects);
	export_json_number(&json, "not_permitted", report->not_permitted);
	export_json_number(&json, "errors", report->other_errors);
	put_json_subjects(&json, report);
	put_json_unknown(&json, report);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
