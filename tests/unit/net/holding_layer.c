#include "tests/unit/net/holding_layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES = 10000 };

struct holding {
	struct net_stream stream; /* first */
	struct net_stream *below;
	char mask;
	char *record; /* owned: changed bytes that `below` has begun; NULL = none */
	size_t record_bytes;
};

static struct holding *of(struct net_stream *stream)
{
	return (struct holding *)stream;
}

static void change(const struct holding *holding, char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(data[i] ^ holding->mask);
}

static void drop_record(struct holding *holding)
{
	struct net_stream *stream = &holding->stream;
	if (!holding->record)
		return;
	free(holding->record);
	holding->record = NULL;
	stream->events->held(stream, -(ptrdiff_t)holding->record_bytes);
}

/* ---- events of the stream below ---- */

static void copy_peer(struct net_stream *stream, const struct net_stream *below)
{
	stream->fd = below->fd;
	stream->port = below->port;
	memcpy(stream->ip, below->ip, sizeof stream->ip);
}

static void on_opened(struct net_stream *below)
{
	struct net_stream *stream = below->owner;
	copy_peer(stream, below);
	stream->events->opened(stream);
}

static uv_buf_t on_room(struct net_stream *below)
{
	struct net_stream *stream = below->owner;
	return stream->events->room(stream);
}

static void on_bytes(struct net_stream *below, char *data, size_t len)
{
	struct net_stream *stream = below->owner;
	change(of(stream), data, len);
	stream->events->bytes(stream, data, len);
}

static void on_ended(struct net_stream *below, int status)
{
	struct net_stream *stream = below->owner;
	stream->events->ended(stream, status);
}

static void on_drained(struct net_stream *below, int status)
{
	struct net_stream *stream = below->owner;
	stream->begun_bytes = 0;
	drop_record(of(stream));
	stream->events->drained(stream, status);
}

static void on_held(struct net_stream *below, ptrdiff_t change_bytes)
{
	struct net_stream *stream = below->owner;
	stream->events->held(stream, change_bytes);
}

static void on_closed(struct net_stream *below)
{
	struct net_stream *stream = below->owner;
	if (stream->events) {
		drop_record(of(stream));
		stream->events->closed(stream);
	}
	free(stream);
}

static const struct net_stream_events events = {.opened = on_opened,
						.room = on_room,
						.bytes = on_bytes,
						.ended = on_ended,
						.drained = on_drained,
						.held = on_held,
						.closed = on_closed};

/* ---- calls ---- */

static void start(struct net_stream *stream)
{
	net_stream_start(of(stream)->below, &events, stream);
}

static void read_below(struct net_stream *stream)
{
	net_stream_read(of(stream)->below);
}

static void pause_below(struct net_stream *stream)
{
	net_stream_pause(of(stream)->below);
}

/* Write the beginning of buf as a record. Returns the bytes taken, with begun_bytes set; or a negative code. */
static ssize_t write_record(struct holding *holding, const char *bytes, size_t len)
{
	struct net_stream *stream = &holding->stream;
	holding->record_bytes = len < RECORD_BYTES ? len : RECORD_BYTES;
	holding->record = malloc(holding->record_bytes);
	if (!holding->record)
		return -ENOMEM;
	stream->events->held(stream, (ptrdiff_t)holding->record_bytes);
	memcpy(holding->record, bytes, holding->record_bytes);
	change(holding, holding->record, holding->record_bytes);
	uv_buf_t buf = uv_buf_init(holding->record, (unsigned)holding->record_bytes);
	ssize_t taken = net_stream_write(holding->below, &buf, 1);
	stream->begun_bytes = holding->below->begun_bytes;
	if (stream->begun_bytes == 0)
		drop_record(holding);
	return taken;
}

static ssize_t write_below(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
{
	size_t taken = 0;
	for (unsigned i = 0; i < count; i++) {
		for (size_t at = 0; at < bufs[i].len;) {
			ssize_t more = write_record(of(stream), bufs[i].base + at, bufs[i].len - at);
			if (more < 0)
				return more;
			taken += (size_t)more;
			at += (size_t)more;
			if (stream->begun_bytes > 0)
				return (ssize_t)taken;
		}
	}
	return (ssize_t)taken;
}

static size_t unwritten_below(const struct net_stream *stream)
{
	return net_stream_unwritten(((const struct holding *)stream)->below);
}

static void end_below(struct net_stream *stream)
{
	net_stream_end(of(stream)->below);
}

static void close_below(struct net_stream *stream)
{
	struct net_stream *below = of(stream)->below;
	below->owner = stream; /* also when neither was started: on_closed frees the layer */
	below->events = &events;
	net_stream_close(below);
}

static void abort_below(struct net_stream *stream)
{
	net_stream_abort(of(stream)->below);
}

static const struct net_stream_calls calls = {.start = start,
					      .read = read_below,
					      .pause = pause_below,
					      .write = write_below,
					      .unwritten = unwritten_below,
					      .end = end_below,
					      .close = close_below,
					      .abort = abort_below};

int holding_layer_open(const struct net_layer *layer, struct net_stream *below, struct net_stream **stream)
{
	struct holding *holding = calloc(1, sizeof *holding);
	if (!holding) {
		net_stream_close(below);
		return -ENOMEM;
	}
	*holding = (struct holding){
	    .stream = {.calls = &calls}, .below = below, .mask = ((const struct holding_layer *)layer)->mask};
	copy_peer(&holding->stream, below);
	*stream = &holding->stream;
	return 0;
}
