/*	below ─▶ context->input ─▶ OpenSSL ─▶ the owner's room         (decrypt)
 *	below ◀─ output ◀──────── OpenSSL ◀─ the owner's bytes         (encrypt)
 *
 * Input and output are one buffer each for all streams of a context. A stream keeps bytes of its own only while its owner
 * does not want what was read, or the stream below does not take what is written. */
#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_bio.h"
#include "net/tls_error.h"
#include "net/tls_output.h"
#include "net/tls_sessions.h"

static void advance(struct net__tls *tls);

static struct net__tls *of(struct net_stream *stream)
{
	return (struct net__tls *)stream;
}

/* ---- records that wait ---- */

static void drop_kept(struct net__tls *tls)
{
	size_t bytes = tls->kept_bytes;
	free(tls->kept);
	tls->kept = NULL;
	tls->kept_bytes = 0;
	net__tls_report_held(tls, -(ptrdiff_t)bytes);
}

/* The input lies in the context's buffer, which other streams use too: keep a copy of what is left. */
static int keep_input(struct net__tls *tls)
{
	struct wire_slice rest = tls->input;
	if (rest.len == 0 && tls->kept)
		drop_kept(tls);
	if (rest.len == 0 || tls->kept)
		return 0;
	tls->kept = malloc(rest.len);
	if (!tls->kept)
		return -ENOMEM;
	memcpy(tls->kept, rest.data, rest.len);
	tls->kept_bytes = rest.len;
	tls->input = wire_slice(tls->kept, rest.len);
	net__tls_report_held(tls, (ptrdiff_t)rest.len);
	return 0;
}

/* ---- failing ---- */

static void fail(struct net__tls *tls, int status)
{
	if (tls->life == NET__TLS_FAILED || tls->is_closing)
		return;
	tls->life = NET__TLS_FAILED;
	tls->stream.why = tls->why[0] ? tls->why : NULL;
	uv_timer_stop(&tls->timer);
	net_stream_pause(tls->below);
	tls->stream.events->ended(&tls->stream, status);
}

static void fail_because(struct net__tls *tls, const char *why)
{
	if (!tls->why[0])
		snprintf(tls->why, sizeof tls->why, "%s", why);
	fail(tls, NET_ETLS);
}

/* A reason that is noted already stands: it names the certificate. */
static void fail_by_openssl(struct net__tls *tls)
{
	char text[200];
	fail_because(tls, net__tls_error_text(text, sizeof text));
}

/* ---- writing ---- */

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

static ssize_t write_tls(struct net_stream *stream, const uv_buf_t *bufs, unsigned count)
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

static size_t unwritten_tls(const struct net_stream *stream)
{
	const struct net__tls *tls = (const struct net__tls *)stream;
	size_t below = net_stream_unwritten(tls->below);
	if (tls->deferred.len > 0)
		return stream->begun_bytes;
	return below < stream->begun_bytes ? below : stream->begun_bytes;
}

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

static void end_tls(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	if (tls->is_ended || tls->is_closing)
		return;
	tls->is_ended = true;
	if (tls->life == NET__TLS_OPEN && stream->begun_bytes == 0 && !tls->output)
		send_end(tls);
}

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

static void on_drained(struct net_stream *below, int status)
{
	struct net__tls *tls = below->owner;
	tls->output_at += tls->output_begun;
	tls->output_begun = 0;
	if (status == 0)
		status = net__tls_output_flush(tls);
	while (status == 0 && !tls->output && tls->deferred.len > 0)
		status = write_deferred(tls);
	if (status == 0 && tls->output)
		return;
	if (status < 0)
		net__tls_output_drop(tls);
	finish_write(tls, status);
	if (!tls->is_closing && (tls->life == NET__TLS_HANDSHAKE || tls->is_reading))
		advance(tls);
}

/* ---- reading ---- */

