#include "net/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tls_bio.h"
#include "net/tls_error.h"
#include "net/tls_handshake.h"
#include "net/tls_sessions.h"

/* ---- faults ---- */

static int fault_of(struct wire_fault *fault, const char *what, const char *name)
{
	char reason[200];
	return wire_fault_set(fault, NET_ETLS, "%s %.250s: %s", what, name,
			      net__tls_error_text(reason, sizeof reason));
}

/* A file that cannot be read has its own reason: OpenSSL's is that of a library. */
static int check_readable(const char *what, const char *path, struct wire_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return wire_fault_set(fault, NET_ETLS, "%s %.250s: %s", what, path, wire_error_text(-errno));
	close(fd);
	return 0;
}

/* ---- certificates ---- */

/* Keys with a passphrase are refused: nobody is there to be asked. */
static int no_passphrase(char *text, int size, int is_write, void *context)
{
	(void)text;
	(void)size;
	(void)is_write;
	(void)context;
	return -1;
}

static int use_certificate(SSL_CTX *ssl, const struct net_tls_options *options, struct wire_fault *fault)
{
	const char *key_file = options->key_file ? options->key_file : options->cert_file;
	int error = check_readable("certificate", options->cert_file, fault);
	if (error == 0)
		error = check_readable("private key", key_file, fault);
	if (error)
		return error;
	SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ssl, options->cert_file) != 1)
		return fault_of(fault, "certificate", options->cert_file);
	if (SSL_CTX_use_PrivateKey_file(ssl, key_file, SSL_FILETYPE_PEM) != 1)
		return fault_of(fault, "private key", key_file);
	return 0;
}

static int trust(SSL_CTX *ssl, const struct net_tls_options *options, struct wire_fault *fault)
{
	if (!options->ca_file) {
		if (!options->is_server || options->verify) /* the certificates of the system are hundreds */
			SSL_CTX_set_default_verify_paths(ssl);
		return 0;
	}
	int error = check_readable("CA file", options->ca_file, fault);
	if (error)
		return error;
	if (SSL_CTX_load_verify_locations(ssl, options->ca_file, NULL) != 1)
		return fault_of(fault, "CA file", options->ca_file);
	if (options->is_server)
		SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(options->ca_file));
	return 0;
}

/* Note the first reason: later ones follow from it. */
static int on_verify(int is_good, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct net__tls *tls = SSL_get_app_data(ssl);
	if (!is_good && !tls->why[0])
		net__tls_verify_text(tls->why, sizeof tls->why, X509_STORE_CTX_get_current_cert(store),
				     X509_STORE_CTX_get_error(store), tls->host);
	return is_good;
}

static void set_verification(SSL_CTX *ssl, const struct net_tls_options *options)
{
	int mode = options->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
	if (options->verify && options->is_server)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ssl, mode, on_verify);
}

/* ---- versions, cipher suites, curves ---- */

static int set_versions(SSL_CTX *ssl, const struct net_tls_options *options)
{
	int least = options->min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION;
	int most = options->max_version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
	bool is_set =
	    SSL_CTX_set_min_proto_version(ssl, least) == 1 && SSL_CTX_set_max_proto_version(ssl, most) == 1;
	return is_set ? 0 : NET_ETLS;
}

/* Append OpenSSL's name of a suite to the list of its version. False when it is unknown. */
static bool add_suite(char *list_12, char *list_13, size_t size, const char *name)
{
	bool is_13 = strncmp(name, "TLS_AES_", 8) == 0 || strncmp(name, "TLS_CHACHA20_", 13) == 0;
	const char *own = OPENSSL_cipher_name(name);
	char *list = is_13 ? list_13 : list_12;
	size_t len = strlen(list);
	if (!is_13 && (!own || strcmp(own, "(NONE)") == 0))
		return false;
	snprintf(list + len, size - len, "%s%s", len > 0 ? ":" : "", is_13 ? name : own);
	return true;
}

static int set_suites(SSL_CTX *ssl, const char *suites, struct wire_fault *fault)
{
	char names[2048], list_12[2048] = "", list_13[2048] = "", *rest = names;
	if ((size_t)snprintf(names, sizeof names, "%s", suites) >= sizeof names)
		return wire_fault_set(fault, NET_ETLS, "too many cipher suites");
	for (char *name; (name = strsep(&rest, ":")) != NULL;)
		if (!add_suite(list_12, list_13, sizeof list_12, name))
			return wire_fault_set(fault, NET_ETLS, "unknown cipher suite \"%.80s\"", name);
	bool is_set = (!*list_12 || SSL_CTX_set_cipher_list(ssl, list_12) == 1) &&
		      (!*list_13 || SSL_CTX_set_ciphersuites(ssl, list_13) == 1);
	return is_set ? 0 : fault_of(fault, "cipher suites", suites);
}

static int set_rules(SSL_CTX *ssl, const struct net_tls_options *options, struct wire_fault *fault)
{
	static const unsigned char name[] = "tapedeck";
	if (set_versions(ssl, options) < 0)
		return fault_of(fault, "TLS", "version");
	if (options->curves && SSL_CTX_set1_curves_list(ssl, options->curves) != 1)
		return fault_of(fault, "curves", options->curves);
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_id_context(ssl, name, sizeof name - 1);
	SSL_CTX_set_num_tickets(ssl, 1);
	if (options->is_server) /* sessions are in tickets: a cache would only take memory */
		SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	return options->cipher_suites ? set_suites(ssl, options->cipher_suites, fault) : 0;
}

/* ---- opening and closing ---- */

static int set_up(struct net_tls_context *context, const struct net_tls_options *options,
		  struct wire_fault *fault)
{
	int error = set_rules(context->ssl, options, fault);
	if (error == 0 && (options->cert_file || options->is_server))
		error = options->cert_file
			    ? use_certificate(context->ssl, options, fault)
			    : wire_fault_set(fault, NET_ETLS, "a TLS server needs a certificate");
	if (error == 0)
		error = trust(context->ssl, options, fault);
	set_verification(context->ssl, options);
	if (!options->is_server)
		net__tls_sessions_init(context);
	net__tls_handshake_init(context);
	return error;
}

int net_tls_context_open(struct net_tls_context **out, uv_loop_t *loop, const struct net_tls_options *options,
			 struct wire_fault *fault)
{
	struct net_tls_context *context = calloc(1, sizeof *context);
	if (!context)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	ERR_clear_error();
	*context = (struct net_tls_context){.holds = 1,
					    .loop = loop,
					    .is_server = options->is_server,
					    .verify = options->verify,
					    .timeout_ms = options->timeout_ms};
	context->ssl = SSL_CTX_new(options->is_server ? TLS_server_method() : TLS_client_method());
	context->bio = net__tls_bio_method();
	int error = context->ssl && context->bio ? set_up(context, options, fault)
						 : wire_fault_set(fault, -ENOMEM, "out of memory");
	ERR_clear_error();
	if (error)
		net_tls_context_release(context);
	else
		*out = context;
	return error;
}

void net_tls_context_hold(struct net_tls_context *context)
{
	context->holds++;
}

void net_tls_context_release(struct net_tls_context *context)
{
	if (!context || --context->holds > 0)
		return;
	net__tls_sessions_fini(context);
	SSL_CTX_free(context->ssl);
	BIO_meth_free(context->bio);
	free(context->input);
	free(context->output);
	free(context->plain);
	free(context);
}
