/* fanout.h - struct definitions: a message on its way along a match. Inside this folder. */
#ifndef BROKER_FANOUT_H
#define BROKER_FANOUT_H

#include "broker/match_cache.h"
#include "broker/outgoing.h"

/* Units of work (turn.h): a message to one receiver, the same in a batch, and the bytes that cost one more. */
enum { BROKER__DELIVERY_UNITS = 3, BROKER__BATCH_UNITS = 1, BROKER__BYTES_A_UNIT = 32 };

/* How far a message has come along its match, and with which outcomes. */
struct broker__fanout {
	uint32_t next; /* the next to be served: of receivers, then of queue groups */
	uint32_t sent;
	uint32_t described_len;
	bool is_large;
	const struct wire_receiver *described; /* the receivers if everybody got it */
	struct wire_receiver *unusual; /* somebody did not: the receivers with their outcomes; else NULL */
	struct wire_intern_hint *hint;
};

/* The message of a loop that takes more than one turn (large.h). */
enum broker__large_stage { BROKER__MATCHING, BROKER__DELIVERING, BROKER__ANSWERING };

struct broker__large {
	struct broker_client *publisher; /* NULL: there is none */
	enum broker__large_stage stage;
	struct broker__match_builder *builder; /* MATCHING; ANSWERING uses its cursor */
	/* DELIVERING. */
	struct broker__match *match; /* owned */
	struct broker__outgoing outgoing;
	struct broker__fanout fanout;
	uint32_t until; /* how many receivers and queue groups get it */
	bool is_allowed;
};

#endif
