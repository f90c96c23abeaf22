/* broker_fixture.h - a whole broker in this process, a sink that notes who got which message, and callers on raw sockets
 * that send much at once and read messages one by one. */
#ifndef TESTS_BROKER_FIXTURE_H
#define TESTS_BROKER_FIXTURE_H

#include <pthread.h>

#include "broker/inspect.h"
#include "net/listener.h"
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
	/* Valid once the broker has stopped. */
	struct fixture_message *messages; /* messages_len, owned */
	size_t messages_len, messages_cap;
	uint64_t outcomes[WIRE_OUTCOMES];
	uint64_t batches, messages_in_batches; /* runs that came as one */
	uint64_t errors;
	_Atomic uint64_t dropped;                  /* deliveries that were dropped; may be read at any time */
	uint64_t lost_messages[FIXTURE_RECEIVERS]; /* by connection: messages that were sent to it and lost */
	struct broker_totals totals;
};

/* Start with the defaults as `change` (or NULL) changes them. sink: NULL, or who gets the events instead. */
void broker_fixture_start(struct broker_fixture *fixture, void (*change)(struct broker_options *options),
			  struct wire_sink *sink);
/* Likewise with this many units of work in one turn of a client (broker/turn.h). */
void broker_fixture_start_in_turns(struct broker_fixture *fixture,
				   void (*change)(struct broker_options *options), struct wire_sink *sink,
				   int64_t turn_units);
/* Likewise, and every connection has these layers (net/listener.h). */
void broker_fixture_start_on_layers(struct broker_fixture *fixture,
				    void (*change)(struct broker_options *options), struct wire_sink *sink,
				    const struct net_layer *const *layers);
/* Stop the broker. If the sink is the fixture's, check that its events add up to the broker's totals. */
void broker_fixture_stop(struct broker_fixture *fixture);
void broker_fixture_fini(struct broker_fixture *fixture);

/* ---- speech: bytes to send ---- */

/* Text to send with one write. Zeroed = empty. */
struct speech {
	char *bytes;
	size_t len, cap;
};

void speech_add(struct speech *speech, const char *text);
/* Append a PUB whose payload of `size` bytes is FIXTURE_NUMBER_BYTES digits and bytes derived from the number. */
void speech_publish(struct speech *speech, const char *subject, uint32_t number, uint32_t size);
void speech_fini(struct speech *speech);

/* ---- callers ---- */

struct caller {
	struct support_socket sock;
	uint64_t conn;
	size_t heard; /* bytes that were taken as operations */
};

#define HELLO "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n"

/* Connect and send these lines, which begin with CONNECT; the broker has executed them when this returns. */
void caller_join(struct broker_fixture *fixture, struct caller *caller, const char *lines);
/* Likewise with a receive buffer of so many bytes. */
void caller_join_small(struct broker_fixture *fixture, struct caller *caller, const char *lines,
		       int receive_bytes);
void caller_say(struct caller *caller, const char *text);
/* Send all of it, and empty it. */
void caller_speak(struct caller *caller, struct speech *speech);
/* Read the next operation from the broker, skipping INFO and PING (no test is so long that a PING must be
 * answered); false when the broker has closed. Fails past the deadline. *op is valid until the next call. */
bool caller_hear(struct caller *caller, struct wire_op *op);
/* Check that the next operation is a PONG. */
void caller_hear_pong(struct caller *caller);
/* Check that the next operation is the message of this number, complete. */
void caller_hear_message(struct caller *caller, const char *subject, const char *sid, uint32_t number,
			 uint32_t size);
void caller_leave(struct caller *caller);

/* The number of a payload, which must be one that speech_publish wrote. */
uint32_t payload_number(struct wire_slice payload);

#endif
