#include "net/tls_peer.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "net/tls_error.h"
#include "net/tls_state.h"

static const SSL *ssl_of(const struct net_stream *stream)
{
	return ((const struct net__tls *)stream)->ssl;
}

const char *net_tls_version(const struct net_stream *stream)
{
	switch (SSL_version(ssl_of(stream))) {
	case TLS1_2_VERSION: return "1.2";
	case TLS1_3_VERSION: return "1.3";
	default: return "";
	}
}

const char *net_tls_cipher_suite(const struct net_stream *stream)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl_of(stream));
	const char *name = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
	return name ? name : "";
}

bool net_tls_is_resumed(const struct net_stream *stream)
{
	return SSL_session_reused(ssl_of(stream));
}

/* ---- certificates ---- */

/* On the server's side the chain is without the peer's own certificate. */
static X509 *certificate_at(const SSL *ssl, unsigned index)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	if (index == 0)
		return SSL_get0_peer_certificate(ssl);
	int at = (int)index - (SSL_is_server(ssl) ? 1 : 0);
	return at < sk_X509_num(chain) ? sk_X509_value(chain, at) : NULL;
}

static void print_digest(char text[NET_TLS_DIGEST_TEXT], const unsigned char *digest, unsigned len)
{
	text[0] = '\0';
	for (unsigned i = 0; i < len && 2 * i + 2 < NET_TLS_DIGEST_TEXT; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
}

/* Of the SubjectPublicKeyInfo. */
static void print_key_digest(char text[NET_TLS_DIGEST_TEXT], X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *key = NULL;
	unsigned digest_len = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
	if (len > 0)
		EVP_Digest(key, (size_t)len, digest, &digest_len, EVP_sha256(), NULL);
	OPENSSL_free(key);
	print_digest(text, digest, digest_len);
}

bool net_tls_certificate(const struct net_stream *stream, unsigned index, struct net_tls_certificate *found)
{
	X509 *certificate = certificate_at(ssl_of(stream), index);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	*found = (struct net_tls_certificate){0};
	if (!certificate)
		return false;
	net__tls_subject_text(found->subject, sizeof found->subject, certificate);
	X509_digest(certificate, EVP_sha256(), digest, &len);
	print_digest(found->sha256, digest, len);
	print_key_digest(found->key_sha256, certificate);
	return true;
}

bool net_tls_subject(const struct net_stream *stream, char subject[NET_TLS_SUBJECT_TEXT])
{
	X509 *certificate = SSL_get0_peer_certificate(ssl_of(stream));
	net__tls_subject_text(subject, NET_TLS_SUBJECT_TEXT, certificate);
	return certificate != NULL;
}

/* ---- names ---- */

static bool has_alternative(GENERAL_NAMES *names, int type, bool (*is_it)(void *context, const char *name),
			    void *context)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int found_type = 0;
		char text[NET_TLS_SUBJECT_TEXT];
		const ASN1_STRING *value =
		    GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &found_type);
		if (found_type != type)
			continue;
		const char *data = (const char *)ASN1_STRING_get0_data(value);
		size_t len = (size_t)ASN1_STRING_length(value);
		if (len >= sizeof text || memchr(data, '\0', len))
			continue;
		memcpy(text, data, len);
		text[len] = '\0';
		if (is_it(context, text))
			return true;
	}
	return false;
}

bool net_tls_has_name(const struct net_stream *stream, bool (*is_it)(void *context, const char *name),
		      void *context)
{
	static const int types[] = {GEN_EMAIL, GEN_DNS, GEN_URI};
	char subject[NET_TLS_SUBJECT_TEXT];
	X509 *certificate = SSL_get0_peer_certificate(ssl_of(stream));
	if (!certificate)
		return false;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool has_it = false;
	for (size_t i = 0; i < sizeof types / sizeof *types && !has_it; i++)
		has_it = has_alternative(names, types[i], is_it, context);
	GENERAL_NAMES_free(names);
	return has_it || is_it(context, net__tls_subject_text(subject, sizeof subject, certificate));
}
