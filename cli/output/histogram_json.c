#include "cli/output/histogram_json.h"

void cli_histogram_json(struct export_json *json, const char *key, const struct trace_histogram *histogram)
{
	int64_t longest;

	export_json_array(json, key);
	for (uint32_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++) {
		uint64_t times = trace_histogram_bucket(histogram, i, &longest);
		if (times == 0)
			continue;
		export_json_array(json, NULL);
		export_json_number(json, NULL, times);
		export_json_number(json, NULL, (uint64_t)longest);
		export_json_array_end(json);
	}
	export_json_array_end(json);
}
