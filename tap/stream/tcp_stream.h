/* tcp_stream.h - put one stream (one direction) of a TCP connection in order. Internal to tap; tap/stream/reassembly.h
 * says what comes out.
 *
 *	       first          next            hole           kept   kept       edge
 *	  ─────┴── emitted ───┴───────────────────────────┬──────┬──────┬──────┴──▶ sequence numbers, modulo 2^32
 *	                                  acked ┴          kept segments, none overlapping another
 *
 * Positions are compared relative to `next`. TCP would take bytes up to the edge of the window that the other end
 * advertised. A segment beyond it, or far before `next`, is a stray (tap/stream/strays.h). A FIN that no kept segment
 * reaches is kept as a segment without bytes. A stream with kept segments waits: it is in a list, longest waiting first.
 *
 * A stream whose SYN was not seen settles first: nothing is emitted for a moment, so that segments which were captured
 * out of order still find their place before its first bytes.
 *
 * Functions that emit return false when the handler is no longer interested in the connection. The stream must then be
 * freed (tap__tcp_stream_fini). */
#ifndef TAP_STREAM_TCP_STREAM_H
#define TAP_STREAM_TCP_STREAM_H

#include "tap/stream/reassembly.h"
#include "tap/stream/strays.h"

struct tap__flow;

struct tap__tcp_stream {
	struct tap__flow *flow; /* its connection */
	void *handle;           /* what the handler calls the connection */
	enum tap_peer which;    /* who sends the stream */
	uint8_t shift;          /* of the windows its sender advertises; TAP_NO_WINDOW_SHIFT: unknown */
	bool has_hint;          /* !is_known, and the other end acknowledged all bytes before `acked` */
	bool is_known;          /* its sequence numbers are known; otherwise nothing below is valid */
	bool is_settling;       /* nothing was emitted, and earlier bytes may come */
	bool saw_syn;           /* its first byte is known from its SYN */
	bool has_fin;           /* there is a FIN that nothing contradicts */
	bool is_fin_acked;      /* the other end acknowledged the FIN, and nothing after it */
	bool has_edge;          /* the other end's window is known */
	bool has_claim;         /* the other end acknowledged bytes that were not seen */
	bool has_timestamp;     /* of the segments taken in order */
	uint32_t longest;       /* bytes of the longest segment so far */
	uint32_t first, next;
	uint32_t acked;          /* the other end has all bytes before it; never less than next */
	uint32_t edge;           /* the first byte that the other end would not take */
	uint32_t claim;          /* like acked, but not confirmed by data */
	uint32_t claim_by;       /* sequence number of the segment with the claim */
	uint32_t fin;            /* the position after the last byte */
	uint32_t timestamp;      /* the latest */
	uint32_t old_timestamps; /* successive segments with much earlier ones */
	int64_t time_ns;         /* of what was emitted last */
	int64_t heard_ns;        /* when the other end last acknowledged bytes that were seen */

	struct tap__kept_segment *first_kept, *last_kept;
	uint32_t kept_count;
	uint32_t out_of_order;    /* segments out of order so far */
	uint32_t in_order;        /* segments in order so far, while others were kept */
	uint64_t kept_bytes;      /* memory of the kept segments */
	int64_t waiting_since_ns; /* without progress */
	struct tap__tcp_stream *waiting_before, *waiting_after; /* in the list */
	struct tap__strays strays;
	struct tap_leftover early;      /* bytes before first that came too late */
	uint32_t early_far, early_near; /* the range they cover, as distances before first */
};

/* Streams that wait, longest waiting first. */
struct tap__wait_list {
	struct tap__tcp_stream *longest, *last;
};

/* State that all streams share. */
struct tap__stream_context {
	struct tap_flow_handler *handler;
	struct tap_budget *budget;
	struct tap_reassembly_options options;
	struct tap_reassembly_stats stats;
	struct tap__wait_list waiting, settling;
};

