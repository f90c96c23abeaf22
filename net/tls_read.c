#include "net/tls_read.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_failure.h"
#include "net/tls_output.h"

/* ---- records that wait ---- */

void net__tls_input_drop(struct net__tls *tls)
{
	size_t bytes = tls->kept_bytes;
	free(tls->kept);
	tls->kept = NULL;
	tls->kept_bytes = 0;
	net__tls_report_held(tls, -(ptrdiff_t)bytes);
}

int net__tls_input_keep(struct net__tls *tls)
{
	struct wire_slice rest = tls->input;
	if (rest.len == 0 && tls->kept)
		net__tls_input_drop(tls);
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

/* ---- decrypting ---- */

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

void net__tls_give(struct net__tls *tls)
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
		net__tls_fail_by_openssl(tls);
}

/* OpenSSL has read a part of a record. */
static bool is_in_record(const SSL *ssl)
{
	return SSL_has_pending(ssl) || strcmp(SSL_rstate_string(ssl), "RB") == 0;
}

void net__tls_input_ended(struct net__tls *tls)
{
	if (tls->life == NET__TLS_HANDSHAKE || tls->life == NET__TLS_CONFIRMING)
		net__tls_fail_because(tls, "the peer closed the connection in the handshake");
	else if (is_in_record(tls->ssl))
		net__tls_fail_because(tls, "the peer closed the connection within a record");
	else if (tls->life == NET__TLS_OPEN)
		peer_ended(tls);
}
