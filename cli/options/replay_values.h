/* replay_values.h - parse speeds, rates and the like. The functions are for CLI_CALL options: 0, or -EINVAL with *fault. */
#ifndef CLI_OPTIONS_REPLAY_VALUES_H
#define CLI_OPTIONS_REPLAY_VALUES_H

#include "cli/options/options.h"
#include "replay/play/schedule.h"
#include "replay/verify/compare.h"

/* A struct replay_plan that several options fill in. Zeroed before. */
struct cli_replay_plan {
	struct replay_plan plan;
	bool has_speed, has_rate, has_bandwidth, has_ramp;
};

int cli_replay_speed(void *plan, const char *text, struct wire_fault *fault);     /* 2, 2.5x, 0.01x, max */
int cli_replay_rate(void *plan, const char *text, struct wire_fault *fault);      /* 1000, 0.5, 10k, 250/s */
int cli_replay_bandwidth(void *plan, const char *text, struct wire_fault *fault); /* 10MB, 512KiB/s */
int cli_replay_ramp(void *plan, const char *text, struct wire_fault *fault);      /* 100..5000/30s */

/* --max-gap: a duration. Sets shortens_gaps, too. */
int cli_replay_max_gap(void *plan, const char *text, struct wire_fault *fault);

/* How often: a count from 1, or "forever" (0). Sets a uint64_t. */
int cli_replay_loop(void *iterations, const char *text, struct wire_fault *fault);

struct cli_replay_shard {
	uint32_t shard, shards; /* shard from 0 */
};

int cli_replay_shard(void *shard, const char *text, struct wire_fault *fault); /* 1/4 … 4/4 */

/* A duration in nanoseconds. Sets an int64_t. */
int cli_replay_duration(void *ns, const char *text, struct wire_fault *fault);
int cli_replay_positive_duration(void *ns, const char *text, struct wire_fault *fault); /* not 0 */

/* A number followed by "x". Sets a double. */
int cli_replay_factor(void *factor, const char *text, struct wire_fault *fault);

/* Open a comparison of payloads as --compare and --ignore say. CLI_GO_ON; or an exit status after a complaint. In either
 * case the caller closes *compare, which may be NULL. */
int cli_replay_compare(const struct cli_command *command, bool as_json, const struct cli_list *ignores,
		       struct replay_compare **compare);

/* Choose the pacing by the options that were given. 0, or -EINVAL with *fault when they exclude each other. */
int cli_replay_plan_settle(struct cli_replay_plan *plan, struct wire_fault *fault);

#endif
