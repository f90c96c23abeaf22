#include "net/tls_error.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- OpenSSL's reasons ---- */

static const struct {
	int reason;
	const char *text;
} reasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS"},
    {SSL_R_HTTP_REQUEST, "the peer does not speak TLS, but HTTP"},
    {SSL_R_HTTPS_PROXY_REQUEST, "the peer does not speak TLS"}, /* CONNECT, as NATS has it, too */
    {SSL_R_BAD_RECORD_TYPE, "the peer does not speak TLS"},
    {SSL_R_UNEXPECTED_MESSAGE, "the peer sends a message out of order"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "no TLS version in common with the peer"},
    {SSL_R_VERSION_TOO_LOW, "no TLS version in common with the peer"},
    {SSL_R_NO_SHARED_CIPHER, "no cipher suite in common with the peer"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the peer presents no certificate"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was damaged on its way"},
    {SSL_R_NO_RENEGOTIATION, "the peer asks for a new handshake, which is not served"},
};

static const char *known_reason(int reason)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].reason == reason)
			return reasons[i].text;
	return NULL;
}

const char *net__tls_error_text(char *text, size_t size)
{
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_REASON(error);
	bool is_ssl = ERR_GET_LIB(error) == ERR_LIB_SSL;
	const char *known = is_ssl ? known_reason(reason) : NULL, *other = ERR_reason_error_string(error);
	if (is_ssl && reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
		snprintf(text, size, "the peer refuses: %s",
			 SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
	else
		snprintf(text, size, "%s", known ? known : other ? other : "out of memory");
	ERR_clear_error();
	return text;
}

/* ---- certificates ---- */

const char *net__tls_subject_text(char *text, size_t size, X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *data = NULL;
	text[0] = '\0';
	if (bio && certificate)
		X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
				   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	long len = bio ? BIO_get_mem_data(bio, &data) : 0;
	if (len > 0)
		snprintf(text, size, "%.*s", (int)len, data);
	BIO_free(bio);
	return text;
}

/* "Jan  2 03:04:05 2026 GMT" */
static void print_time(BIO *bio, const char *before, const ASN1_TIME *time)
{
	BIO_puts(bio, before);
	ASN1_TIME_print(bio, time);
}

static void print_name(BIO *bio, const GENERAL_NAME *name)
{
	int type = 0;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	const unsigned char *data =
	    type == GEN_DNS || type == GEN_IPADD ? ASN1_STRING_get0_data(value) : NULL;
	if (data && type == GEN_DNS)
		BIO_printf(bio, " %.*s", ASN1_STRING_length(value), data);
	else if (data && ASN1_STRING_length(value) == 4)
		BIO_printf(bio, " %d.%d.%d.%d", data[0], data[1], data[2], data[3]);
}

static void print_hosts(BIO *bio, X509 *certificate, const char *host)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	BIO_printf(bio, " is not for host %s", host);
	BIO_puts(bio, sk_GENERAL_NAME_num(names) > 0 ? ", but for" : "");
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < 4; i++)
		print_name(bio, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
}

static void print_reason(BIO *bio, X509 *certificate, int error, const char *host)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		print_time(bio, " has expired, ", X509_get0_notAfter(certificate));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		print_time(bio, " is not valid before ", X509_get0_notBefore(certificate));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH: print_hosts(bio, certificate, host); break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		BIO_puts(bio, " is signed by no one who is trusted, but by ");
		X509_NAME_print_ex(bio, X509_get_issuer_name(certificate), 0, XN_FLAG_RFC2253);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: BIO_puts(bio, " is self-signed, and not trusted"); break;
	default: BIO_printf(bio, " is refused: %s", X509_verify_cert_error_string(error));
	}
}

void net__tls_verify_text(char *text, size_t size, X509 *certificate, int error, const char *host)
{
	char subject[160];
	const char *data = NULL;
	BIO *bio = certificate ? BIO_new(BIO_s_mem()) : NULL;
	if (!bio) {
		snprintf(text, size, "certificate refused: %s", X509_verify_cert_error_string(error));
		return;
	}
	BIO_printf(bio, "the certificate of \"%s\"",
		   net__tls_subject_text(subject, sizeof subject, certificate));
	print_reason(bio, certificate, error, host ? host : "");
	long len = BIO_get_mem_data(bio, &data);
	snprintf(text, size, "%.*s", (int)len, data);
	BIO_free(bio);
}
