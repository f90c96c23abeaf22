/* player_commands.h - steer a player from other threads while it runs, and see where it is. */
#ifndef REPLAY_PLAY_PLAYER_COMMANDS_H
#define REPLAY_PLAY_PLAYER_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

struct replay_player;

/* Where a run is. */
struct replay_progress {
	int64_t recorded_ns; /* of the last message, time of day; INT64_MIN before the first */
	int64_t
	    steady_ns; /* likewise, without clock steps; after a seek its target, until the next message */
	uint64_t sent, iteration;
	int64_t lag_ns; /* of the last message */
	uint64_t speed; /* millionths */
	bool paused, away;
};

/* ---- from any thread ---- */

void replay_player_progress(const struct replay_player *player, struct replay_progress *progress);
void replay_player_stop(struct replay_player *player);
void replay_player_pause(struct replay_player *player, bool paused);
void replay_player_set_speed(struct replay_player *player, uint64_t speed);
/* While paused: send one more message, for each call. */
void replay_player_step(struct replay_player *player);
/* Continue with the messages that were recorded from steady time ns on. */
void replay_player_seek(struct replay_player *player, int64_t ns);

/* ---- from the player's thread; internal to replay/play ---- */

/* Obey the commands. A pause lasts within the call. False when the current message is not to be sent, because the run
 * has ended or continues elsewhere in the log. */
bool replay__player_poll_commands(struct replay_player *player);

/* Show other threads where the run is. */
void replay__player_update_progress(struct replay_player *player);

#endif
