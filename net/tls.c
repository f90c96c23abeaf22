/*	below ─▶ context->input ─▶ OpenSSL ─▶ the owner's room         (tls_read.c)
 *	below ◀─ output ◀──────── OpenSSL ◀─ the owner's bytes         (tls_write.c)
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
#include "net/tls_failure.h"
#include "net/tls_handshake.h"
#include "net/tls_output.h"
#include "net/tls_read.h"
#include "net/tls_sessions.h"
#include "net/tls_write.h"

static struct net__tls *of(struct net_stream *stream)
{
	return (struct net__tls *)stream;
}

/* ---- input ---- */

static bool wants_input(const struct net__tls *tls)
{
	return net__tls_is_in_handshake(tls) ||
	       (tls->life == NET__TLS_OPEN && tls->is_reading && !tls->has_more);
}

/* Use the input as far as the owner wants it. The answers of TLS itself go to the output. */
static void advance(struct net__tls *tls)
{
	if (net__tls_is_in_handshake(tls))
		net__tls_handshake(tls);
	if (tls->life == NET__TLS_OPEN && !tls->is_closing && !tls->peer_ended)
		net__tls_give(tls);
	if (tls->is_closing || tls->life == NET__TLS_FAILED || tls->peer_ended)
		return;
	int status = tls->output && tls->output_begun == 0 ? net__tls_output_flush(tls) : 0;
	if (status == 0)
		status = net__tls_input_keep(tls);
	if (status < 0)
		net__tls_fail(tls, status);
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

static void on_ended(struct net_stream *below, int status)
{
	struct net__tls *tls = below->owner;
	if (tls->is_closing || tls->peer_ended)
		return;
	if (below->why)
		snprintf(tls->why, sizeof tls->why, "%s", below->why);
	if (status == UV_EOF)
		net__tls_input_ended(tls);
	else
		net__tls_fail(tls, status);
}

static void on_drained(struct net_stream *below, int status)
{
	struct net__tls *tls = below->owner;
	if (net__tls_write_on(tls, status) && !tls->is_closing &&
	    (net__tls_is_in_handshake(tls) || tls->is_reading))
		advance(tls);
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

static void begin(struct net__tls *tls)
{
	net_stream_copy_peer(&tls->stream, tls->below);
	net__tls_handshake_begin(tls);
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
		net__tls_input_drop(tls);
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
	net_stream_take_over(tls->below, &events, tls);
	net__tls_report_held(tls, (ptrdiff_t)tls->kept_bytes);
	begin(tls);
}

/* Begin to close; true the first time. The stream below may never have been started: its end frees the layer. */
static bool begin_close(struct net__tls *tls)
{
	if (tls->is_closing)
		return false;
	tls->is_closing = true;
	net_stream_take_over(tls->below, &events, tls);
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
					      .write = net__tls_write,
					      .unwritten = net__tls_unwritten,
					      .end = net__tls_end,
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
	net_stream_copy_peer(&tls->stream, below);
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

struct wire_slice net_tls_refusal(const struct net_stream *stream)
{
	return ((const struct net__tls *)stream)->refusal;
}
