/* broker_fixture.h - a whole broker in this process, a sink that remembers who got which message, and callers on raw
 * sockets who say much at once and hear messages one by one. */
#ifndef TESTS_BROKER_FIXTURE_H
#define TESTS_BROKER_FIXTURE_H

#include <pthread.h>

#include "broker/inspect.h"
#include "support/socket.h"
#include "wire/parse.h"

enum { FIXTURE_RECEIVERS = 20, FIXTURE_NUMBER_BYTES = 8 };

/* A message as the sink got it. */
struct fixture_message {
	uint32_t number; /* as its payload says */
	uint32_t size;   /* bytes of headers and payload */
	uint32_t receiver_count, receivers_len;
	struct {
		uint64_t conn;
		enum wire_outcome outcome;
	} receivers[FIXTURE_RECEIVERS];
};

struct broker_fixture {
	struct broker *broker;
	pthread_t thread;
	int port;
	uint64_t joined; /* callers so far: their connections are numbered from 1 */
	struct wire_sink sink;
	/* To be looked at when it has stopped. */
	struct fixture_message *messages; /* messages_len, owned */
	size_t messages_len, messages_cap;
	uint64_t outcomes[WIRE_OUTCOMES];
	uint64_t batches, messages_in_batches; /* what came at once */
	uint64_t errors;
	_Atomic uint64_t dropped; /* messages that somebody did not get; may be asked at any time */
	uint64_t lost_messages[FIXTURE_RECEIVERS]; /* by connection: what it was sent and never got */
	struct broker_totals totals;
};

/* Start with the defaults as `change` (or NULL) changes them. sink: NULL, or who gets the events instead. */
void broker_fixture_start(struct broker_fixture *fixture, void (*change)(struct broker_options *options),
			  struct wire_sink *sink);
/* Likewise with so much work in one turn of a client (broker/turn.h). */
void broker_fixture_start_in_turns(struct broker_fixture *fixture,
				   void (*change)(struct broker_options *options), struct wire_sink *sink,
				   int64_t turn_units);
/* Stop. Where the sink is the fixture's: what it was told adds up to the broker's totals. */
void broker_fixture_stop(struct broker_fixture *fixture);
void broker_fixture_fini(struct broker_fixture *fixture);

/* ---- what is said ---- */

/* Text to be sent with one write. Zeroed = empty. */
struct speech {
	char *bytes;
	size_t len, cap;
};

void speech_add(struct speech *speech, const char *text);
/* PUB subject size CRLF payload CRLF: FIXTURE_NUMBER_BYTES digits, then what follows from the number, `size` in all. */
void speech_publish(struct speech *speech, const char *subject, uint32_t number, uint32_t size);
void speech_fini(struct speech *speech);

/* ---- who says it ---- */

struct caller {
	struct support_socket sock;
	uint64_t conn;
	size_t heard; /* bytes that were taken as operations */
};

#define HELLO "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n"

/* Connect and say these lines, which begin with CONNECT; they are in force when it returns. */
void caller_join(struct broker_fixture *fixture, struct caller *caller, const char *lines);
/* Likewise with a receive buffer of so many bytes. */
void caller_join_small(struct broker_fixture *fixture, struct caller *caller, const char *lines,
		       int receive_bytes);
void caller_say(struct caller *caller, const char *text);
/* Send all of it, and empty it. */
void caller_speak(struct caller *caller, struct speech *speech);
/* The next operation from the broker but INFO and PING, which come when they will (no test is so long that a PING must be
 * answered); false when it has closed. Fails past the deadline. Valid until the next call. */
bool caller_hear(struct caller *caller, struct wire_op *op);
/* The next operation is a PONG. */
void caller_hear_pong(struct caller *caller);
/* The next operation is the message of this number, whole. */
void caller_hear_message(struct caller *caller, const char *subject, const char *sid, uint32_t number,
			 uint32_t size);
void caller_leave(struct caller *caller);

/* The number of a payload, which must be what speech_publish writes. */
uint32_t payload_number(struct wire_slice payload);

#endif
