/* listeners.h - the subscriptions of one connection: what SUB, UNSUB and deliveries do to them, and what the server's
 * answers prove. Internal to tap. */
#ifndef TAP_SESSION_LISTENERS_H
#define TAP_SESSION_LISTENERS_H

#include "tap/session/connection.h"

/* SUB, UNSUB, as events and for the join. */
void tap__listeners_sub(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			const struct wire_op *op);
void tap__listeners_unsub(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			  const struct wire_op *op);

/* MSG, HMSG. */
void tap__listeners_deliver(struct tap_dialogue *dialogue, struct tap__connection *connection,
			    const struct tap_join_message *message);

/* The server has processed so many operations of the client. */
void tap__listeners_processed(struct tap_dialogue *dialogue, struct tap__connection *connection,
			      int64_t time_ns, uint64_t said);

/* -ERR: a refused subscription never was one. */
void tap__listeners_error(struct tap_dialogue *dialogue, struct tap__connection *connection,
			  struct wire_slice text);

/* The connection has ended: forget them all. */
void tap__listeners_fini(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns);

/* The connection may have subscriptions that are not known: nor are the receivers of what is published at its server,
 * until it ends. */
void tap__connection_blind(struct tap_dialogue *dialogue, struct tap__connection *connection);

/* A blind connection has ended. */
void tap__connection_unblind(struct tap_dialogue *dialogue, struct tap__connection *connection,
			     int64_t time_ns);

#endif
