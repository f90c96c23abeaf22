/* reassembly_fixture.h - reassembly with a listener that writes down what it is told. */
#ifndef UNIT_REASSEMBLY_FIXTURE_H
#define UNIT_REASSEMBLY_FIXTURE_H

#include "support/packets.h"
#include "tap/stream/reassembly.h"

struct emitted_span {
	uint64_t len;
	bool is_hole;
	enum tap_hole why;
	int64_t time_ns;
};

struct emitted_stream {
	struct support_bytes data;  /* without the holes */
	struct emitted_span *spans; /* data and holes in order; data that touches data is one span */
	size_t spans_len, spans_cap;
	uint64_t total; /* data and holes */
};

struct emitted_flow {
	struct tap_flow_info info;
	struct emitted_stream streams[TAP_PEERS];
	bool is_closed;
	enum tap_end end;
};

struct reassembly_fixture {
	struct tap_flow_handler handler; /* first: the fixture is found by it */
	struct emitted_flow **flows;     /* in order of opening */
	size_t flows_len;
	bool refuses;          /* every connection, from its opening on */
	uint64_t refuses_data; /* from this call for data or a hole on; 0 = never */
	uint64_t calls;
	struct tap_budget budget;
	struct tap_reassembly_options options;
	struct tap_reassembly *reassembly;
	int64_t time_ns;                /* of the next segment; goes on by 1000 with each */
	uint32_t timestamp;             /* TCP's, of the next segments; 0 = none */
	uint64_t left_bytes[TAP_LEFTS]; /* reported as belonging to no connection, by tap_left */
};

/* Default options, a budget of 64 MiB. Ends the program when memory is short. */
void reassembly_fixture_init(struct reassembly_fixture *fixture);
/* Begin anew with the fixture's options and budget. */
void reassembly_fixture_open(struct reassembly_fixture *fixture);
/* Close and check that all memory taken from the budget was given back. */
void reassembly_fixture_fini(struct reassembly_fixture *fixture);

void reassembly_fixture_take(struct reassembly_fixture *fixture, const struct support_packet *packet);
/* The same with only `kept` bytes of the payload captured. */
void reassembly_fixture_take_cut(struct reassembly_fixture *fixture, const struct support_packet *packet,
				 size_t kept);
/* Build the next packet of a connection and take it. */
void reassembly_fixture_send(struct reassembly_fixture *fixture, struct support_connection *connection,
			     enum support_who who, unsigned flags, const char *text);
/* SYN, SYN and ACK, ACK. */
void reassembly_fixture_shake_hands(struct reassembly_fixture *fixture,
				    struct support_connection *connection);
void reassembly_fixture_finish(struct reassembly_fixture *fixture);
const struct tap_reassembly_stats *reassembly_fixture_stats(const struct reassembly_fixture *fixture);

/* What one stream told as text, a hole as "<len>": "abc<5>def"; with LIMIT or CUT as "<5 limit>". Valid until the next call. */
const char *emitted_text(const struct emitted_stream *stream);

#endif
