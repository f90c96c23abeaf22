#include "broker/secure.h"

#include "broker/certificate.h"
#include "broker/client_log.h"
#include "broker/config/tls.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/info.h"
#include "broker/log.h"
#include "broker/server.h"
#include "broker/teardown.h"
#include "net/tls.h"
#include "net/tls_files.h"
#include "net/tls_peer.h"

enum { HANDSHAKE_BYTE = 0x16 /* the first of a ClientHello, and of no operation */ };

/* ---- certificates ---- */

static void on_changed(void *owner, const struct wire_fault *fault)
{
	const struct broker *broker = owner;
	if (fault)
		broker_log(broker->log, BROKER_LOG_ERROR, "TLS: %s; the certificates read before stay in use",
			   fault->text);
	else
		broker_log(broker->log, BROKER_LOG_INFO, "TLS: certificates read again");
}

int broker__secure_open(struct broker *broker, const struct broker_options *options,
			struct net_tls_files **files, struct wire_fault *fault)
{
	const struct net_tls_options settings = broker__tls_options(&options->tls);
	*files = NULL;
	if (!options->tls.cert_file)
		return 0;
	return net_tls_files_open(files, &broker->loops[0].uv, &settings, on_changed, broker, fault);
}

bool broker__secure_is_on(const struct broker *broker)
{
	return broker->tls != NULL;
}

/* ---- the handshake ---- */

static const struct broker_options *options_of(const struct broker_client *client)
{
	return &client->loop->broker->options;
}

static void upgrade(struct broker_client *client, struct wire_slice read)
{
	const struct net_tls_files *files = client->loop->broker->tls; /* NULL after a reload without */
	struct net_tls_context *context = files ? net_tls_files_context(files) : NULL;
	uv_timer_stop(&client->timer);
	if (!context || net_tls_upgrade(&client->stream, client->stream, context, NULL, read) < 0) {
		broker__client_cut(client, "TLS Handshake Failure");
		return;
	}
	client->awaits_handshake = true;
	broker__client_log(client, BROKER_LOG_DEBUG, "Starting TLS client connection handshake");
	broker__client_start(client);
}

/* INFO comes first, or the client did not begin in time. */
static void send_info(struct broker_client *client)
{
	client->awaits_info_sent = true;
	broker__client_send_info(client);
}

static void on_first_over(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	broker__read_clock(client->loop);
	if (client->life != BROKER__SECURING)
		return;
	net_stream_pause(client->stream);
	send_info(client);
	broker__finish_turn(client->loop);
	broker__secure_continue(client);
}

void broker__secure_begin(struct broker_client *client)
{
	int64_t first_ms = options_of(client)->tls.first_ms;
	if (first_ms == 0) {
		send_info(client);
	} else if (first_ms == BROKER_TLS_FIRST) {
		upgrade(client, wire_slice(NULL, 0));
	} else {
		net_stream_read(client->stream);
		uv_timer_start(&client->timer, on_first_over, (uint64_t)first_ms, 0);
	}
}

/* A client that may choose and stays silent for the time of a handshake does not begin one. */
static void on_choice_over(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	if (client->life == BROKER__SECURING)
		client->events->undecided(client);
}

void broker__secure_continue(struct broker_client *client)
{
	if (client->life != BROKER__SECURING || !client->awaits_info_sent || client->awaits_handshake ||
	    broker__output_pending(&client->output) > 0)
		return;
	if (!options_of(client)->allow_non_tls) {
		upgrade(client, wire_slice(NULL, 0));
		return;
	}
	uv_timer_start(&client->timer, on_choice_over, (uint64_t)options_of(client)->tls.timeout_ms, 0);
	net_stream_read(client->stream);
}

bool broker__secure_take(struct broker_client *client, const char *data, size_t len)
{
	bool may_choose = client->awaits_info_sent && options_of(client)->allow_non_tls;
	if (may_choose && (unsigned char)data[0] != HANDSHAKE_BYTE)
		return false;
	upgrade(client, wire_slice(data, len));
	return true;
}

void broker__secure_done(struct broker_client *client)
{
	client->awaits_handshake = false;
	client->is_secure = true;
	broker__certificate_note(client);
	broker__client_log(client, BROKER_LOG_DEBUG, "TLS handshake complete");
	broker__client_log(client, BROKER_LOG_DEBUG, "TLS version %s, cipher suite %s",
			   net_tls_version(client->stream), net_tls_cipher_suite(client->stream));
	if (!client->awaits_info_sent)
		send_info(client);
}
