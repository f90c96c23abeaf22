#include "cli/output/intervals_json.h"

#include "cli/output/json.h"
#include "store/read/steps.h"

static void put_counts(struct cli_json *json, const struct store_interval *interval)
{
	cli_json_number(json, "messages", interval->messages);
	cli_json_number(json, "bytes", interval->bytes);
	cli_json_real(json, "rate", cli_interval_rate(interval));
	cli_json_number(json, "errors", interval->errors);
	cli_json_number(json, "gaps", interval->gaps);
	cli_json_number(json, "gap_messages", interval->gap_messages);
	cli_json_down(json, interval->down_ns);
	if (interval->step_ns != 0)
		cli_json_real(json, "clock_step_seconds", (double)interval->step_ns / 1e9);
}

static void put_intervals(struct cli_json *json, const struct store_intervals *intervals)
{
	struct cli_clock clock = {.utc = true};
	int64_t steps_ns = 0;

	cli_json_array(json, "intervals");
	for (size_t i = 0; i < intervals->len; i++) {
		int64_t begin_ns = store_time_plus(store_interval_begin(intervals, i), steps_ns);

		cli_json_object(json, NULL);
		cli_json_time(json, "from", &clock, begin_ns);
		put_counts(json, &intervals->list[i]);
		cli_json_object_end(json);
		steps_ns = store_time_plus(steps_ns, intervals->list[i].step_ns);
	}
	cli_json_array_end(json);
}

void cli_intervals_json(struct cli_out *out, const struct cli_intervals_view *view)
{
	struct cli_json json = {.out = out};

	cli_json_object(&json, NULL);
	cli_json_bytes(&json, "log", wire_slice_str(view->log));
	cli_json_real(&json, "every_seconds", (double)view->intervals->every_ns / 1e9);
	put_counts(&json, &view->intervals->total);
	put_intervals(&json, view->intervals);
	cli_json_object_end(&json);
	cli_out_char(out, '\n');
}
