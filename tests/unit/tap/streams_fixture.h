/* streams_fixture.h - reassembly with a listener that writes down what it is told. */
#ifndef UNIT_STREAMS_FIXTURE_H
#define UNIT_STREAMS_FIXTURE_H

#include "support/packets.h"
#include "tap/stream/streams.h"

struct told_span {
	uint64_t len;
	bool is_hole;
	enum tap_hole why;
	int64_t time_ns;
};

struct told_side {
	struct support_bytes data; /* without the holes */
	struct told_span *spans;   /* data and holes in order; data that touches data is one span */
	size_t spans_len, spans_cap;
	uint64_t total; /* data and holes */
};

struct told_flow {
	struct tap_flow_info info;
	struct told_side sides[TAP_SIDES];
	bool is_closed;
	enum tap_end end;
};

struct streams_fixture {
	struct tap_flow_handler handler; /* first: the fixture is found by it */
	struct told_flow **flows;        /* in order of opening */
	size_t flows_len;
	bool refuses;          /* every connection, from its opening on */
	uint64_t refuses_data; /* from this call for data or a hole on; 0 = never */
	uint64_t calls;
	struct tap_budget budget;
	struct tap_streams_options options;
	struct tap_streams *streams;
	int64_t time_ns;                /* of the next segment; goes on by 1000 with each */
	uint32_t timestamp;             /* TCP's, of the next segments; 0 = none */
	uint64_t left_bytes[TAP_LEFTS]; /* reported as belonging to no connection, by tap_left */
};

/* Default options, a budget of 64 MiB. Ends the program when memory is short. */
void streams_fixture_init(struct streams_fixture *fixture);
/* Begin anew with the fixture's options and budget. */
void streams_fixture_open(struct streams_fixture *fixture);
/* Close and check that all memory taken from the budget was given back. */
void streams_fixture_fini(struct streams_fixture *fixture);

void streams_fixture_take(struct streams_fixture *fixture, const struct support_packet *packet);
/* The same with only `kept` bytes of the payload captured. */
void streams_fixture_take_cut(struct streams_fixture *fixture, const struct support_packet *packet,
			      size_t kept);
/* Build the next packet of a connection and take it. */
void streams_fixture_send(struct streams_fixture *fixture, struct support_connection *connection,
			  enum support_who who, unsigned flags, const char *text);
/* SYN, SYN and ACK, ACK. */
void streams_fixture_shake_hands(struct streams_fixture *fixture, struct support_connection *connection);
void streams_fixture_finish(struct streams_fixture *fixture);
const struct tap_streams_stats *streams_fixture_stats(const struct streams_fixture *fixture);

/* What one side told as text, a hole as "<len>": "abc<5>def"; with LIMIT or CUT as "<5 limit>". Valid until the next call. */
const char *told_text(const struct told_side *side);

#endif
