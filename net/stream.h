/* stream.h - a stream of bytes in both directions, whatever carries them.
 *
 *	owner ─▶ calls ─▶ layer ─▶ layer ─▶ TCP       read, write, close …
 *	owner ◀─ events ◀ layer ◀─ layer ◀─ TCP       opened, bytes, drained, closed …
 *
 * The lowest layer is a TCP connection (net/tcp.h), accepted or connected. A layer above it, such as encryption, is a
 * stream, and the owner of the stream below it: the owner of the uppermost one does not see which layers there are.
 *
 * A stream belongs to one event loop, in whose thread everything here is called. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <string.h>
#include <uv.h>

#include "net/address.h"

struct net_stream;

/* The way up: what happens to a stream. Called from the loop; only `opened`, `ended` and `held` may also come while the
 * owner is in a call of the stream, as said there. */
struct net_stream_events {
	/* Bytes can be written, and read after net_stream_read. */
	void (*opened)(struct net_stream *stream);
	/* Where the next bytes go. No room: reading pauses until net_stream_read. */
	uv_buf_t (*room)(struct net_stream *stream);
	/* len > 0 bytes were put there. */
	void (*bytes)(struct net_stream *stream, char *data, size_t len);
	/* Nothing more will be read: UV_EOF when the peer has ended its side, which may go on reading ours, or the code of a
	 * failure, also of one to open. */
	void (*ended)(struct net_stream *stream, int status);
	/* The bytes that net_stream_write has begun were taken (0), or could not be (a negative code). */
	void (*drained)(struct net_stream *stream, int status);
	/* A layer holds `change` more bytes of memory than before (fewer if negative), for the owner to count. The changes add
	 * up to 0 when the stream is closed. */
	void (*held)(struct net_stream *stream, ptrdiff_t change);
	/* The last event: the stream is freed after it. */
	void (*closed)(struct net_stream *stream);
};

/* The way down: what a layer does. The functions below say what each call means. */
struct net_stream_calls {
	void (*start)(struct net_stream *stream);
	void (*read)(struct net_stream *stream);
	void (*pause)(struct net_stream *stream);
	ssize_t (*write)(struct net_stream *stream, const uv_buf_t *bufs, unsigned count);
	size_t (*unwritten)(const struct net_stream *stream);
	void (*end)(struct net_stream *stream);
	void (*close)(struct net_stream *stream);
	void (*abort)(struct net_stream *stream);
};

/* The head of every layer's own struct. */
struct net_stream {
	const struct net_stream_calls *calls;
	const struct net_stream_events *events; /* of the owner; NULL until net_stream_start */
	void *owner;
	size_t begun_bytes; /* of the last write: begun and not taken yet */
	int fd; /* of the TCP connection; this and the peer of a stream that connects: once it is open */
	char ip[NET_IP_TEXT];
	int port; /* the peer's */
	const char
	    *why; /* the stream has failed, when a layer knows more than the code; NULL: the code says all */
};

/* Why a stream ended with this status; valid until `closed`. */
static inline const char *net_stream_why(const struct net_stream *stream, int status)
{
	return stream->why ? stream->why : uv_strerror(status);
}

/* Take possession of a new stream: `opened` follows, or `ended` when that fails. They may come during this call. */
static inline void net_stream_start(struct net_stream *stream, const struct net_stream_events *events,
				    void *owner)
{
	stream->events = events;
	stream->owner = owner;
	stream->calls->start(stream);
}

/* Become the owner of a stream that had another one, or was never started: its events go to the layer above from now on. */
static inline void net_stream_take_over(struct net_stream *stream, const struct net_stream_events *events,
					void *owner)
{
	stream->events = events;
	stream->owner = owner;
}

/* A layer has the connection and the peer of the stream below it. */
static inline void net_stream_copy_peer(struct net_stream *stream, const struct net_stream *below)
{
	stream->fd = below->fd;
	stream->port = below->port;
	memcpy(stream->ip, below->ip, sizeof stream->ip);
}

/* Read until paused. */
static inline void net_stream_read(struct net_stream *stream)
{
	stream->calls->read(stream);
}

static inline void net_stream_pause(struct net_stream *stream)
{
	stream->calls->pause(stream);
}

/* Write the bytes of bufs in order, as many as are taken at once; the caller may then reuse their memory. Returns their
 * number, or a negative code; UV_EPIPE after net_stream_end and after closing.
 *
 * When not all were taken, some of the rest are begun: the next begun_bytes (> 0) stay in place and unchanged until
 * `drained`, before which nothing can be written. */
static inline ssize_t net_stream_write(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
{
	return stream->calls->write(stream, bufs, count);
}

/* How many of the begun bytes have not been taken so far. */
static inline size_t net_stream_unwritten(const struct net_stream *stream)
{
	return stream->calls->unwritten(stream);
}

/* End our side: the peer reads the end after the last byte written. Its side goes on. */
static inline void net_stream_end(struct net_stream *stream)
{
	stream->calls->end(stream);
}

/* Close both sides: what was taken is still sent, what was only begun may be lost. Of the events, only `drained` (with
 * UV_ECANCELED), `held` and `closed` follow; a second call does nothing. */
static inline void net_stream_close(struct net_stream *stream)
{
	stream->calls->close(stream);
}

/* Likewise, but at once: the peer gets a reset, and bytes on their way may be lost. */
static inline void net_stream_abort(struct net_stream *stream)
{
	stream->calls->abort(stream);
}

#endif
