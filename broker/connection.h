/* connection.h - a client's stream and output: write, flush, close. Inside this folder.
 *
 * The lowest layer of a client. It knows nothing of operations, matching or other clients; its owner hears of what
 * happens through a table of events. */
#ifndef BROKER_CONNECTION_H
#define BROKER_CONNECTION_H

#include "broker/client.h"
#include "broker/clients.h"
#include "broker/server.h"

/* The way up: what happens to a client. Called by connection.c from the event loop, except `admitted`, which connect.c
 * calls. */
struct broker__connection_events {
	/* Bytes can be written. Reading begins with net_stream_read. */
	void (*opened)(struct broker_client *client);
	/* Where the next bytes go; no room: reading pauses until it is resumed. */
	uv_buf_t (*room)(struct broker_client *client);
	/* len bytes were put there. The client is open. */
	void (*bytes)(struct broker_client *client, char *data, size_t len);
	/* A client that may choose has not begun TLS in time. */
	void (*undecided)(struct broker_client *client);
	/* The client may send anything from now on: its CONNECT was accepted, or none is needed. */
	void (*admitted)(struct broker_client *client);
	/* A queued write has ended. When it failed the client is leaving. */
	void (*drained)(struct broker_client *client);
	/* The last hold was released: nothing of the client is in use, and the owner frees it. */
	void (*closed)(struct broker_client *client);
};

/* Make a client of a new stream. Takes the stream, also on failure. The client is not in loop->all; the caller fills in
 * what it is, then starts it. NULL when out of memory, which is logged. */
struct broker_client *broker__client_open(struct broker__loop *loop, struct net_stream *stream,
					  const struct broker__connection_events *events);
/* Start the stream: the first event is `opened`, which may come during this call. */
void broker__client_start(struct broker_client *client);

/* Delay the `closed` event; handles hold a client until they are closed. */
void broker__client_hold(struct broker_client *client);
void broker__client_release(struct broker_client *client);

/* ---- output ---- */

/* The client has output: write it when the turn is finished. */
static inline void broker__client_touch(struct broker_client *client)
{
	if (client->is_dirty)
		return;
	client->is_dirty = true;
	broker__clients_add(&client->loop->dirty, client, BROKER__LINK(dirty));
}

/* The client need not be written to. */
static inline void broker__client_untouch(struct broker_client *client)
{
	if (client->is_dirty)
		broker__clients_remove(&client->loop->dirty, client, BROKER__LINK(dirty));
	client->is_dirty = false;
}

/* Append protocol text. Past the limit of pending output the client is cut as a slow consumer. */
void broker__client_send(struct broker_client *client, struct wire_slice text);
void broker__client_send_pieces(struct broker_client *client, const struct wire_slice *pieces,
				unsigned count);
/* Append `+OK` if the client asked for it. */
void broker__client_send_ok(struct broker_client *client);
/* Append `-ERR 'text'` and emit an error event. Log lines are up to the caller. */
void broker__client_send_error(struct broker_client *client, struct wire_slice text);

/* Write what the kernel takes now; the rest is written as it drains, until the write deadline. */
void broker__client_flush(struct broker_client *client);

/* ---- the end ---- */

/* Mark the client as leaving: `reason` is static text for the log and the event, and the first reason stands. It is torn
 * down when the turn is finished, in the next round at the latest (teardown.h). */
void broker__client_close(struct broker_client *client, const char *reason); /* after its output is written */
void broker__client_cut(struct broker_client *client, const char *reason);   /* at once */
/* Cut a client whose limit of pending output was exceeded. */
void broker__client_cut_slow(struct broker_client *client);

/* After the teardown, once the life says LINGERING: write the last output, for some time at most, then finish. */
void broker__client_linger(struct broker_client *client);
/* The end: count the output that is left as lost, emit the disconnect event, close the stream. */
void broker__client_finish(struct broker_client *client);
/* Set lost_messages and lost_bytes from the output that the kernel has not taken. */
void broker__client_count_lost(struct broker_client *client);

#endif
