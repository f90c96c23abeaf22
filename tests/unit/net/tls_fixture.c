#include "tests/unit/net/tls_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct support_certificates tls_certificates;

static const char *path_of(const char *name, const char *suffix, char path[300])
{
	char file[64];
	snprintf(file, sizeof file, "%s.%s", name, suffix);
	return support_certificates_path(&tls_certificates, file, path);
}

/* Paths last as long as the program. */
struct net_tls_options tls_fixture_options(bool is_server, const char *name)
{
	static char paths[32][300];
	static unsigned used;
	const char *key = name && name[0] == 'c' ? "client" : "server";
	struct net_tls_options options = {.is_server = is_server, .verify = !is_server, .timeout_ms = 10000};
	options.ca_file = path_of("ca", "pem", paths[used++ % 32]);
	if (name) {
		options.cert_file = path_of(name, "pem", paths[used++ % 32]);
		options.key_file = path_of(key, "key", paths[used++ % 32]);
	}
	return options;
}

struct net_tls_context *tls_fixture_context(struct tls_fixture *fixture,
					    const struct net_tls_options *options)
{
	struct net_tls_context *context;
	struct wire_fault fault;
	if (net_tls_context_open(&context, &fixture->streams.loop, options, &fault) < 0)
		fail_msg("%s", fault.text);
	return context;
}

void tls_fixture_open(struct tls_fixture *fixture)
{
	const struct net_tls_options server = tls_fixture_options(true, "server"),
				     client = tls_fixture_options(false, NULL);
	stream_fixture_open(&fixture->streams, NULL);
	fixture->accepted = &fixture->streams.accepted;
	fixture->connected = &fixture->streams.connected;
	fixture->server = tls_fixture_context(fixture, &server);
	fixture->client = tls_fixture_context(fixture, &client);
}

void tls_fixture_close(struct tls_fixture *fixture)
{
	net_tls_context_release(fixture->server);
	net_tls_context_release(fixture->client);
	stream_fixture_close(&fixture->streams);
	assert_int_equal(fixture->streams.connected.held, 0);
}

void tls_fixture_secure(struct stream_end *end, struct net_tls_context *context, const char *host)
{
	struct net_stream *secured;
	assert_int_equal(net_tls_upgrade(&secured, end->stream, context, host, wire_slice(NULL, 0)), 0);
	stream_end_start(end, secured);
}

void tls_fixture_shake(struct tls_fixture *fixture)
{
	tls_fixture_secure(fixture->accepted, fixture->server, NULL);
	tls_fixture_secure(fixture->connected, fixture->client, "localhost");
	STREAM_AWAIT(&fixture->streams, fixture->accepted->opened == 1 && fixture->connected->opened == 1);
}

void tls_fixture_shake_in_vain(struct tls_fixture *fixture, const char *host)
{
	tls_fixture_secure(fixture->accepted, fixture->server, NULL);
	tls_fixture_secure(fixture->connected, fixture->client, host);
	STREAM_AWAIT(&fixture->streams,
		     fixture->accepted->ended_status != 0 || fixture->connected->ended_status != 0);
}
