/* fixture.h - what the tests of sessions and join share: connections that somebody speaks on, and what was heard.
 *
 * Events are compared as text, one a line:
 *
 *   connect 1 10.0.0.1:50000 name=orders        message 1 a.b reply=r headers=20 [hello] -> 2/1 3/7(workers)
 *   delivery 2/1 a.b [hello]                    subscribe 2 a.* sid=1 queue=workers
 *   gap 1 bytes=10: not in the capture          message 1 a.b [hel] of 5 partial
 */
#ifndef TESTS_UNIT_TAP_SESSION_H
#define TESTS_UNIT_TAP_SESSION_H

#include "tap/session/join_output.h"
#include "tap/session/sessions.h"

#define SESSION_START_NS INT64_C(1700000000000000000)
#define SESSION_MS       INT64_C(1000000)

struct session_fixture {
	struct tap_budget budget;
	struct tap_join *join;
	struct tap_sessions *sessions;
	struct tap_flow_handler *handler;
	int64_t now_ns; /* of what is said next; each piece is a microsecond later */
};

void session_open(struct session_fixture *fixture, uint64_t memory_bytes, const uint16_t *ports,
		  size_t ports_count);

/* Everything must have been given back. */
void session_close(struct session_fixture *fixture);

/* A connection from 10.0.0.1:client_port to 10.0.0.9:server_port. */
void *session_connect(struct session_fixture *fixture, uint16_t client_port, uint16_t server_port,
		      bool is_midstream);

/* As the calls of tap_flow_handler. flow becomes NULL once it is of no interest. */
void session_bytes(struct session_fixture *fixture, void **flow, enum tap_peer from, const char *bytes,
		   size_t len);
/* Bytes that end what the sender had to send. */
void session_push(struct session_fixture *fixture, void **flow, enum tap_peer from, const char *text);
void session_hole(struct session_fixture *fixture, void **flow, enum tap_peer from, uint64_t bytes);
void session_end(struct session_fixture *fixture, void **flow, enum tap_end why);

/* The texts of literals. */
#define session_client(fixture, flow, text) \
	session_bytes(fixture, flow, TAP_ORIGINATOR, text, sizeof(text) - 1)
#define session_server(fixture, flow, text) \
	session_bytes(fixture, flow, TAP_RESPONDER, text, sizeof(text) - 1)

/* An INFO, a CONNECT that says `name`, without PING and PONG. */
void session_handshake(struct session_fixture *fixture, void **flow, const char *name);

/* Eight messages on subject `filler`, each in a packet of its own: what follows is understood, wherever the capture began. */
void session_say_eight(struct session_fixture *fixture, void **flow, enum tap_peer from);

/* The events that may leave now as text, to be freed. all: as if the capture had ended. */
char *session_take(struct session_fixture *fixture, bool all);

/* Append an event to text, of which size bytes are left, NUL-terminated. Returns the new end. */
char *session_print(char *text, size_t size, const struct wire_event *event);

#endif
