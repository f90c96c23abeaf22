/* histogram_json.h - a histogram as JSON, whole, so that histograms of several runs can be merged exactly. */
#ifndef CLI_OUTPUT_HISTOGRAM_JSON_H
#define CLI_OUTPUT_HISTOGRAM_JSON_H

#include "export/text/json.h"
#include "trace/histogram.h"

/* An array of [count, longest in nanoseconds], one for each bucket that is not empty. */
void cli_histogram_json(struct export_json *json, const char *key, const struct trace_histogram *histogram);

#endif
