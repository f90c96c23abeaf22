/* connection_events.h - the events of one connection, given to the join. Internal to tap. */
#ifndef TAP_SESSION_CONNECTION_EVENTS_H
#define TAP_SESSION_CONNECTION_EVENTS_H

#include "tap/session/connection.h"

/* Emit a connect event with the address and, when connect is not NULL, what CONNECT says. Without connect it is emitted
 * only if there was none yet. */
void tap__connection_begin(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
			   const struct wire_connect *connect);

/* The server has said to which account the client belongs: emit what CONNECT said again, with the account. */
void tap__connection_set_account(struct tap_sessions *sessions, struct tap__connection *connection,
				 int64_t time_ns, const char *account);

/* Free what was kept of CONNECT. */
void tap__connection_forget(struct tap_sessions *sessions, struct tap__connection *connection);

/* Emit an event. time_ns is now, which may be long after a gap. */
void tap__connection_gap(struct tap_sessions *sessions, const struct tap__connection *connection,
			 int64_t time_ns, const struct tap__gap *gap);
void tap__connection_undecoded_gap(struct tap_sessions *sessions, const struct tap__connection *connection,
				   int64_t time_ns);
/* A gap outside any connection. info: NULL when the bytes were of several connections. */
void tap__connection_leftover(struct tap_sessions *sessions, const struct tap_flow_info *info,
			      int64_t time_ns, const struct tap_leftover *left);
void tap__connection_error(struct tap_sessions *sessions, const struct tap__connection *connection,
			   int64_t time_ns, struct wire_slice text);
void tap__connection_subscribe(struct tap_sessions *sessions, const struct tap__sub *sub, int64_t time_ns);
void tap__connection_unsubscribe(struct tap_sessions *sessions, const struct tap__sub *sub, int64_t time_ns,
				 uint64_t max);
void tap__connection_end(struct tap_sessions *sessions, const struct tap__connection *connection,
			 int64_t time_ns, enum tap_end why);

#endif