/* An acknowledgement from the other end. */
struct tap__ack {
	uint32_t seq;    /* the sender has all bytes before it */
	uint32_t by;     /* sequence number of the segment that carries it */
	uint16_t window; /* as sent */
	uint8_t shift;   /* of the window; TAP_NO_WINDOW_SHIFT: unknown */
	int64_t time_ns;
};

/* Positions less than this before or after `next` can be told apart. */
#define TAP__HALF (UINT32_C(1) << 31)

/* The distance of a position after `next`; TAP__HALF or more when it lies before. */
static inline uint32_t tap__ahead(const struct tap__tcp_stream *stream, uint32_t seq)
{
	return seq - stream->next;
}

static inline bool tap__is_behind(const struct tap__tcp_stream *stream, uint32_t seq)
{
	return tap__ahead(stream, seq) >= TAP__HALF;
}

/* The position after the last byte that was emitted or is kept. */
static inline uint32_t tap__kept_end(const struct tap__tcp_stream *stream)
{
	const struct tap__kept_segment *last = stream->last_kept;
	return last ? last->seq + tap__kept_segment_bytes(last) : stream->next;
}

/* Count bytes that were not emitted for any connection. */
void tap__leftover_add(struct tap_leftover *left, uint64_t bytes, int64_t time_ns);

/* The stream begins with this byte, as its SYN said. */
void tap__tcp_stream_begin(struct tap__tcp_stream *stream, uint32_t seq);

/* The SYN was not seen, and this is the first byte of the first segment that was. */
void tap__tcp_stream_begin_midstream(struct tap__tcp_stream *stream, uint32_t seq);

/* The stream's own SYN came late, or again: the stream begins with this byte. */
bool tap__tcp_stream_note_syn(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			      uint32_t seq, int64_t time_ns);

/* Does the range lie outside anything that TCP would take or has taken? */
bool tap__tcp_stream_is_far(const struct tap__tcp_stream *stream, const struct tap__range *range);

/* Is it the sequence number that the stream continues with, as far as the capture shows? */
bool tap__tcp_stream_expects(const struct tap__tcp_stream *stream, uint32_t seq);

/* Take the bytes of a segment that is not far. */
bool tap__tcp_stream_take(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  struct tap__range range);

/* Does the stream continue where the strays are? It does when the other end acknowledges bytes there, or when enough
 * strays follow on each other. */
bool tap__tcp_stream_has_moved(const struct tap__tcp_stream *stream);

/* The distance from `next` to the strays; TAP__HALF or more when they lie before. */
static inline uint32_t tap__tcp_stream_distance(const struct tap__tcp_stream *stream)
{
	return stream->strays.first - stream->next;
}

/* Continue with the strays, which lie ahead: emit a hole, then the strays. */
bool tap__tcp_stream_jump(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  int64_t time_ns);

/* Take the strays of another stream as segments of this one. They are freed in any case. */
bool tap__tcp_stream_adopt(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			   struct tap__strays *strays);

/* The other end acknowledges bytes. */
bool tap__tcp_stream_acknowledge(struct tap__stream_context *context, struct tap__tcp_stream *stream,
				 const struct tap__ack *ack);

/* The other end acknowledges bytes in a segment that is far itself: it can confirm strays, and nothing else. */
void tap__tcp_stream_claim(struct tap__tcp_stream *stream, const struct tap__ack *ack);

/* Give up the holes of a waiting stream whose time is over. */
bool tap__tcp_stream_expire(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns);

/* Nothing earlier will come: emit from the first kept segment on. */
bool tap__tcp_stream_settle(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns);

/* Nothing more will come: emit all that is kept or known of. */
bool tap__tcp_stream_finish(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns, enum tap_hole why);

/* Free what is kept. */
void tap__tcp_stream_fini(struct tap__stream_context *context, struct tap__tcp_stream *stream);

/* Was its last byte emitted? */
static inline bool tap__tcp_stream_is_done(const struct tap__tcp_stream *stream)
{
	return stream->has_fin && stream->next == stream->fin;
}

#endif
