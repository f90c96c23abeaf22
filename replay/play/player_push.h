/* player_push.h - hand what the player collected to the kernel, and end the run when that takes too long. Internal to
 * replay/play. */
#ifndef REPLAY_PLAY_PLAYER_PUSH_H
#define REPLAY_PLAY_PLAYER_PUSH_H

#include "replay/play/player_state.h"

/* How long the player sleeps at most before it looks at commands and connections again. */
enum { REPLAY__SLICE_MS = 50, REPLAY__SLICE_NS = REPLAY__SLICE_MS * 1000000 };

/* End the run. */
void replay__player_end(struct replay_player *player, enum replay_end how);

/* Push everything that is collected, waiting for the kernel where it must. Ends the run when the server does not read in
 * time. Reads the clock. */
void replay__player_push(struct replay_player *player);

#endif
