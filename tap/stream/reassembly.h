/* reassembly.h - TCP reassembly: segments in capture order in, the bytes of both streams in order out.
 *
 * tap/stream/flow.h defines what comes out and promises that every byte comes out once. What comes in may be out of order,
 * duplicated, overlapping, cut, one-sided or forged, and sequence numbers may wrap.
 *
 * A byte that was emitted cannot be changed: of two versions the first counts. Segments after a hole are kept until the
 * hole is filled or given up. It is given up when
 *   - the other end acknowledged bytes after it, so that the capture missed them, and a short time has passed (captures
 *     are out of order, too);
 *   - it has existed for `patience_ns`;
 *   - more is kept after it than a limit allows;
 *   - the connection or the capture ends.
 *
 * Control segments and data count as TCP would have them (RFC 9293, RFC 5961, RFC 7323):
 *   RST    ends a connection at once when its number is exactly the next one. Elsewhere in the window it is doubtful, and
 *          counts when its sender is silent for `silence_ns`.
 *   SYN    on a known connection begins another one as soon as the answer to it, or segments with its numbers, are seen.
 *   FIN    is ignored when bytes follow it.
 *   stray  a segment outside the window, or an old one by its timestamp. Strays are kept, and count only when the other
 *          end acknowledges bytes there or when many of them follow on each other: the capture has missed a long stretch,
 *          or another connection uses the ports.
 * Bytes that are acknowledged and were not seen become a hole once their sender has sent bytes after them.
 *
 * When a connection's SYN was not seen, its first segments may be out of order. Nothing of a stream is emitted then before
 * `settling_ns`, some segments, or an acknowledgement by the other end.
 *
 * A connection is created with its first byte of data. Before that its SYNs are remembered in a table of fixed size, so that
 * a flood of SYNs can only displace other SYNs. A connection that has ended, or that the handler does not want, leaves a
 * tombstone, so that late segments are recognised. Tombstones are evicted first.
 *
 * There is no clock: time is that of the packets. */
#ifndef TAP_STREAM_REASSEMBLY_H
#define TAP_STREAM_REASSEMBLY_H

#include "tap/packet/packet.h"
#include "tap/stream/flow.h"

struct tap_reassembly_options {
	uint32_t flows_max;           /* connections, tombstones included */
	uint32_t half_open_max;       /* connections without data */
	uint64_t stream_bytes_max;    /* kept after a hole, of one stream */
	uint32_t stream_segments_max; /* likewise, in segments */
	int64_t patience_ns;          /* before a hole is given up */
	int64_t acked_patience_ns;    /* before a hole is given up whose bytes the other end acknowledged */
	uint32_t acked_patience_segments; /* likewise, in segments of the stream */
	int64_t silence_ns;               /* after an end, or a segment after a hole, that may be forged */
	int64_t settling_ns;              /* for a beginning that was not seen */
};

/* Set the defaults: 65 536 and 16 384 connections, 8 MiB, 4096 segments, 5 s, 100 ms, 64 segments, 60 s, 100 ms. */
void tap_reassembly_options_init(struct tap_reassembly_options *options);

struct tap_reassembly_stats {
	uint64_t segments;
	uint64_t data_bytes;            /* emitted as data */
	uint64_t out_of_order_segments; /* that had to be kept */
	uint64_t retransmitted_bytes;   /* emitted before, or before the first byte seen; left out */
	uint64_t conflicts;             /* segments that differed from the bytes kept for the same place */
	uint64_t keep_alives;
	uint64_t strays, stray_bytes; /* segments that TCP would not take, and their bytes */
	uint64_t
	    ignored_controls; /* RST, SYN and FIN that TCP would not obey, or that later segments refuted */
	uint64_t early_bytes; /* before the first byte that was emitted; reported as left over */
	uint64_t ended_bytes; /* after the FIN of a stream, or after the end of its connection */
	uint64_t unwatched_bytes; /* of connections that the handler did not want */
	uint64_t refused_bytes;   /* of connections for which there was no memory */
	uint64_t opened;          /* connections, wanted or not */
	uint64_t uninteresting;   /* those of them that the handler did not want */
	uint64_t ends[TAP_ENDS];
	uint64_t half_open_evicted;
	uint64_t tombstones_evicted;
	uint64_t holes[TAP_HOLES], hole_bytes[TAP_HOLES];
};

struct tap_reassembly;

/* Borrows handler and budget until close. The tables of fixed size count in the budget. NULL when out of memory. */
struct tap_reassembly *tap_reassembly_open(struct tap_flow_handler *handler,
					   const struct tap_reassembly_options *options,
					   struct tap_budget *budget);

/* Take the next segment of the capture. */
void tap_reassembly_take(struct tap_reassembly *reassembly, const struct tap_segment *segment,
			 int64_t time_ns);

/* Advance the time and give up the holes whose time is over. Taking a segment does the same: call this when a live
 * capture is idle. */
void tap_reassembly_expire(struct tap_reassembly *reassembly, int64_t time_ns);

/* The capture has ended: emit what is kept and close every connection. */
void tap_reassembly_finish(struct tap_reassembly *reassembly, int64_t time_ns);

/* Free everything. The ends of open connections are not reported; see tap_reassembly_finish. */
void tap_reassembly_close(struct tap_reassembly *reassembly);

/* Valid until close. */
const struct tap_reassembly_stats *tap_reassembly_stats(const struct tap_reassembly *reassembly);

#endif
