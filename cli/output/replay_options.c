#include "cli/output/replay_options.h"

static void put_text(struct export_json *json, const char *key, const char *text)
{
	if (text)
		export_json_bytes(json, key, wire_slice_str(text));
}

static void put_list(struct export_json *json, const char *key, const struct cli_list *list)
{
	export_json_array(json, key);
	for (size_t i = 0; i < list->len; i++)
		export_json_string(json, NULL, wire_slice_str(list->values[i]));
	export_json_array_end(json);
}

static void put_pacing(struct export_json *json, const struct replay_plan *plan)
{
	export_json_number(json, "pacing", (uint64_t)plan->pacing);
	export_json_number(json, "speed_millionths", plan->speed);
	export_json_number(json, "rate_thousandths", plan->rate);
	export_json_number(json, "ramp_to_thousandths", plan->ramp_to);
	export_json_number(json, "ramp_ns", (uint64_t)plan->ramp_ns);
	export_json_number(json, "bytes_per_second", plan->bytes_per_second);
	export_json_number(json, "max_gap_ns", plan->shortens_gaps ? (uint64_t)plan->max_gap_ns + 1 : 0);
}

static void put_filters(struct export_json *json, const struct cli_filters *filters)
{
	put_list(json, "subjects", &filters->subjects);
	put_list(json, "excludes", &filters->excludes);
	put_list(json, "clients", &filters->clients);
	put_list(json, "receivers", &filters->receivers);
	put_list(json, "seqs", &filters->seqs);
	export_json_number(json, "header_filters", filters->headers.len);
	put_list(json, "greps", &filters->greps);
	put_list(json, "wheres", &filters->wheres);
	put_text(json, "since", filters->since);
	put_text(json, "until", filters->until);
	export_json_number(json, "min_size", filters->min_size);
	export_json_number(json, "unheard", filters->unheard);
	export_json_number(json, "invert_match", filters->invert);
}

static void put_requests(struct export_json *json, const struct cli_replay_settings *settings)
{
	export_json_number(json, "requests", (uint64_t)settings->requests);
	export_json_number(json, "verify", settings->verify);
	export_json_number(json, "compare", (uint64_t)settings->compare);
	put_list(json, "ignores", &settings->ignores);
	put_list(json, "live", &settings->live);
	export_json_number(json, "roots", settings->roots);
}

void cli_replay_options_json(struct export_json *json, const struct cli_replay_settings *settings)
{
	export_json_object(json, "options");
	put_pacing(json, &settings->pacing.plan);
	export_json_number(json, "loops", settings->iterations);
	put_text(json, "from", settings->from);
	put_text(json, "to", settings->to);
	export_json_number(json, "duration_ns", (uint64_t)settings->duration_ns);
	export_json_number(json, "tolerance_ns", (uint64_t)settings->tolerance_ns);
	export_json_number(json, "on_lag", (uint64_t)settings->on_lag);
	export_json_number(json, "connections", (uint64_t)settings->connections);
	export_json_number(json, "clones", settings->clones);
	export_json_number(json, "internal", settings->internal);
	export_json_number(json, "provenance", settings->provenance);
	put_list(json, "maps", &settings->maps);
	put_list(json, "drop_headers", &settings->drop_headers);
	export_json_number(json, "added_headers", settings->add_headers.len);
	put_filters(json, &settings->filters);
	put_requests(json, settings);
	export_json_object_end(json);
}
