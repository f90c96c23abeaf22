/* transport.h - the stream of bytes below a connection, inside this folder.
 *
 * Plain TCP. Layers between the socket and the protocol (TLS, WebSocket) belong here: only connection.c, reading.c and
 * accept.c call these functions. Embedded in a client, whose memory may be freed after `closed`. */
#ifndef BROKER_TRANSPORT_H
#define BROKER_TRANSPORT_H

#include <stdbool.h>
#include <uv.h>

struct broker__transport;

/* Events of a transport. Called from the loop, never from within a transport function. */
struct broker__transport_events {
	/* Where the next bytes go. No room: the transport pauses until broker__transport_read. */
	uv_buf_t (*room)(struct broker__transport *transport);
	/* len bytes were put there; negative: the peer has closed (UV_EOF) or the connection failed. */
	void (*bytes)(struct broker__transport *transport, char *data, ssize_t len);
	/* A queued write has ended: 0 or a negative code. */
	void (*written)(struct broker__transport *transport, int status);
	/* The last event: nothing of the transport is in use. */
	void (*closed)(struct broker__transport *transport);
};

struct broker__transport {
	uv_tcp_t tcp;
	uv_write_t write;
	const struct broker__transport_events *events;
	bool is_reading;
};

/* Accept the next connection of the listener. 0 or a negative code. Also after a failure the transport must be closed,
 * unless *needs_close is false. */
int broker__transport_accept(struct broker__transport *transport, uv_stream_t *listener,
			     const struct broker__transport_events *events, bool *needs_close);

void broker__transport_read(struct broker__transport *transport);
void broker__transport_pause(struct broker__transport *transport);

/* Write what the kernel takes at once. Returns the bytes taken, UV_EAGAIN when none, or another negative code. */
int broker__transport_try(struct broker__transport *transport, const uv_buf_t *bufs, unsigned count);

/* Queue one write at a time; its bytes stay in place until `written`. 0 or a negative code. */
int broker__transport_queue(struct broker__transport *transport, const uv_buf_t *buf);

/* Bytes of the queued write that the kernel has not taken yet. */
size_t broker__transport_unwritten(const struct broker__transport *transport);

void broker__transport_close(struct broker__transport *transport);

/* The peer's address: IPv4 as "10.0.0.7" also when it came over an IPv6 socket. */
void broker__transport_peer(const struct broker__transport *transport, char *ip, size_t ip_cap, int *port);

/* The descriptor, -1 when there is none. */
int broker__transport_fd(const struct broker__transport *transport);

#endif
