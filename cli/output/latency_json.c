#include "cli/output/latency_json.h"

#include "export/text/json.h"
#include "store/read/steps.h"

static double rate_of(uint64_t count, int64_t up_ns)
{
	return up_ns > 0 ? (double)count * 1e9 / (double)up_ns : 0;
}

static void put_us(struct export_json *json, const char *key, int64_t ns)
{
	if (ns == TRACE_LATENCY_UNKNOWN)
		export_json_null(json, key);
	else
		export_json_real(json, key, (double)ns / 1e3);
}

/* {p50, p90, p99, p999, max} in microseconds; null when nothing was measured. */
static void put_histogram(struct export_json *json, const char *key, const struct trace_histogram *histogram)
{
	static const struct {
		const char *key;
		double percent;
	} percentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}};
	if (histogram->count + histogram->skipped == 0) {
		export_json_null(json, key);
		return;
	}
	export_json_object(json, key);
	for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
		put_us(json, percentiles[i].key,
		       histogram->count > 0 ? trace_histogram_percentile(histogram, percentiles[i].percent)
					    : TRACE_LATENCY_UNKNOWN);
	put_us(json, "max", histogram->max_ns);
	export_json_object_end(json);
}

static void put_service(struct export_json *json, const char *key, const struct cli_latency_view *view,
			uint32_t service)
{
	if (service == TRACE_SERVICE_UNKNOWN)
		export_json_null(json, key);
	else
		export_json_bytes(json, key, trace_clients_service_name(view->clients, service));
}

static void put_example(struct export_json *json, const struct cli_latency_view *view,
			const struct trace_example *example)
{
	struct export_clock clock = {.utc = true};

	export_json_object(json, NULL);
	if (view->logs_len > 1 && example->origin < (uint32_t)view->logs_len)
		export_json_bytes(json, "log", wire_slice_str(view->logs[example->origin]));
	export_json_quoted(json, "seq", example->seq);
	export_json_time(json, "time", &clock, example->time_ns);
	export_json_bytes(json, "subject", trace_names_text(&view->result->subjects, example->subject));
	put_service(json, "requester", view, example->requester);
	put_service(json, "responder", view, example->responder);
	put_us(json, "latency_us", example->latency_ns);
	if (example->latency_ns == TRACE_LATENCY_UNKNOWN)
		put_us(json, "waited_us", example->ns);
	export_json_object_end(json);
}

static void put_examples(struct export_json *json, const char *key, const struct cli_latency_view *view,
			 const struct trace_examples *examples)
{
	export_json_array(json, key);
	for (size_t i = 0; i < examples->len; i++)
		put_example(json, view, &examples->list[i]);
	export_json_array_end(json);
}

/* Why requests that count as unanswered may have had a reply. */
static void put_doubts(struct export_json *json, const struct trace_latency_row *row)
{
	export_json_number(json, "unanswered_at_end", row->at_end);
	export_json_number(json, "unanswered_at_gap", row->at_gap);
	export_json_number(json, "unanswered_forgotten", row->evicted);
	export_json_number(json, "unanswered_reply_subject_reused", row->superseded);
	export_json_number(json, "unanswered_undelivered", row->undelivered);
}

/* up_ns: that the rate is over. */
static void put_row(struct export_json *json, const struct trace_latency_row *row, int64_t up_ns)
{
	export_json_number(json, "count", row->count);
	export_json_real(json, "rate", rate_of(row->count, up_ns));
	export_json_number(json, "answered", row->answered);
	export_json_number(json, "unanswered", row->unanswered);
	export_json_number(json, "no_responders", row->no_responders);
	export_json_number(json, "several_replies", row->several_replies);
	export_json_number(json, "several_responders", row->several_responders);
	put_doubts(json, row);
	put_histogram(json, "latency_us", &row->latency);
	put_histogram(json, "last_reply_us", &row->last);
	put_histogram(json, "service_us", &row->service);
	put_histogram(json, "bus_us", &row->bus);
}

static int put_table(struct export_json *json, const char *table, const char *key,
		     const struct cli_latency_view *view, const struct trace_latency_rows *rows,
		     enum cli_latency_names names)
{
	struct cli_latency_order order;
	int error = cli_latency_order_init(&order, view, rows, names);
	if (error)
		return error;
	export_json_array(json, table);
	for (size_t i = 0; i < order.len; i++) {
		export_json_object(json, NULL);
		if (names == CLI_NAMES_OF_SERVICES)
			put_service(json, key, view, order.list[i].number);
		else
			export_json_bytes(json, key, order.list[i].name);
		put_row(json, order.list[i].row, store_uptime_all_up(view->uptime));
		put_examples(json, "slowest", view, &order.list[i].row->slowest);
		export_json_object_end(json);
	}
	export_json_array_end(json);
	cli_latency_order_fini(&order);
	return 0;
}

