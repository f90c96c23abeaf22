/* overhear.h - what the tests of dialogue and join share: connections that somebody speaks on, and what was heard.
 *
 * Events are compared as text, one a line:
 *
 *   connect 1 10.0.0.1:50000 name=orders        message 1 a.b reply=r headers=20 [hello] -> 2/1 3/7(workers)
 *   delivery 2/1 a.b [hello]                    subscribe 2 a.* sid=1 queue=workers
 *   gap 1 bytes=10: not in the capture          message 1 a.b [hel] of 5 partial
 */
#ifndef TESTS_UNIT_TAP_OVERHEAR_H
#define TESTS_UNIT_TAP_OVERHEAR_H

#include "tap/session/dialogue.h"

#define OVERHEAR_START_NS INT64_C(1700000000000000000)
#define OVERHEAR_MS       INT64_C(1000000)

struct overhear {
	struct tap_budget budget;
	struct tap_join *join;
	struct tap_dialogue *dialogue;
	struct tap_flow_handler *handler;
	int64_t now_ns; /* of what is said next; each piece is a microsecond later */
};

void overhear_open(struct overhear *overhear, uint64_t memory_bytes, const uint16_t *ports,
		   size_t ports_count);

/* Everything must have been given back. */
void overhear_close(struct overhear *overhear);

/* A connection from 10.0.0.1:client_port to 10.0.0.9:server_port. */
void *overhear_connect(struct overhear *overhear, uint16_t client_port, uint16_t server_port,
		       bool is_midstream);

/* As the calls of tap_flow_handler. flow becomes NULL once it is of no interest. */
void overhear_bytes(struct overhear *overhear, void **flow, enum tap_side from, const char *bytes,
		    size_t len);
/* Bytes that end what the sender had to send. */
void overhear_push(struct overhear *overhear, void **flow, enum tap_side from, const char *text);
void overhear_hole(struct overhear *overhear, void **flow, enum tap_side from, uint64_t bytes);
void overhear_end(struct overhear *overhear, void **flow, enum tap_end why);

/* The texts of literals. */
#define overhear_client(overhear, flow, text) \
	overhear_bytes(overhear, flow, TAP_ORIGINATOR, text, sizeof(text) - 1)
#define overhear_server(overhear, flow, text) \
	overhear_bytes(overhear, flow, TAP_RESPONDER, text, sizeof(text) - 1)

/* An INFO, a CONNECT that says `name`, without PING and PONG. */
void overhear_handshake(struct overhear *overhear, void **flow, const char *name);

/* Eight messages on subject `filler`, each in a packet of its own: what follows is understood, wherever the capture began. */
void overhear_say_eight(struct overhear *overhear, void **flow, enum tap_side from);

/* The events that may leave now as text, to be freed. all: as if the capture had ended. */
char *overhear_take(struct overhear *overhear, bool all);

/* Append an event to text, of which size bytes are left, NUL-terminated. Returns the new end. */
char *overhear_print(char *text, size_t size, const struct wire_event *event);

#endif
