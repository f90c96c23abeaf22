/* streams.h - TCP reassembly: segments in capture order in, both sides' bytes in order out.
 *
 * What comes out, and the promise that every byte is told once, is in tap/stream/flow.h. What comes in may be out of order,
 * doubled, overlapping, cut, one-sided or made up; sequence numbers may wrap.
 *
 * Bytes that were told cannot be taken back: of two versions of a byte the first counts. Segments ahead of a hole are
 * kept until the hole is filled or given up, which happens when
 *   - the other side acknowledged bytes behind it, so that the capture missed them, and a little patience (captures are
 *     out of order, too) has passed;
 *   - it has been there for `patience_ns`;
 *   - more is kept behind it than a bound allows;
 *   - the connection or the capture ends.
 *
 * Control segments and data count as TCP would have them (RFC 9293, RFC 5961, RFC 7323). A RST ends a connection at once
 * when its number is exactly what comes next; one elsewhere in the window is doubtful, and does when the side is silent
 * from then on for `silence_ns`. A SYN on a connection that is there begins another one once that shows: by the answer
 * to it, or by segments with its numbers. A FIN that bytes follow was none. Segments outside the window, and old ones by
 * their timestamps, are strays: they are set aside, and mean something only when the other side acknowledges bytes where
 * they are, or when many of them follow on each other. Then the capture has missed a long stretch, or another connection
 * uses the ports. Bytes that are acknowledged and were not seen make a hole when the side itself has sent behind them.
 *
 * Where a connection's SYN was not seen nothing is told of a side for `settling_ns`, some segments, or until the other
 * side acknowledges it: its first segments may be out of order.
 *
 * A connection comes into being with its first byte of data. Until then its SYNs are remembered in a table of fixed
 * size, so that a flood of them costs nothing but the memory of other connections' SYNs. A connection that has ended or
 * is of no interest leaves a tombstone behind, by which its stragglers are known; tombstones go first when room is
 * needed.
 *
 * No clock: time is what the packets say. */
#ifndef TAP_STREAM_STREAMS_H
#define TAP_STREAM_STREAMS_H

#include "tap/capture/packet.h"
#include "tap/stream/flow.h"

struct tap_streams_options {
	uint32_t flows_max;               /* connections, tombstones included */
	uint32_t half_open_max;           /* connections without data */
	uint64_t side_bytes_max;          /* kept behind a hole, of one side */
	uint32_t side_pieces_max;         /* segments kept, likewise */
	int64_t patience_ns;              /* with a hole */
	int64_t acked_patience_ns;        /* with a hole whose bytes the other side acknowledged */
	uint32_t acked_patience_segments; /* likewise, in segments of the side */
	int64_t silence_ns;               /* after an end, or behind a hole, that may be forged */
	int64_t settling_ns;              /* with a beginning that was not seen */
};

/* The defaults: 65 536 and 16 384 connections, 8 MiB, 4096 segments, 5 s, 100 ms, 64 segments,
 * 60 s, 100 ms. */
void tap_streams_options_init(struct tap_streams_options *options);

struct tap_streams_stats {
	uint64_t segments;
	uint64_t data_bytes;            /* told as data */
	uint64_t out_of_order_segments; /* that had to be kept */
	uint64_t retransmitted_bytes; /* seen before (or before the beginning of what is seen) and left out */
	uint64_t conflicts;           /* segments that differed from the bytes kept for the same place */
	uint64_t keep_alives;
	uint64_t strays, stray_bytes; /* segments that TCP would not take, and their bytes */
	uint64_t ignored_controls; /* RST, SYN and FIN that TCP would not obey, or that their side denied */
	uint64_t early_bytes;      /* before the beginning of what was told: reported as left over */
	uint64_t ended_bytes;      /* behind a side's FIN, or after the connection's end */
	uint64_t unwatched_bytes;  /* of connections of no interest */
	uint64_t refused_bytes;    /* of connections that found no room */
	uint64_t opened;           /* connections, whether of interest or not */
	uint64_t uninteresting;    /* of these */
	uint64_t ends[TAP_ENDS];
	uint64_t half_open_evicted;
	uint64_t tombstones_evicted;
	uint64_t holes[TAP_HOLES], hole_bytes[TAP_HOLES];
};

struct tap_streams;

/* Borrows handler and budget until close. NULL when out of memory; the tables of fixed size are taken from the budget,
 * too. */
struct tap_streams *tap_streams_open(struct tap_flow_handler *handler,
				     const struct tap_streams_options *options, struct tap_budget *budget);

/* A segment, in the order of the capture. */
void tap_streams_take(struct tap_streams *streams, const struct tap_segment *segment, int64_t time_ns);

/* Give up holes whose time is over. Segments do this by themselves: for a live capture in which nothing passes. */
void tap_streams_expire(struct tap_streams *streams, int64_t time_ns);

/* The capture has ended: tell what is kept and close every connection. */
void tap_streams_finish(struct tap_streams *streams, int64_t time_ns);

/* Free everything. Connections still open are not told of; see tap_streams_finish. */
void tap_streams_close(struct tap_streams *streams);

/* Valid until close. */
const struct tap_streams_stats *tap_streams_stats(const struct tap_streams *streams);

#endif
