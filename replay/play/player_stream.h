/* player_stream.h - a player that publishes to a stream: wait for its acknowledgements. Internal to replay/play. */
#ifndef REPLAY_PLAY_PLAYER_STREAM_H
#define REPLAY_PLAY_PLAYER_STREAM_H

#include "replay/play/player_state.h"

/* Wait until another message may be sent. False when the run ends meanwhile. */
bool replay__player_await_acks(struct replay_player *player);

/* At the end: wait for all answers, note how far the run has come. */
void replay__player_finish_acks(struct replay_player *player);

#endif
