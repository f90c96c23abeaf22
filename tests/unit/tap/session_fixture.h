/* session_fixture.h - connections whose bytes the tests of sessions and join choose, and the events that come out.
 *
 * Events are compared as text, one per line:
 *
 *   connect 1 10.0.0.1:50000 name=orders        message 1 a.b reply=r headers=20 [hello] -> 2/1 3/7(workers)
 *   delivery 2/1 a.b [hello]                    subscribe 2 a.* sid=1 queue=workers
 *   gap 1 bytes=10: not in the capture          message 1 a.b [hel] of 5 partial
 */
#ifndef TESTS_UNIT_TAP_SESSION_FIXTURE_H
#define TESTS_UNIT_TAP_SESSION_FIXTURE_H

#include "tap/session/join_output.h"
#include "tap/session/sessions.h"

#define SESSION_START_NS INT64_C(1700000000000000000)
#define SESSION_MS       INT64_C(1000000)

struct session_fixture {
	struct tap_budget budget;
	struct tap_join *join;
	struct tap_sessions *sessions;
	struct tap_flow_handler *handler;
	int64_t now_ns; /* of the next bytes; each call is a microsecond later */
};

void session_open(struct session_fixture *fixture, uint64_t memory_bytes, const uint16_t *ports,
		  size_t ports_count);

/* Close, and check that all memory was given back. */
void session_close(struct session_fixture *fixture);

/* A connection from 10.0.0.1:client_port to 10.0.0.9:server_port. */
void *session_connect(struct session_fixture *fixture, uint16_t client_port, uint16_t server_port,
		      bool is_midstream);

/* The calls of tap_flow_handler. *flow becomes NULL when the handler is no longer interested. */
void session_bytes(struct session_fixture *fixture, void **flow, enum tap_peer from, const char *bytes,
		   size_t len);
/* Bytes that end a write of the sender. */
void session_push(struct session_fixture *fixture, void **flow, enum tap_peer from, const char *text);
void session_hole(struct session_fixture *fixture, void **flow, enum tap_peer from, uint64_t bytes);
void session_end(struct session_fixture *fixture, void **flow, enum tap_end why);

/* Likewise for string literals. */
#define session_client(fixture, flow, text) \
	session_bytes(fixture, flow, TAP_ORIGINATOR, text, sizeof(text) - 1)
#define session_server(fixture, flow, text) \
	session_bytes(fixture, flow, TAP_RESPONDER, text, sizeof(text) - 1)

/* An INFO, and a CONNECT with this name; no PING and PONG. */
void session_handshake(struct session_fixture *fixture, void **flow, const char *name);

/* Eight messages on subject `filler`, each in a packet of its own: what follows is decoded, wherever the
 * capture began. */
void session_say_eight(struct session_fixture *fixture, void **flow, enum tap_peer from);

/* The events that may leave now as text, to be freed by the caller. all: finish the join before. */
char *session_take(struct session_fixture *fixture, bool all);

/* Append an event to text, which has size bytes left. Returns the new end; NUL-terminated. */
char *session_print(char *text, size_t size, const struct wire_event *event);

#endif
