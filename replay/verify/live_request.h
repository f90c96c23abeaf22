/* live_request.h - one request: its recorded and its live replies side by side, and the verdict. Internal to
 * replay/verify. Call everything here with the mutex held. */
#ifndef REPLAY_VERIFY_LIVE_REQUEST_H
#define REPLAY_VERIFY_LIVE_REQUEST_H

#include "replay/verify/live_state.h"

/* Add a reply to one list of the request (recorded or live; copies status and payload), and compare it when its
 * counterpart is there. */
void replay__live_request_add_reply(struct replay_live_replies *live, struct replay__live_request *request,
				    struct replay__reply_list *list, struct wire_slice status,
				    struct wire_slice payload, int64_t latency_ns);

/* Nothing more is expected, as far as is known. */
bool replay__live_request_is_complete(const struct replay_live_replies *live,
				      const struct replay__live_request *request);

/* The time for both kinds of replies is over, or the request was not sent. */
bool replay__live_request_is_expired(const struct replay_live_replies *live,
				     const struct replay__live_request *request, int64_t now_ns);

/* Count the outcome and the verdict, report a mismatch, and free the replies. The request keeps its slot and id, so that
 * a reply that comes now is known to be late. Does nothing the second time. */
void replay__live_request_finish(struct replay_live_replies *live, struct replay__live_request *request);

/* Free what the request owns. */
void replay__live_request_clear(struct replay_live_replies *live, struct replay__live_request *request);

#endif