static void peer_ended(struct net__tls *tls)
{
	tls->peer_ended = true;
	tls->is_reading = tls->has_more = false;
	tls->input.len = 0;
	net_stream_pause(tls->below);
	tls->stream.events->ended(&tls->stream, UV_EOF);
}

/* Fill the room with what can be decrypted. Returns the length; *is_over: there is no more, *error is why. */
static size_t decrypt(struct net__tls *tls, uv_buf_t room, bool *is_over, int *error)
{
	size_t len = 0;
	ERR_clear_error();
	while (len < room.len) {
		size_t more = 0;
		if (SSL_read_ex(tls->ssl, room.base + len, room.len - len, &more) != 1) {
			*error = SSL_get_error(tls->ssl, 0);
			*is_over = true;
			break;
		}
		len += more;
	}
	return len;
}

/* Give the owner what can be decrypted, as long as it has room. */
static void give(struct net__tls *tls)
{
	struct net_stream *stream = &tls->stream;
	bool is_over = false;
	int error = SSL_ERROR_WANT_READ;
	while (tls->is_reading && !is_over) {
		uv_buf_t room = stream->events->room(stream);
		if (room.len == 0) {
			tls->is_reading = false;
			break;
		}
		size_t len = decrypt(tls, room, &is_over, &error);
		if (len > 0)
			stream->events->bytes(stream, room.base, len);
		if (tls->is_closing || tls->life != NET__TLS_OPEN)
			return;
	}
	tls->has_more = !is_over;
	if (!is_over || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return;
	if (error == SSL_ERROR_ZERO_RETURN)
		peer_ended(tls);
	else
		fail_by_openssl(tls);
}

/* ---- the handshake ---- */

static void on_late(uv_timer_t *timer)
{
	fail_because(timer->data, "timeout");
}

static void open_stream(struct net__tls *tls)
{
	tls->life = NET__TLS_OPEN;
	tls->why[0] = '\0';
	uv_timer_stop(&tls->timer);
	tls->stream.events->opened(&tls->stream);
	if (tls->is_ended && !tls->is_closing && tls->stream.begun_bytes == 0 && !tls->output)
		send_end(tls);
}

static void shake(struct net__tls *tls)
{
	ERR_clear_error();
	int done = SSL_do_handshake(tls->ssl);
	int error = SSL_get_error(tls->ssl, done);
	int status = net__tls_output_flush(tls);
	if (done == 1 && status == 0)
		open_stream(tls);
	else if (status < 0)
		fail(tls, status);
	else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		fail_by_openssl(tls);
}

/* ---- input ---- */

static bool wants_input(const struct net__tls *tls)
{
	return tls->life == NET__TLS_HANDSHAKE ||
	       (tls->life == NET__TLS_OPEN && tls->is_reading && !tls->has_more);
}

/* Use the input as far as the owner wants it. The answers of TLS itself go to the output. */
static void advance(struct net__tls *tls)
{
	if (tls->life == NET__TLS_HANDSHAKE)
		shake(tls);
	if (tls->life == NET__TLS_OPEN && !tls->is_closing && !tls->peer_ended)
		give(tls);
	if (tls->is_closing || tls->life == NET__TLS_FAILED || tls->peer_ended)
		return;
	int status = tls->output && tls->output_begun == 0 ? net__tls_output_flush(tls) : 0;
	if (status == 0)
		status = keep_input(tls);
	if (status < 0)
		fail(tls, status);
	else if (wants_input(tls) && tls->input.len == 0)
		net_stream_read(tls->below);
	else
		net_stream_pause(tls->below);
}

static uv_buf_t on_room(struct net_stream *below)
{
	struct net__tls *tls = below->owner;
	struct net_tls_context *context = tls->context;
	if (!context->input)
		context->input = malloc(NET__TLS_INPUT_BYTES);
	return uv_buf_init(context->input, context->input && !tls->kept ? NET__TLS_INPUT_BYTES : 0);
}

static void on_bytes(struct net_stream *below, char *data, size_t len)
{
	struct net__tls *tls = below->owner;
	if (tls->is_closing || tls->life == NET__TLS_FAILED || tls->peer_ended)
		return;
	tls->input = wire_slice(data, len);
	advance(tls);
}

/* OpenSSL has read a part of a record. */
static bool is_in_record(const SSL *ssl)
{
	return SSL_has_pending(ssl) || strcmp(SSL_rstate_string(ssl), "RB") == 0;
}

static void on_ended(struct net_stream *below, int status)
{
	struct net__tls *tls = below->owner;
	if (tls->is_closing || tls->peer_ended)
		return;
	if (below->why)
		snprintf(tls->why, sizeof tls->why, "%s", below->why);
	if (status != UV_EOF)
		fail(tls, status);
	else if (tls->life == NET__TLS_HANDSHAKE)
		fail_because(tls, "the peer closed the connection in the handshake");
	else if (is_in_record(tls->ssl))
		fail_because(tls, "the peer closed the connection within a record");
	else if (tls->life == NET__TLS_OPEN)
		peer_ended(tls);
}

static void on_resume(uv_timer_t *timer)
{
	struct net__tls *tls = timer->data;
	if (tls->life == NET__TLS_OPEN)
		advance(tls);
}

/* Input that has arrived is given to the owner in a later turn of the loop, since the owner is in a call now. */
static void read_tls(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	if (tls->is_reading || tls->is_closing || tls->peer_ended || tls->life != NET__TLS_OPEN)
		return;
	tls->is_reading = true;
	if (tls->has_more || tls->input.len > 0)
		uv_timer_start(&tls->timer, on_resume, 0, 0);
	else
		net_stream_read(tls->below);
}

static void pause_tls(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	if (!tls->is_reading)
		return;
	tls->is_reading = false;
	net_stream_pause(tls->below);
}

/* ---- opening and closing ---- */

static void copy_peer(struct net_stream *stream, const struct net_stream *below)
{
	stream->fd = below->fd;
	stream->port = below->port;
	memcpy(stream->ip, below->ip, sizeof stream->ip);
}

static void begin(struct net__tls *tls)
{
	copy_peer(&tls->stream, tls->below);
	uv_timer_start(&tls->timer, on_late, (uint64_t)tls->context->timeout_ms, 0);
	advance(tls);
}

static void on_opened(struct net_stream *below)
{
	begin(below->owner);
}

static void on_held(struct net_stream *below, ptrdiff_t change)
{
	net__tls_report_held(below->owner, change);
}

static void free_tls(struct net__tls *tls)
{
	SSL_free(tls->ssl);
	net_tls_context_release(tls->context);
	free(tls->host);
	free(tls->kept);
	free(tls);
}

static void release(struct net__tls *tls)
{
	if (--tls->holds > 0)
		return;
	if (tls->stream.events) {
		net__tls_output_drop(tls);
		drop_kept(tls);
		tls->stream.events->closed(&tls->stream);
	}
	free_tls(tls);
}

static void on_closed(struct net_stream *below)
{
	release(below->owner);
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static const struct net_stream_events events = {.opened = on_opened,
						.room = on_room,
						.bytes = on_bytes,
						.ended = on_ended,
						.drained = on_drained,
						.held = on_held,
						.closed = on_closed};

static void start_tls(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	if (!tls->is_upgrade) {
		net_stream_start(tls->below, &events, tls);
		return;
	}
	tls->below->events = &events;
	tls->below->owner = tls;
	net__tls_report_held(tls, (ptrdiff_t)tls->kept_bytes);
	begin(tls);
}

/* Begin to close; true the first time. The stream below may never have been started: its end frees the layer. */
static bool begin_close(struct net__tls *tls)
{
	if (tls->is_closing)
		return false;
	tls->is_closing = true;
	tls->below->events = &events;
	tls->below->owner = tls;
	uv_close((uv_handle_t *)&tls->timer, on_timer_closed);
	return true;
}

static void close_tls(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	bool may_send = tls->life == NET__TLS_OPEN && !tls->output && !tls->is_end_sent;
	if (!begin_close(tls))
		return;
	if (may_send) {
		ERR_clear_error();
		SSL_shutdown(tls->ssl);
		ERR_clear_error();
		net__tls_output_flush(tls);
	}
	net_stream_close(tls->below);
}

static void abort_tls(struct net_stream *stream)
{
	struct net__tls *tls = of(stream);
	if (begin_close(tls))
		net_stream_abort(tls->below);
}

static const struct net_stream_calls calls = {.start = start_tls,
					      .read = read_tls,
					      .pause = pause_tls,
					      .write = write_tls,
					      .unwritten = unwritten_tls,
					      .end = end_tls,
					      .close = close_tls,
					      .abort = abort_tls};

/* An address has no name to be indicated, and is compared with other fields of a certificate. */
static int set_host(struct net__tls *tls)
{
	X509_VERIFY_PARAM *rules = SSL_get0_param(tls->ssl);
	if (X509_VERIFY_PARAM_set1_ip_asc(rules, tls->host) == 1)
		return 0;
	ERR_clear_error();
	X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	bool is_set = SSL_set_tlsext_host_name(tls->ssl, tls->host) == 1 &&
		      X509_VERIFY_PARAM_set1_host(rules, tls->host, 0) == 1;
	return is_set ? 0 : -EINVAL;
}

static int set_up(struct net__tls *tls, const char *host)
{
	tls->ssl = SSL_new(tls->context->ssl);
	tls->host = host ? strdup(host) : NULL;
	if (!tls->ssl || (host && !tls->host) || net__tls_bio_set(tls) < 0)
		return -ENOMEM;
	SSL_set_app_data(tls->ssl, tls);
	if (tls->context->is_server) {
		SSL_set_accept_state(tls->ssl);
		return 0;
	}
	SSL_set_connect_state(tls->ssl);
	net__tls_session_offer(tls);
	return host ? set_host(tls) : 0;
}

/* NULL when out of memory, or when the host is no name. */
static struct net__tls *make(struct net_stream *below, struct net_tls_context *context, const char *host)
{
	struct net__tls *tls = calloc(1, sizeof *tls);
	if (!tls)
		return NULL;
	*tls = (struct net__tls){
	    .stream = {.calls = &calls, .fd = -1}, .below = below, .context = context, .holds = 2};
	net_tls_context_hold(context);
	if (set_up(tls, host) < 0) {
		free_tls(tls);
		return NULL;
	}
	copy_peer(&tls->stream, below);
	uv_timer_init(context->loop, &tls->timer);
	tls->timer.data = tls;
	return tls;
}

int net_tls_open(struct net_stream **stream, struct net_stream *below, struct net_tls_context *context,
		 const char *host)
{
	struct net__tls *tls = make(below, context, host);
	if (!tls) {
		net_stream_close(below);
		return -ENOMEM;
	}
	*stream = &tls->stream;
	return 0;
}

int net_tls_upgrade(struct net_stream **stream, struct net_stream *below, struct net_tls_context *context,
		    const char *host, struct wire_slice read)
{
	char *kept = read.len > 0 ? malloc(read.len) : NULL;
	struct net__tls *tls = read.len > 0 && !kept ? NULL : make(below, context, host);
	assert(below->begun_bytes == 0);
	if (!tls) {
		free(kept);
		return -ENOMEM;
	}
	if (kept)
		memcpy(kept, read.data, read.len);
	tls->is_upgrade = true;
	tls->kept = kept;
	tls->kept_bytes = read.len;
	tls->input = wire_slice(kept, read.len);
	*stream = &tls->stream;
	return 0;
}
