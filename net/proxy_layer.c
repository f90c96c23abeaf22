#include "net/proxy_layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy_header.h"

struct layered {
	struct net_stream stream; /* first */
	struct net_stream *below;
	uv_timer_t deadline;
	int holds;       /* `below` and the deadline, until they are closed */
	bool is_open;    /* the header has ended */
	bool is_over;    /* it was malformed, or too late */
	size_t len;      /* bytes of the header in `bytes` */
	size_t need;     /* bytes of the header to be read before it is looked at */
	size_t skipping; /* bytes of the header that are read and dropped */
	struct net_proxy_header header;
	char bytes[NET_PROXY_HEADER_ROOM];
};

static struct layered *of(struct net_stream *stream)
{
	return (struct layered *)stream;
}

static struct layered *above(const struct net_stream *below)
{
	return below->owner;
}

/* ---- the end ---- */

static void release(struct layered *layered)
{
	if (--layered->holds > 0)
		return;
	if (layered->stream.events)
		layered->stream.events->closed(&layered->stream);
	free(layered);
}

static void on_deadline_closed(uv_handle_t *deadline)
{
	release(deadline->data);
}

static void stop_waiting(struct layered *layered)
{
	if (!uv_is_closing((uv_handle_t *)&layered->deadline))
		uv_close((uv_handle_t *)&layered->deadline, on_deadline_closed);
}

/* The header cannot be had. */
static void fail(struct layered *layered, int status)
{
	if (layered->is_over)
		return;
	layered->is_over = true;
	stop_waiting(layered);
	net_stream_pause(layered->below);
	layered->stream.events->ended(&layered->stream, status);
}

static void on_late(uv_timer_t *deadline)
{
	fail(deadline->data, UV_ETIMEDOUT);
}

/* ---- the header ---- */

static void finish_header(struct layered *layered)
{
	struct net_stream *stream = &layered->stream;
	layered->is_open = true;
	stop_waiting(layered);
	net_stream_pause(layered->below);
	if (layered->header.has_ends) {
		memcpy(stream->ip, layered->header.source.ip, sizeof stream->ip);
		stream->port = layered->header.source.port;
	}
	stream->events->opened(stream);
}

static void look_at_header(struct layered *layered)
{
	int64_t total =
	    net_proxy_header_parse(layered->bytes, layered->len, &layered->header, &layered->need);
	if (total < 0)
		fail(layered, (int)total);
	else if (total > 0 && (size_t)total == layered->len)
		finish_header(layered);
	else if (total > 0)
		layered->skipping = (size_t)total - layered->len;
}

static uv_buf_t header_room(struct layered *layered)
{
	size_t len = layered->need - layered->len;
	if (layered->skipping == 0)
		return uv_buf_init(layered->bytes + layered->len, (unsigned)len);
	len = layered->skipping < sizeof layered->bytes ? layered->skipping : sizeof layered->bytes;
	return uv_buf_init(layered->bytes, (unsigned)len);
}

static void take_header(struct layered *layered, size_t len)
{
	if (layered->skipping == 0) {
		layered->len += len;
		look_at_header(layered);
		return;
	}
	layered->skipping -= len;
	if (layered->skipping == 0)
		finish_header(layered);
}

/* ---- events of the stream below ---- */

static void on_opened(struct net_stream *below)
{
	struct layered *layered = above(below);
	layered->stream.fd = below->fd;
	net_stream_read(below);
}

static uv_buf_t on_room(struct net_stream *below)
{
	struct layered *layered = above(below);
	return layered->is_open ? layered->stream.events->room(&layered->stream) : header_room(layered);
}

static void on_bytes(struct net_stream *below, char *data, size_t len)
{
	struct layered *layered = above(below);
	if (layered->is_open)
		layered->stream.events->bytes(&layered->stream, data, len);
	else if (!layered->is_over)
		take_header(layered, len);
}

static void on_ended(struct net_stream *below, int status)
{
	struct layered *layered = above(below);
	if (layered->is_open)
		layered->stream.events->ended(&layered->stream, status);
	else
		fail(layered, status == UV_EOF && layered->len > 0 ? NET_EPROXYHEADER : status);
}

static void on_drained(struct net_stream *below, int status)
{
	struct net_stream *stream = below->owner;
	stream->begun_bytes = 0;
	stream->events->drained(stream, status);
}

static void on_held(struct net_stream *below, ptrdiff_t change)
{
	struct net_stream *stream = below->owner;
	stream->events->held(stream, change);
}

static void on_closed(struct net_stream *below)
{
	release(above(below));
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
	struct layered *layered = of(stream);
	uv_timer_start(&layered->deadline, on_late, NET_PROXY_LAYER_MS, 0);
	net_stream_start(layered->below, &events, stream);
}

static void read_below(struct net_stream *stream)
{
	if (of(stream)->is_open)
		net_stream_read(of(stream)->below);
}

static void pause_below(struct net_stream *stream)
{
	if (of(stream)->is_open)
		net_stream_pause(of(stream)->below);
}

static ssize_t write_below(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
{
	if (!of(stream)->is_open)
		return of(stream)->is_over ? UV_EPIPE : UV_ENOTCONN;
	ssize_t taken = net_stream_write(of(stream)->below, bufs, count);
	stream->begun_bytes = of(stream)->below->begun_bytes;
	return taken;
}

static size_t unwritten_below(const struct net_stream *stream)
{
	return net_stream_unwritten(((const struct layered *)stream)->below);
}

static void end_below(struct net_stream *stream)
{
	net_stream_end(of(stream)->below);
}

/* The streams may never have been started. */
static void begin_close(struct layered *layered)
{
	layered->is_over = true;
	net_stream_take_over(layered->below, &events, &layered->stream);
	stop_waiting(layered);
}

static void close_below(struct net_stream *stream)
{
	begin_close(of(stream));
	net_stream_close(of(stream)->below);
}

static void abort_below(struct net_stream *stream)
{
	begin_close(of(stream));
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

/* ---- opening ---- */

static bool sends_header(const struct net_proxy_layer *layer, const struct net_stream *below)
{
	return layer->from.count == 0 || net_networks_contain(&layer->from, below->ip);
}

int net_proxy_layer_open(const struct net_layer *layer, struct net_stream *below, struct net_stream **stream)
{
	const struct net_proxy_layer *options = (const struct net_proxy_layer *)layer;
	*stream = below;
	if (!sends_header(options, below))
		return 0;
	struct layered *layered = calloc(1, sizeof *layered);
	if (!layered) {
		net_stream_close(below);
		return -ENOMEM;
	}
	*layered = (struct layered){
	    .stream = {.calls = &calls}, .below = below, .holds = 2, .need = NET_PROXY_HEADER_FIRST};
	net_stream_copy_peer(&layered->stream, below);
	uv_timer_init(options->loop, &layered->deadline);
	layered->deadline.data = layered;
	*stream = &layered->stream;
	return 0;
}
