/* jetstream.h - a message's place in a stream, as JetStream tells it: in the reply subject of a delivery, in headers of a
 * copy, in the answer to a publish.
 *
 * A delivery to a consumer has the reply subject $JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer
 * sequence>.<time>.<pending>; since server 2.8 two tokens, domain and account hash, may stand before the stream. To
 * acknowledge, the client publishes to it. Source: the NATS documentation, "JetStream wire API", and ADR-15. */
#ifndef TRACE_JETSTREAM_H
#define TRACE_JETSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/event.h"

struct trace_stream_place {
	struct wire_slice stream; /* borrows the event */
	uint64_t seq;             /* in the stream */
};

/* A delivery to a consumer, as its acknowledgement subject describes it. */
struct trace_delivery {
	struct wire_slice stream, consumer; /* borrow the subject */
	uint64_t seq;                       /* in the stream */
	uint64_t times;                     /* how often it was delivered, this time included */
	uint64_t stored_ns;                 /* when the stream stored it, by the clock of its server */
	uint64_t pending;                   /* messages that wait for the consumer */
};

/* The subject acknowledges deliveries. */
static inline bool trace_is_ack_subject(struct wire_slice subject)
{
	return subject.len > 8 && memcmp(subject.data, "$JS.ACK.", 8) == 0;
}

/* The delivery that an acknowledgement subject describes. False when it is none. */
bool trace_delivery_of_ack(struct trace_delivery *delivery, struct wire_slice subject);

/* The place that an acknowledgement subject names. False when it is none. */
bool trace_stream_of_ack(struct trace_stream_place *place, struct wire_slice subject);

/* The place of the message that this one is a delivery or a copy of: by its reply subject, or by its headers Nats-Stream and
 * Nats-Sequence. False when it is none. */
bool trace_stream_of_copy(struct trace_stream_place *place, const struct wire_event *event);

/* The place that the server's answer to a publish names: {"stream":"ORDERS","seq":12}. False when it is no such answer. */
bool trace_stream_of_answer(struct trace_stream_place *place, const struct wire_event *event);

/* The value of the header Nats-Msg-Id; empty when there is none. */
struct wire_slice trace_message_id(const struct wire_event *event);

#endif
