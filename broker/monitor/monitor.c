#include "broker/monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/monitor/pages.h"
#include "net/http/server.h"

struct broker_monitor {
	struct broker__monitored monitored;
	struct net_http_server *server;
};

/* A reload may change them. */
static void read_settings(void *owner, struct net_http_settings *settings)
{
	const struct broker__monitored *monitored = owner;
	const struct broker_options *options = broker_inspect_options(monitored->broker);
	settings->base_path = options->http_base_path;
	settings->allow_origin = options->http_allow_origin;
	settings->cert_file = options->https_port ? options->tls.cert_file : NULL;
	settings->key_file = options->tls.key_file;
}

int broker_monitor_open(struct broker_monitor **out, uv_loop_t *loop, struct broker *broker, const char *host,
			int port, struct wire_fault *fault)
{
	struct broker_monitor *monitor = calloc(1, sizeof *monitor);
	if (!monitor)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	monitor->monitored.broker = broker;
	broker__cpu_init(&monitor->monitored.cpu);
	const struct net_listener_address address = {.host = host, .port = port > 0 ? port : 0};
	const struct net_http_service service = {
	    .routes = broker__pages, .owner = &monitor->monitored, .settings = read_settings};
	struct wire_fault why;
	int status = net_http_server_open(&monitor->server, loop, &address, &service, &why);
	if (status < 0) {
		free(monitor);
		return wire_fault_set(
		    fault, status, "%.400s; choose another port for monitoring with --http_port", why.text);
	}
	*out = monitor;
	return 0;
}

int broker_monitor_port(const struct broker_monitor *monitor)
{
	return net_http_server_port(monitor->server);
}

void broker_monitor_close(struct broker_monitor *monitor)
{
	net_http_server_close(monitor->server);
	free(monitor);
}
