/* player.h - hold a conversation with a server and write down what it says. */
#ifndef INTEGRATION_PLAYER_H
#define INTEGRATION_PLAYER_H

#include "conversation.h"
#include "support/certificates.h"
#include "transcript.h"

/* A server program that behaves as nats-server when called by that name. */
struct contender {
	const char *label;             /* for people */
	const char *program;           /* path, or a name to be found in PATH */
	const char *const *more_flags; /* flags it gets in every conversation, ends with NULL; NULL = none */
	bool records;                  /* records, as TAPEDECK_RECORD requests */
	const char
	    *proxy; /* path of tapedeck: clients connect through its proxy, which records; NULL = none */
	bool
	    is_secure; /* the server requires TLS; clients begin it after INFO, and the proxy on both sides */
	const struct support_certificates
	    *certificates; /* NULL unless it is secure or the conversation needs them */
};

/* Does the conversation mention $CERTS, or secure a client? */
bool play_needs_certificates(const struct conversation *conversation);

/* Run the conversation from its first step to its last. Owned transcript. */
void play(const struct conversation *conversation, const struct contender *contender,
	  struct transcript *transcript);

#endif
