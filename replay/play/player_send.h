/* player_send.h - from a batch to the server: wait until each message is due, decide about late ones, send. Internal to
 * replay/play. */
#ifndef REPLAY_PLAY_PLAYER_SEND_H
#define REPLAY_PLAY_PLAYER_SEND_H

#include "replay/play/player_state.h"

/* Wait until the current message is due. Pushes what is collected first when there is time, and polls commands. False
 * when the message is not to be sent. */
bool replay__player_wait(struct replay_player *player);

/* Play the messages of the current batch, and give the batch back. */
void replay__player_play_batch(struct replay_player *player);

#endif
