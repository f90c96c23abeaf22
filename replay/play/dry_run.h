/* dry_run.h - read what would be played without playing it: for --dry-run, and to learn which connections a run needs.
 * Reads no payloads. */
#ifndef REPLAY_PLAY_DRY_RUN_H
#define REPLAY_PLAY_DRY_RUN_H

#include "replay/play/feed.h"
#include "replay/play/schedule.h"
#include "store/read/groups.h"
#include "trace/inbox.h"

/* All pointers are borrowed. */
struct replay_dry_run_options {
	struct replay_input input;
	const struct replay_select *select;
	const struct replay_plan *plan;
	struct replay_map *map; /* the rewriter's */
	bool live_requests;     /* requests get live replies: recorded replies are not played */
	struct trace_inboxes inboxes;
	bool keeps_inboxes; /* count inboxes one by one, not together */
	int64_t origin_ns;  /* as in replay_player_options */
};

struct replay_dry_run {
	struct replay_feed_counts read;
	uint64_t messages, bytes, requests; /* that would be played, in one iteration and without clones */
	int64_t first_ns, last_ns;          /* times of day of the first and the last of them */
	int64_t span_ns;                    /* how long an iteration would take; 0 when it is not timed */
	struct replay_publishers publishers;
	bool has_too_many_publishers; /* more than REPLAY_PUBLISHERS_MAX */
	struct store_groups subjects; /* as they would be published; sorted */
};

/* 0, or a negative code with *fault. Call replay_dry_run_fini in either case. */
int replay_dry_run_read(struct replay_dry_run *dry_run, const struct replay_dry_run_options *options,
			struct wire_fault *fault);
void replay_dry_run_fini(struct replay_dry_run *dry_run);

#endif
