/* subscriptions.h - how SUB, UNSUB, deliveries and the server's answers change the subscriptions of one
 * connection. Internal to tap. */
#ifndef TAP_SESSION_SUBSCRIPTIONS_H
#define TAP_SESSION_SUBSCRIPTIONS_H

#include "tap/session/connection.h"

/* SUB and UNSUB: emit an event and tell the join. */
void tap__subscriptions_sub(struct tap_sessions *sessions, struct tap__connection *connection,
			    int64_t time_ns, const struct wire_op *op);
void tap__subscriptions_unsub(struct tap_sessions *sessions, struct tap__connection *connection,
			      int64_t time_ns, const struct wire_op *op);

/* MSG, HMSG. */
void tap__subscriptions_deliver(struct tap_sessions *sessions, struct tap__connection *connection,
				const struct tap_join_message *message);

/* An answer proves that the server has processed the client's operations up to this number. */
void tap__subscriptions_processed(struct tap_sessions *sessions, struct tap__connection *connection,
				  int64_t time_ns, uint64_t op_number);

/* -ERR: a subscription that was refused never existed. */
void tap__subscriptions_error(struct tap_sessions *sessions, struct tap__connection *connection,
			      struct wire_slice text);

/* The connection has ended: remove all its subscriptions. */
void tap__subscriptions_fini(struct tap_sessions *sessions, struct tap__connection *connection,
			     int64_t time_ns);

#endif
