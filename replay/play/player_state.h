/* player_state.h - the state of a player. Internal to replay/play. */
#ifndef REPLAY_PLAY_PLAYER_STATE_H
#define REPLAY_PLAY_PLAYER_STATE_H

#include "replay/play/pace.h"
#include "replay/play/player.h"
#include "replay/play/sender.h"

struct replay_player {
	struct replay_player_options options;
	struct replay_rewrite *rewrite;
	struct replay_feed feed;
	struct replay_sender sender;
	struct replay_schedule schedule;
	struct replay_pace pace;
	struct replay_report report;
	struct replay_batch *batch; /* being played, or NULL */
	uint64_t epoch;             /* batches of another one are not played */
	uint32_t iteration;
	int64_t recorded_ns; /* of the current message, time of day */
	int64_t steady_ns;   /* likewise, without clock steps */
	int64_t due_ns;      /* of the current message; monotonic clock, as all that follow */
	int64_t now_ns;      /* when the clock was last read */
	int64_t polled_ns;   /* when commands were last polled */
	int64_t start_ns, end_ns;
	uint64_t stepped; /* of the steps, those that were taken or whose pause has ended */
	int64_t first_due_ns, last_due_ns;
	bool is_open, ended;
	int64_t noted_ns;   /* when it was last noted how far the run has come, with options.acks */
	uint64_t noted_seq; /* and what was noted */

	/* Commands from other threads. */
	_Atomic bool stop, paused, seek;
	_Atomic uint64_t steps; /* asked for so far */
	_Atomic uint64_t speed;
	_Atomic int64_t seek_ns;
	/* Progress for other threads. */
	_Atomic uint64_t reported_sent, reported_iteration;
	_Atomic int64_t reported_recorded_ns, reported_steady_ns, reported_lag_ns;
	_Atomic bool reported_away;
};

#endif
