#include "net/tls_write.h"

#include <assert.h>
#include <openssl/err.h>

#include "net/tls_output.h"

static struct net__tls *of(struct net_stream *stream)
{
	return (struct net__tls *)stream;
}

/* ---- bytes ---- */

/* Records of TLS itself are on their way: the owner's bytes wait until they were taken. */
static ssize_t defer(struct net__tls *tls, const uv_buf_t *bufs, unsigned count)
{
	for (; count > 0 && bufs->len == 0; bufs++, count--)
		continue;
	if (count == 0)
		return 0;
	size_t len = bufs->len < NET__TLS_BATCH_BYTES ? bufs->len : NET__TLS_BATCH_BYTES;
	tls->deferred = wire_slice(bufs->base, len);
	tls->stream.begun_bytes = len;
	return 0;
}

ssize_t net__tls_write(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
{
	struct net__tls *tls = of(stream);
	size_t taken = 0, len = 0;
	if (tls->is_closing || tls->is_ended || tls->life == NET__TLS_FAILED)
		return UV_EPIPE;
	if (tls->life != NET__TLS_OPEN)
		return UV_ENOTCONN;
	assert(stream->begun_bytes == 0);
	if (tls->output)
		return defer(tls, bufs, count);
	for (unsigned i = 0; i < count; i++)
		len += bufs[i].len;
	while (taken < len) {
		ssize_t more = net__tls_output_encrypt(tls, bufs, count, taken);
		int error = more < 0 ? (int)more : net__tls_output_flush(tls);
		if (error)
			return error;
		if (tls->output) {
			stream->begun_bytes = (size_t)more;
			break;
		}
		taken += (size_t)more;
	}
	return (ssize_t)taken;
}

size_t net__tls_unwritten(const struct net_stream *stream)
{
	const struct net__tls *tls = (const struct net__tls *)stream;
	size_t below = net_stream_unwritten(tls->below);
	if (tls->deferred.len > 0)
		return stream->begun_bytes;
	return below < stream->begun_bytes ? below : stream->begun_bytes;
}

/* ---- the end ---- */

/* Send close_notify, and end the side below once it was taken. */
static void send_end(struct net__tls *tls)
{
	if (!tls->is_end_sent) {
		tls->is_end_sent = true;
		ERR_clear_error();
		SSL_shutdown(tls->ssl);
		ERR_clear_error();
	}
	if (net__tls_output_flush(tls) < 0 || !tls->output)
		net_stream_end(tls->below);
}

void net__tls_send_end_if_due(struct net__tls *tls)
{
	if (tls->is_ended && !tls->is_closing && tls->life == NET__TLS_OPEN && tls->stream.begun_bytes == 0 &&
	    !tls->output)
		send_end(tls);
}

void net__tls_end(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	if (tls->is_ended || tls->is_closing)
		return;
	tls->is_ended = true;
	net__tls_send_end_if_due(tls);
}

/* ---- going on ---- */

/* Nothing is pending any more: encrypt the deferred bytes. */
static int write_deferred(struct net__tls *tls)
{
	const uv_buf_t buf = uv_buf_init((char *)(uintptr_t)tls->deferred.data, (unsigned)tls->deferred.len);
	ssize_t taken = net__tls_output_encrypt(tls, &buf, 1, 0);
	if (taken < 0)
		return (int)taken;
	tls->deferred.data += taken;
	tls->deferred.len -= (size_t)taken;
	return net__tls_output_flush(tls);
}

static void finish_write(struct net__tls *tls, int status)
{
	bool had_begun = tls->stream.begun_bytes > 0;
	tls->stream.begun_bytes = 0;
	tls->deferred = (struct wire_slice){0};
	if (tls->is_ended && status == 0 && tls->life == NET__TLS_OPEN)
		send_end(tls);
	if (had_begun)
		tls->stream.events->drained(&tls->stream, status);
}

bool net__tls_write_on(struct net__tls *tls, int status)
{
	tls->output_at += tls->output_begun;
	tls->output_begun = 0;
	if (status == 0)
		status = net__tls_output_flush(tls);
	while (status == 0 && !tls->output && tls->deferred.len > 0)
		status = write_deferred(tls);
	if (status == 0 && tls->output)
		return false;
	if (status < 0)
		net__tls_output_drop(tls);
	finish_write(tls, status);
	return true;
}
