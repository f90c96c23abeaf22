#include "tap/proxy/security.h"

#include "net/tcp.h"
#include "net/tls.h"
#include "tap/proxy/announce.h"
#include "tap/proxy/report.h"
#include "wire/json_text.h"

/* ---- contexts ---- */

static void report_change(const struct tap_proxy *proxy, const char *whose, const struct wire_fault *fault)
{
	if (fault)
		tap__report(proxy, TAP_PROXY_ERROR,
			    "TLS towards %s: %s; the certificates read before stay in use", whose,
			    fault->text);
	else
		tap__report(proxy, TAP_PROXY_INFO, "TLS towards %s: certificates read again", whose);
}

static void on_clients_changed(void *owner, const struct wire_fault *fault)
{
	report_change(owner, "clients", fault);
}

static void on_servers_changed(void *owner, const struct wire_fault *fault)
{
	report_change(owner, "servers", fault);
}

static int open_clients(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct tap_proxy_tls *tls = &proxy->options.tls;
	const struct net_tls_options options = {.is_server = true,
						.cert_file = tls->cert_file,
						.key_file = tls->key_file,
						.ca_file = tls->ca_file,
						.verify = tls->verify,
						.timeout_ms = tls->timeout_ms};
	if (!tls->cert_file && (tls->key_file || tls->ca_file || tls->verify || tls->is_first))
		return wire_fault_set(fault, UV_EINVAL,
				      "TLS towards clients needs a certificate: --tls-cert");
	if (!tls->cert_file)
		return 0;
	return net_tls_files_open(&proxy->security.clients, &proxy->loop, &options, on_clients_changed, proxy,
				  fault);
}

static bool has_tls_server(const struct tap_proxy *proxy)
{
	for (size_t i = 0; i < proxy->upstreams.count; i++)
		if (proxy->upstreams.list[i]->url.is_tls)
			return true;
	return false;
}

static int open_servers(struct tap_proxy *proxy, struct wire_fault *fault)
{
	const struct tap_proxy_tls *tls = &proxy->options.upstream_tls;
	const struct net_tls_options options = {.cert_file = tls->cert_file,
						.key_file = tls->key_file,
						.ca_file = tls->ca_file,
						.verify = tls->verify,
						.timeout_ms = tls->timeout_ms};
	bool is_needed = has_tls_server(proxy) || proxy->security.clients;
	if (!is_needed || proxy->security.servers)
		return 0;
	return net_tls_files_open(&proxy->security.servers, &proxy->loop, &options, on_servers_changed, proxy,
				  fault);
}

int tap__security_open(struct tap_proxy *proxy, struct wire_fault *fault)
{
	int error = open_clients(proxy, fault);
	if (error == 0)
		error = open_servers(proxy, fault);
	return error;
}

int tap__security_follow(struct tap_proxy *proxy, struct wire_fault *fault)
{
	proxy->security.rules = proxy->rules;
	proxy->security.rules.has_own_tls = true;
	proxy->security.rules.tls_required = proxy->security.clients != NULL;
	proxy->security.rules.tls_verify = proxy->options.tls.verify;
	return open_servers(proxy, fault);
}

void tap__security_close(struct tap_proxy *proxy)
{
	net_tls_files_close(proxy->security.clients);
	net_tls_files_close(proxy->security.servers);
	proxy->security.clients = proxy->security.servers = NULL;
}

static void reload(const struct tap_proxy *proxy, struct net_tls_files *files, const char *whose)
{
	struct wire_fault fault;
	if (files)
		report_change(proxy, whose, net_tls_files_reload(files, &fault) < 0 ? &fault : NULL);
}

void tap__security_reload(struct tap_proxy *proxy)
{
	reload(proxy, proxy->security.clients, "clients");
	reload(proxy, proxy->security.servers, "servers");
}

/* ---- which connections ---- */

bool tap__security_is_own(const struct tap_proxy *proxy, const struct tap__upstream *upstream)
{
	return proxy->security.clients || upstream->url.is_tls;
}

const struct tap__info_rules *tap__security_rules(const struct tap_proxy *proxy,
						  const struct tap__upstream *upstream)
{
	return tap__security_is_own(proxy, upstream) ? &proxy->security.rules : &proxy->rules;
}

bool tap__security_is_client_first(const struct tap_proxy *proxy)
{
	return proxy->security.clients && proxy->options.tls.is_first;
}

/* A flag of an INFO line. */
static bool has_flag(struct wire_slice info, const char *name)
{
	const char *begin = memchr(info.data, '{', info.len);
	struct wire_json json;
	struct wire_json_token key, value;
	if (!begin)
		return false;
	wire_json_init(&json, wire_slice(begin, info.len - (size_t)(begin - info.data)));
	if (wire_json_next(&json, &key) != WIRE_JSON_OBJECT)
		return false;
	while (wire_json_next(&json, &key) == WIRE_JSON_KEY) {
		if (wire_json_next(&json, &value) == WIRE_JSON_BAD)
			return false;
		if (wire_json_is_name(key.text, name))
			return value.kind == WIRE_JSON_TRUE;
		if (!wire_json_skip(&json, &value))
			return false;
	}
	return false;
}

bool tap__security_wants_server(const struct tap_proxy *proxy, const struct tap__upstream *upstream,
				struct wire_slice info, const char **why)
{
	bool is_required = has_flag(info, "tls_required");
	*why = NULL;
	if (proxy->options.upstream_tls.is_first && upstream->url.is_tls)
		return false; /* it has it */
	if (!upstream->url.is_tls)
		return is_required && tap__security_is_own(proxy, upstream);
	if (!proxy->security.servers)
		*why = "the certificates to check it with cannot be read";
	else if (!is_required && !has_flag(info, "tls_available"))
		*why = "it offers no TLS, which tls:// asks for";
	return !*why;
}

/* ---- streams ---- */

int tap__security_accept(struct net_stream **client, const struct tap_proxy *proxy)
{
	if (!tap__security_is_client_first(proxy))
		return 0;
	return net_tls_open(client, *client, net_tls_files_context(proxy->security.clients), NULL);
}

int tap__security_connect(struct net_stream **server, struct tap_proxy *proxy,
			  const struct tap__upstream *upstream, const struct net_stream *client)
{
	int status = net_tcp_connect(server, &proxy->loop, &upstream->addresses[upstream->address_at]);
	if (status == 0)
		tap__announce(proxy, client, *server);
	if (status < 0 || !upstream->url.is_tls || !proxy->options.upstream_tls.is_first ||
	    !proxy->security.servers)
		return status;
	return net_tls_open(server, *server, net_tls_files_context(proxy->security.servers),
			    upstream->url.host);
}

int tap__security_upgrade_server(struct net_stream **server, const struct tap_proxy *proxy,
				 const struct tap__upstream *upstream, struct wire_slice read)
{
	return net_tls_upgrade(server, *server, net_tls_files_context(proxy->security.servers),
			       upstream->url.host, read);
}

int tap__security_upgrade_client(struct net_stream **client, const struct tap_proxy *proxy,
				 struct wire_slice read)
{
	return net_tls_upgrade(client, *client, net_tls_files_context(proxy->security.clients), NULL, read);
}
