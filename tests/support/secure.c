#include "support/secure.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/fail.h"

static SSL_CTX *context_of(const struct support_tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	if (!context)
		support_fail("no memory");
	SSL_CTX_set_min_proto_version(context, tls->version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(context, tls->version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION);
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (tls->ca_file && SSL_CTX_load_verify_locations(context, tls->ca_file, NULL) != 1)
		support_fail("cannot read %s", tls->ca_file);
	if (tls->ca_file)
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (tls->cert_file && (SSL_CTX_use_certificate_chain_file(context, tls->cert_file) != 1 ||
			       SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) != 1))
		support_fail("cannot read %s", tls->cert_file);
	return context;
}

static bool wait_for(const struct support_socket *sock, int error, struct support_deadline deadline)
{
	struct pollfd entry = {.fd = sock->fd, .events = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN};
	return poll(&entry, 1, support_deadline_left_ms(deadline)) > 0;
}

static int shake(struct support_socket *sock, struct support_deadline deadline, char *why)
{
	for (;;) {
		ERR_clear_error();
		int done = SSL_connect(sock->ssl), error = SSL_get_error(sock->ssl, done);
		if (done == 1)
			return 0;
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			const char *reason = ERR_reason_error_string(ERR_peek_error());
			if (why)
				snprintf(why, 256, "%s", reason ? reason : "closed");
			return -EPROTO;
		}
		if (!wait_for(sock, error, deadline))
			return -ETIMEDOUT;
	}
}

int support_socket_secure(struct support_socket *sock, const struct support_tls *tls,
			  struct support_deadline deadline, char *why)
{
	SSL_CTX *context = context_of(tls);
	fcntl(sock->fd, F_SETFL, fcntl(sock->fd, F_GETFL) | O_NONBLOCK);
	sock->ssl = SSL_new(context);
	SSL_CTX_free(context);
	if (!sock->ssl)
		support_fail("no memory");
	SSL_set_mode(sock->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_tlsext_host_name(sock->ssl, "localhost");
	SSL_set1_host(sock->ssl, "localhost");
	SSL_set_fd(sock->ssl, sock->fd);
	return shake(sock, deadline, why);
}

char *support_socket_server_subject(const struct support_socket *sock)
{
	char text[256] = "";
	X509 *certificate = SSL_get0_peer_certificate(sock->ssl);
	if (certificate)
		X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof(text));
	return strdup(text);
}

/* SSL_read and SSL_write as recv(2) and send(2) report. */
static int64_t result_of(const struct support_socket *sock, int count)
{
	int error = SSL_get_error(sock->ssl, count);
	if (count > 0 || error == SSL_ERROR_ZERO_RETURN)
		return count > 0 ? count : 0;
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

int64_t support_secure_receive(struct support_socket *sock, void *bytes, size_t len)
{
	ERR_clear_error();
	return result_of(sock, SSL_read(sock->ssl, bytes, (int)len));
}

int64_t support_secure_send(struct support_socket *sock, const void *bytes, size_t len)
{
	ERR_clear_error();
	return result_of(sock, SSL_write(sock->ssl, bytes, len < INT32_MAX ? (int)len : INT32_MAX));
}

void support_secure_close(struct support_socket *sock)
{
	SSL_free(sock->ssl);
	sock->ssl = NULL;
}
