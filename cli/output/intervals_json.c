#include "cli/output/intervals_json.h"

#include "export/text/json.h"
#include "store/read/steps.h"

static void put_counts(struct export_json *json, const struct store_interval *interval)
{
	export_json_number(json, "messages", interval->messages);
	export_json_number(json, "bytes", interval->bytes);
	export_json_real(json, "rate", cli_interval_rate(interval));
	export_json_number(json, "errors", interval->errors);
	export_json_number(json, "gaps", interval->gaps);
	export_json_number(json, "gap_messages", interval->gap_messages);
	export_json_down(json, interval->down_ns);
	if (interval->step_ns != 0)
		export_json_real(json, "clock_step_seconds", (double)interval->step_ns / 1e9);
}

static void put_intervals(struct export_json *json, const struct store_intervals *intervals)
{
	struct export_clock clock = {.utc = true};
	int64_t steps_ns = 0;

	export_json_array(json, "intervals");
	for (size_t i = 0; i < intervals->len; i++) {
		int64_t begin_ns = store_time_plus(store_interval_begin(intervals, i), steps_ns);

		export_json_object(json, NULL);
		export_json_time(json, "from", &clock, begin_ns);
		put_counts(json, &intervals->list[i]);
		export_json_object_end(json);
		steps_ns = store_time_plus(steps_ns, intervals->list[i].step_ns);
	}
	export_json_array_end(json);
}

void cli_intervals_json(struct export_out *out, const struct cli_intervals_view *view)
{
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	export_json_bytes(&json, "log", wire_slice_str(view->log));
	export_json_real(&json, "every_seconds", (double)view->intervals->every_ns / 1e9);
	put_counts(&json, &view->intervals->total);
	put_intervals(&json, view->intervals);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
