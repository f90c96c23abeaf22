/* stream.h - a JetStream stream as a source of messages.
 *
 * Each message has the time at which the stream stored it, its subject and headers, and as reply the acknowledgement subject of
 * its delivery, $JS.ACK.<stream>.<consumer>.…, which names stream and sequence number: the same form in which a proxy or a
 * sniffer sees deliveries. Publisher and receivers are unknown. */
#ifndef TAP_SUBSCRIBER_STREAM_H
#define TAP_SUBSCRIBER_STREAM_H

#include "net/client/stream.h"
#include "net/client/target.h"
#include "tap/pump.h"

struct tap_stream_options {
	struct net_client_target *target; /* borrowed */
	const char *name;                 /* of the connection */
	struct net_client_stream stream;  /* its texts are borrowed */
	uint64_t from_seq;                /* 0: begin at from_ns */
	int64_t from_ns;                  /* nanoseconds since the epoch; 0: begin with the first message */
	bool
	    is_resumed; /* from_seq follows the last message of the log: what was deleted since then is a gap */
	bool follows;   /* do not end with the last message that there is at the start */
};

struct tap_stream_stats {
	uint64_t messages, bytes;     /* given out; headers and payloads */
	uint64_t expected;            /* messages, from the first one given out; grows while it follows */
	uint64_t first_seq, last_seq; /* of those given out; 0: none was */
	uint64_t missing;             /* sequence numbers between these that the stream no longer has */
	uint64_t lost; /* deleted before they were imported, though an earlier run ended just before them */
	uint64_t end_seq; /* the last one of the stream at the start; 0: it is empty */
};

struct tap_stream;

/* Connect, ask for the stream, make the consumer. 0, or a negative code with *fault as of net_client_open,
 * net_client_stream_get_info, and -EINVAL when the stream ends before from_seq - 1. */
int tap_stream_open(struct tap_stream **stream, const struct tap_stream_options *options,
		    struct wire_fault *fault);
void tap_stream_close(struct tap_stream *stream);

/* Its events, for tap_pump_run. */
struct tap_pump_source tap_stream_pump_source(struct tap_stream *stream);

void tap_stream_stats(const struct tap_stream *stream, struct tap_stream_stats *stats);

#endif
