#include "net/tls_bio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct net__tls *of(BIO *bio)
{
	return BIO_get_data(bio);
}

static int read_input(BIO *bio, char *to, size_t len, size_t *taken)
{
	struct net__tls *tls = of(bio);
	BIO_clear_retry_flags(bio);
	if (tls->input.len == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	*taken = len < tls->input.len ? len : tls->input.len;
	memcpy(to, tls->input.data, *taken);
	tls->input.data += *taken;
	tls->input.len -= *taken;
	return 1;
}

/* The buffer of the context, if no other stream has taken it. */
static char *take_buffer(struct net_tls_context *context)
{
	char *buffer = context->output;
	context->output = NULL;
	return buffer ? buffer : malloc(NET__TLS_OUTPUT_BYTES);
}

static int write_output(BIO *bio, const char *from, size_t len, size_t *taken)
{
	struct net__tls *tls = of(bio);
	BIO_clear_retry_flags(bio);
	if (!tls->output)
		tls->output = take_buffer(tls->context);
	if (!tls->output)
		return 0;
	size_t room = NET__TLS_OUTPUT_BYTES - tls->output_len;
	if (room == 0) {
		BIO_set_retry_write(bio);
		return 0;
	}
	*taken = len < room ? len : room;
	memcpy(tls->output + tls->output_len, from, *taken);
	tls->output_len += *taken;
	return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* the stream writes once OpenSSL returns */
}

BIO_METHOD *net__tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "net_stream");
	if (!method)
		return NULL;
	BIO_meth_set_read_ex(method, read_input);
	BIO_meth_set_write_ex(method, write_output);
	BIO_meth_set_ctrl(method, control);
	return method;
}

int net__tls_bio_set(struct net__tls *tls)
{
	BIO *bio = BIO_new(tls->context->bio);
	if (!bio)
		return -ENOMEM;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	return 0;
}
