#include "net/tls_output.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

void net__tls_report_held(struct net__tls *tls, ptrdiff_t change)
{
	if (change != 0)
		tls->stream.events->held(&tls->stream, change);
}

/* The buffer goes back to the context, for the next stream that needs one. */
void net__tls_output_drop(struct net__tls *tls)
{
	struct net_tls_context *context = tls->context;
	if (!tls->output)
		return;
	if (context->output)
		free(tls->output);
	else
		context->output = tls->output;
	tls->output = NULL;
	tls->output_at = tls->output_len = tls->output_begun = 0;
	if (tls->is_output_held)
		net__tls_report_held(tls, -(ptrdiff_t)NET__TLS_OUTPUT_BYTES);
	tls->is_output_held = false;
}

static void hold_output(struct net__tls *tls)
{
	if (tls->is_output_held)
		return;
	tls->is_output_held = true;
	net__tls_report_held(tls, NET__TLS_OUTPUT_BYTES);
}

int net__tls_output_flush(struct net__tls *tls)
{
	while (tls->output_at < tls->output_len && tls->output_begun == 0) {
		const uv_buf_t rest =
		    uv_buf_init(tls->output + tls->output_at, (unsigned)(tls->output_len - tls->output_at));
		ssize_t taken = net_stream_write(tls->below, &rest, 1);
		if (taken < 0)
			return (int)taken;
		tls->output_at += (size_t)taken;
		tls->output_begun = tls->below->begun_bytes;
	}
	if (tls->output_begun > 0)
		hold_output(tls);
	else
		net__tls_output_drop(tls);
	return 0;
}

/* The next record: a long buffer as it is; of short ones, as many as a record can carry. */
static struct wire_slice next_record(struct net__tls *tls, const uv_buf_t *bufs, unsigned count, size_t at)
{
	struct net_tls_context *context = tls->context;
	size_t len = 0;
	for (; count > 0 && at >= bufs->len; bufs++, count--)
		at -= bufs->len;
	if (count == 0)
		return wire_slice(NULL, 0);
	if (count == 1 || bufs->len - at >= NET__TLS_RECORD_BYTES)
		return wire_slice(bufs->base + at, bufs->len - at < NET__TLS_RECORD_BYTES
						       ? bufs->len - at
						       : NET__TLS_RECORD_BYTES);
	if (!context->plain)
		context->plain = malloc(NET__TLS_RECORD_BYTES);
	if (!context->plain)
		return wire_slice(bufs->base + at, bufs->len - at);
	for (; count > 0 && len < NET__TLS_RECORD_BYTES; bufs++, count--, at = 0) {
		size_t room = NET__TLS_RECORD_BYTES - len, more = bufs->len - at;
		more = more < room ? more : room;
		memcpy(context->plain + len, bufs->base + at, more);
		len += more;
	}
	return wire_slice(context->plain, len);
}

ssize_t net__tls_output_encrypt(struct net__tls *tls, const uv_buf_t *bufs, unsigned count, size_t at)
{
	size_t len = 0;
	ERR_clear_error();
	while (len < NET__TLS_BATCH_BYTES) {
		size_t taken = 0;
		struct wire_slice record = next_record(tls, bufs, count, at + len);
		if (record.len == 0)
			break;
		if (record.len > NET__TLS_BATCH_BYTES - len)
			record.len = NET__TLS_BATCH_BYTES - len;
		if (SSL_write_ex(tls->ssl, record.data, record.len, &taken) != 1)
			break;
		len += taken;
	}
	ERR_clear_error();
	return len > 0 ? (ssize_t)len : NET_ETLS;
}