static int put_deliveries(struct export_json *json, const struct cli_latency_view *view)
{
	struct cli_latency_order order;
	int error = cli_latency_order_init(&order, view, &view->result->deliveries, CLI_NAMES_OF_SUBJECTS);
	if (error)
		return error;
	export_json_array(json, "deliveries");
	for (size_t i = 0; i < order.len; i++) {
		export_json_object(json, NULL);
		export_json_bytes(json, "subject", order.list[i].name);
		export_json_number(json, "count", order.list[i].row->count);
		put_histogram(json, "delivery_us", &order.list[i].row->latency);
		export_json_object_end(json);
	}
	export_json_array_end(json);
	cli_latency_order_fini(&order);
	return 0;
}

static void put_intervals(struct export_json *json, const struct cli_latency_view *view)
{
	static const struct trace_latency_row nothing;
	const struct trace_latency_result *result = view->result;
	struct export_clock clock = {.utc = true};
	uint32_t end = result->intervals.cap;
	if (view->options->every_ns == 0)
		return;
	while (end > 0 && !result->intervals.list[end - 1])
		end--;
	export_json_array(json, "intervals");
	for (uint32_t i = 0; i < end; i++) {
		const struct trace_latency_row *row = result->intervals.list[i];
		const int64_t begin_ns = store_time_plus(result->base_steady_ns, i * view->options->every_ns);
		const struct store_period period = {begin_ns,
						    store_time_plus(begin_ns, view->options->every_ns)};
		export_json_object(json, NULL);
		export_json_time(json, "time", &clock,
				 result->base_ns + (int64_t)i * view->options->every_ns);
		put_row(json, row ? row : &nothing, store_uptime_up(view->uptime, period));
		export_json_down(json, store_uptime_down(view->uptime, period));
		export_json_object_end(json);
	}
	export_json_array_end(json);
	export_json_number(json, "other_intervals", result->intervals.others.count);
}

static void put_head(struct export_json *json, const struct cli_latency_view *view)
{
	const struct trace_latency_result *result = view->result;
	struct export_clock clock = {.utc = true};

	export_json_array(json, "logs");
	for (int i = 0; i < view->logs_len; i++)
		export_json_bytes(json, NULL, wire_slice_str(view->logs[i]));
	export_json_array_end(json);
	if (result->has_events) {
		export_json_time(json, "first_time", &clock, result->first_ns);
		export_json_time(json, "last_time", &clock, result->last_ns);
	}
	export_json_real(json, "seconds", (double)result->span_ns / 1e9);
	export_json_down(json, store_uptime_all_down(view->uptime));
	export_json_steps(json, &view->steps);
	export_json_number(json, "messages", result->messages);
	export_json_number(json, "gaps", result->gaps);
}

static void put_lists(struct export_json *json, const struct cli_latency_view *view)
{
	const struct trace_latency_result *result = view->result;

	put_examples(json, "slowest", view, &result->total.slowest);
	if (view->options->slow_ns > 0) {
		export_json_number(json, "slow_count", result->slow.seen);
		put_examples(json, "slow", view, &result->slow);
	}
	if (view->options->unanswered_ns > 0) {
		export_json_number(json, "unanswered_count", result->unanswered.seen);
		put_examples(json, "unanswered", view, &result->unanswered);
	}
}

static void put_left_out(struct export_json *json, const struct cli_latency_view *view)
{
	const struct trace_latency_result *result = view->result;

	export_json_number(json, "latency_unknown", result->latency_unknown);
	export_json_number(json, "replies_before_requests", result->early_replies);
	export_json_number(json, "requests_seen_again", result->seen_again);
	export_json_number(json, "more_responders", result->more_responders);
	export_json_number(json, "short_of_memory", result->memory.refused);
	export_json_number(json, "clients_left_out", view->clients->left_out);
}

int cli_latency_json(struct export_out *out, const struct cli_latency_view *view)
{
	const struct trace_latency_result *result = view->result;
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	put_head(&json, view);
	export_json_object(&json, "total");
	put_row(&json, &result->total, store_uptime_all_up(view->uptime));
	export_json_object_end(&json);
	int error = put_table(&json, "subjects", "subject", view, &result->by_subject, CLI_NAMES_OF_SUBJECTS);
	if (!error)
		error = put_table(&json, "responders", "responder", view, &result->by_responder,
				  CLI_NAMES_OF_SERVICES);
	if (!error)
		error = put_table(&json, "requesters", "requester", view, &result->by_requester,
				  CLI_NAMES_OF_SERVICES);
	if (!error)
		error = put_deliveries(&json, view);
	put_intervals(&json, view);
	put_lists(&json, view);
	put_left_out(&json, view);
	export_json_object_end(&json);
	export_out_char(out, '\n');
	return error;
}
