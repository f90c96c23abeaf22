#include "net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tcp {
	struct net_stream stream; /* first */
	uv_tcp_t handle;
	union {
		uv_connect_t connect;
		uv_write_t write;
	} request;
	struct sockaddr_storage peer;
	char *greeting; /* owned; NULL: none, or sent */
	size_t greeting_len;
	bool is_connected, is_reading, is_ended;
};

static struct tcp *of(struct net_stream *stream)
{
	return (struct tcp *)stream;
}

static uv_stream_t *handle_of(struct net_stream *stream)
{
	return (uv_stream_t *)&of(stream)->handle;
}

static bool is_closing(struct net_stream *stream)
{
	return uv_is_closing((uv_handle_t *)&of(stream)->handle);
}

/* ---- reading ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct net_stream *stream = handle->data;
	(void)suggested;
	*buf = stream->events->room(stream);
}

static void pause_tcp(struct net_stream *stream)
{
	if (!of(stream)->is_reading)
		return;
	of(stream)->is_reading = false;
	uv_read_stop(handle_of(stream));
}

static void on_bytes(uv_stream_t *handle, ssize_t len, const uv_buf_t *buf)
{
	struct net_stream *stream = handle->data;
	if (len > 0) {
		stream->events->bytes(stream, buf->base, (size_t)len);
		return;
	}
	if (len == 0)
		return;
	pause_tcp(stream);
	if (len != UV_ENOBUFS)
		stream->events->ended(stream, (int)len);
}

static void read_tcp(struct net_stream *stream)
{
	if (of(stream)->is_reading || is_closing(stream))
		return;
	of(stream)->is_reading = true;
	uv_read_start(handle_of(stream), on_room, on_bytes);
}

/* ---- writing ---- */

static void send_end(struct net_stream *stream)
{
	shutdown(stream->fd, SHUT_WR);
}

static void on_written(uv_write_t *write, int status)
{
	struct net_stream *stream = write->data;
	stream->begun_bytes = 0;
	if (of(stream)->is_ended && !is_closing(stream))
		send_end(stream);
	stream->events->drained(stream, status);
}

/* Queue what is left of the first buffer that was not taken whole: when that is done, the kernel has room again. */
static ssize_t begin_rest(struct net_stream *stream, const uv_buf_t *bufs, unsigned count, size_t taken)
{
	size_t skipped = taken;
	while (count > 0 && skipped >= bufs->len) {
		skipped -= bufs->len;
		bufs++;
		count--;
	}
	if (count == 0)
		return (ssize_t)taken;
	const uv_buf_t rest = uv_buf_init(bufs->base + skipped, (unsigned)(bufs->len - skipped));
	uv_write_t *write = &of(stream)->request.write;
	write->data = stream;
	int status = uv_write(write, handle_of(stream), &rest, 1, on_written);
	if (status < 0)
		return status;
	stream->begun_bytes = rest.len;
	return (ssize_t)taken;
}

static ssize_t write_tcp(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
{
	if (is_closing(stream) || of(stream)->is_ended)
		return UV_EPIPE;
	if (!of(stream)->is_connected)
		return UV_ENOTCONN;
	assert(stream->begun_bytes == 0);
	int taken = uv_try_write(handle_of(stream), bufs, count);
	if (taken < 0 && taken != UV_EAGAIN)
		return taken;
	return begin_rest(stream, bufs, count, taken < 0 ? 0 : (size_t)taken);
}

static size_t unwritten_tcp(const struct net_stream *stream)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&((const struct tcp *)stream)->handle);
}

static void end_tcp(struct net_stream *stream)
{
	if (of(stream)->is_ended || is_closing(stream))
		return;
	of(stream)->is_ended = true;
	if (stream->begun_bytes == 0)
		send_end(stream);
}

/* ---- opening and closing ---- */

static void set_connected(struct tcp *tcp)
{
	tcp->is_connected = true;
	tcp->stream.port = net_address_ip(&tcp->peer, tcp->stream.ip);
	uv_tcp_nodelay(&tcp->handle, 1);
}

