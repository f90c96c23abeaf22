/* report_merge.h - the JSON reports of a sharded replay, merged into one. */
#ifndef CLI_COMMANDS_REPORT_MERGE_H
#define CLI_COMMANDS_REPORT_MERGE_H

#include <jansson.h>

#include "wire/error.h"

/* A report and where it comes from. */
struct cli_shard_report {
	const char *path;
	json_t *json; /* an object, owned by the caller */
};

/* Merge the reports of all shards of one replay, in any order: counts are added, histograms merged bucket by bucket, and the longest
 * time counts. 0 with *merged, owned by the caller, or -EINVAL with *fault: a report lacks something, a shard is missing or there
 * twice, or the shards were played with different options. */
int cli_report_merge(const struct cli_shard_report *reports, size_t count, json_t **merged,
		     struct wire_fault *fault);

#endif
