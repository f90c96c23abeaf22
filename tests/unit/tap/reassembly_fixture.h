/* reassembly_fixture.h - reassembly with a handler that records what is emitted. */
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
	struct emitted_span *spans; /* data and holes in order; adjacent data is one span */
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
	struct tap_flow_handler handler; /* first: the handler is its fixture */
	struct emitted_flow **flows;     /* in the order in which they were opened */
	size_t flows_len;
	bool refuses;          /* every connection, when it is opened */
	uint64_t refuses_data; /* from this call of data or hole on; 0 = never */
	uint64_t calls;
	struct tap_budget budget;
	struct tap_reassembly_options options;
	struct tap_reassembly *reassembly;
	int64_t time_ns;                /* of the next segment; advances by 1000 with each */
	uint32_t timestamp;             /* the TCP timestamp of the next segments; 0 = none */
	uint64_t left_bytes[TAP_LEFTS]; /* by enum tap_left */
};

/* Default options and a budget of 64 MiB. Ends the program when there is no memory. */
void reassembly_fixture_init(struct reassembly_fixture *fixture);
/* Start again with the fixture's options and budget. */
void reassembly_fixture_open(struct reassembly_fixture *fixture);
/* Close, and check that all memory was given back to the budget. */
void reassembly_fixture_fini(struct reassembly_fixture *fixture);

void reassembly_fixture_take(struct reassembly_fixture *fixture, const struct support_packet *packet);
/* Likewise with only the first `kept` bytes of the payload captured. */
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

/* The bytes emitted of a stream as text, with a hole as "<len>": "abc<5>def"; with its reason as "<5 limit>" or
 * "<5 cut>". Valid until the next call. */
const char *emitted_text(const struct emitted_stream *stream);

#endif