int net_tcp_greet(struct net_stream *stream, const void *bytes, size_t len)
{
	struct tcp *tcp = of(stream);
	assert(len <= NET_TCP_GREETING && !tcp->is_connected && !tcp->greeting);
	tcp->greeting = malloc(len);
	if (!tcp->greeting)
		return -ENOMEM;
	memcpy(tcp->greeting, bytes, len);
	tcp->greeting_len = len;
	return 0;
}

/* The buffer of a new connection takes it whole. */
static int send_greeting(struct tcp *tcp)
{
	const uv_buf_t buf = uv_buf_init(tcp->greeting, (unsigned)tcp->greeting_len);
	if (!tcp->greeting)
		return 0;
	int taken = uv_try_write((uv_stream_t *)&tcp->handle, &buf, 1);
	free(tcp->greeting);
	tcp->greeting = NULL;
	return taken < 0 ? taken : (size_t)taken < tcp->greeting_len ? UV_ENOBUFS : 0;
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct net_stream *stream = connect->data;
	if (is_closing(stream))
		return;
	if (status == 0)
		status = send_greeting(of(stream));
	if (status < 0) {
		stream->events->ended(stream, status);
		return;
	}
	uv_fileno((uv_handle_t *)&of(stream)->handle, &stream->fd);
	set_connected(of(stream));
	stream->events->opened(stream);
}

static void start_tcp(struct net_stream *stream)
{
	struct tcp *tcp = of(stream);
	if (tcp->is_connected) {
		stream->events->opened(stream);
		return;
	}
	tcp->request.connect.data = stream;
	int status =
	    uv_tcp_connect(&tcp->request.connect, &tcp->handle, (struct sockaddr *)&tcp->peer, on_connected);
	if (status < 0)
		stream->events->ended(stream, status);
}

static void on_closed(uv_handle_t *handle)
{
	struct net_stream *stream = handle->data;
	if (stream->events)
		stream->events->closed(stream);
	free(of(stream)->greeting);
	free(stream);
}

static void close_tcp(struct net_stream *stream)
{
	if (!is_closing(stream))
		uv_close((uv_handle_t *)&of(stream)->handle, on_closed);
}

static void abort_tcp(struct net_stream *stream)
{
	static const struct linger none = {.l_onoff = 1};
	if (!is_closing(stream))
		setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close_tcp(stream);
}

static const struct net_stream_calls calls = {.start = start_tcp,
					      .read = read_tcp,
					      .pause = pause_tcp,
					      .write = write_tcp,
					      .unwritten = unwritten_tcp,
					      .end = end_tcp,
					      .close = close_tcp,
					      .abort = abort_tcp};

/* NULL when out of memory. */
static struct tcp *open_tcp(uv_loop_t *loop, const struct sockaddr_storage *peer)
{
	struct tcp *tcp = calloc(1, sizeof *tcp);
	if (!tcp || uv_tcp_init(loop, &tcp->handle) < 0) {
		free(tcp);
		return NULL;
	}
	tcp->stream = (struct net_stream){.calls = &calls, .fd = -1};
	tcp->handle.data = &tcp->stream;
	tcp->peer = *peer;
	return tcp;
}

int net_tcp_accepted(struct net_stream **stream, uv_loop_t *loop, int fd, const struct sockaddr_storage *peer)
{
	struct tcp *tcp = open_tcp(loop, peer);
	int status = tcp ? uv_tcp_open(&tcp->handle, fd) : -ENOMEM;
	if (status < 0) {
		close(fd);
		if (tcp)
			close_tcp(&tcp->stream);
		return status;
	}
	tcp->stream.fd = fd;
	set_connected(tcp);
	*stream = &tcp->stream;
	return 0;
}

int net_tcp_connect(struct net_stream **stream, uv_loop_t *loop, const struct sockaddr_storage *peer)
{
	struct tcp *tcp = open_tcp(loop, peer);
	if (!tcp)
		return -ENOMEM;
	*stream = &tcp->stream;
	return 0;
}
