#include "cli/output/histogram_json.h"

void cli_histogram_json(struct cli_json *json, const char *key, const struct trace_histogram *histogram)
{
	int64_t longest;

	cli_json_array(json, key);
	for (uint32_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++) {
		uint64_t times = trace_histogram_bucket(histogram, i, &longest);
		if (times == 0)
			continue;
		cli_json_array(json, NULL);
		cli_json_number(json, NULL, times);
		cli_json_number(json, NULL, (uint64_t)longest);
		cli_json_array_end(json);
	}
	cli_json_array_end(json);
}
