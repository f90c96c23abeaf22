/* player_state.h - a player, for its own files: player.c is a run from end to end, player_play.c the way of a message,
 * player_control.c what others ask meanwhile. Internal to replay. */
#ifndef REPLAY_PLAY_PLAYER_STATE_H
#define REPLAY_PLAY_PLAYER_STATE_H

#include "replay/play/pace.h"
#include "replay/play/player.h"
#include "replay/play/sender.h"

/* Between two looks at what is asked of the player. */
enum { REPLAY__SLICE_MS = 50, REPLAY__SLICE_NS = REPLAY__SLICE_MS * 1000000 };

struct replay_player {
	struct replay_player_options options;
	struct replay_rewrite *rewrite;
	struct replay_feed feed;
	struct replay_sender sender;
	struct replay_schedule schedule;
	struct replay_pace pace;
	struct replay_report report;
	struct replay_batch *batch; /* being played, or NULL */
	uint64_t course;            /* batches of another one are void */
	uint32_t pass;
	int64_t recorded_ns; /* of the message at hand */
	int64_t steady_ns;   /* likewise */
	int64_t due_ns;      /* of the message at hand; monotonic clock, as the rest */
	int64_t now_ns;      /* when the clock was last looked at */
	int64_t attended_ns; /* when what others ask was */
	int64_t start_ns, end_ns;
	int64_t first_due_ns, last_due_ns;
	bool is_open, ended;

	/* What others ask, and what they are told. */
	_Atomic bool stop, paused, step, seek;
	_Atomic uint64_t speed;
	_Atomic int64_t seek_ns;
	_Atomic uint64_t told_sent, told_pass;
	_Atomic int64_t told_recorded_ns, told_steady_ns, told_lag_ns;
	_Atomic bool told_away;
};

static inline void replay__player_end(struct replay_player *player, enum replay_end how)
{
	player->report.end = how;
	player->ended = true;
}

/* Look at what is asked; a pause lasts within. False when the message at hand is not to be sent: the run has ended,
 * or goes on elsewhere in the log. */
bool replay__player_attend(struct replay_player *player);
/* Let others know where the run is. */
void replay__player_tell(struct replay_player *player);

/* Have everything leave that is collected. */
void replay__player_push(struct replay_player *player);

/* Wait until the message at hand is due. False when it is not to be sent. */
bool replay__player_wait(struct replay_player *player);

/* Play the messages of the batch at hand, and give it back. */
void replay__player_play_batch(struct replay_player *player);

#endif
