/* subscriptions.h - find out what a mock subscribes to. Internal to replay/mock. */
#ifndef REPLAY_MOCK_SUBSCRIPTIONS_H
#define REPLAY_MOCK_SUBSCRIPTIONS_H

#include "replay/mock/index_read.h"
#include "replay/mock/index_state.h"

/* Note a recorded subscription of the service. Those beyond REPLAY_MOCK_SUBSCRIPTIONS_MAX are ignored: the mock then
 * subscribes to the subjects of the requests. 0 or -ENOMEM. */
int replay__subscriptions_note(struct replay__subscriptions *subscriptions, const struct wire_event *event);
void replay__subscriptions_fini(struct replay__subscriptions *subscriptions);

/* Fill in the subscriptions of the index, after all its conversations are known. recorded: those of the service. 0,
 * -E2BIG or -ENOMEM. */
int replay__subscriptions_choose(struct replay_mock_index *index,
				 const struct replay__subscriptions *recorded,
				 const struct replay_mock_choice *choice);

#endif
