#include "cli/options/proxy_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/errors.h"
#include "tap/recorder/recorder.h"

#define AT(member) offsetof(struct cli_proxy_settings, member)

/* Cut the argument at commas, in place. */
static int add_urls(void *member, const char *argument, struct wire_fault *fault)
{
	char *rest = (char *)(uintptr_t)argument;
	for (char *url; (url = strsep(&rest, ",")) != NULL;)
		if (cli_list_add(member, url) < 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
	return 0;
}

static const struct cli_option serving[] = {
    {.name = "config",
     .letter = 'c',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(config_path),
     .help =
	 "read options from this file, NAME: VALUE; the command line comes after it. SIGHUP reads it again"},
    {.name = "listen",
     .kind = CLI_TEXT,
     .argument = "HOST:PORT",
     .at = AT(listen),
     .help = "where clients connect (default: 0.0.0.0:4222, and IPv6); port 0 is any free port"},
    {.name = "upstream",
     .kind = CLI_CALL,
     .argument = "URL[,URL...]",
     .at = AT(upstreams),
     .call = add_urls,
     .help = "the servers: each client is connected to the first that answers; tls://HOST:PORT asks for TLS; "
	     "repeatable"},
    {.name = "random",
     .kind = CLI_FLAG,
     .at = AT(is_random),
     .help = "connect each client to any server that answers, not to the first"},
    {.name = "advertise",
     .kind = CLI_CALL,
     .argument = "URL[,URL...]",
     .at = AT(advertise),
     .call = add_urls,
     .help = "further proxies, which clients learn from INFO; repeatable"},
    {.name = "map-url",
     .kind = CLI_LIST,
     .argument = "A=B",
     .at = AT(url_maps),
     .help =
	 "where the cluster announces its URL A, clients learn B; URLs without a map are left out, so that "
	 "clients stay with the proxies; repeatable"},
    {.name = "accept-proxy",
     .kind = CLI_FLAG,
     .at = AT(accepts_proxy),
     .help = "every client comes through a load balancer, and begins with a header of the PROXY protocol "
	     "(version 1 or 2) that "
	     "says who it is"},
    {.name = "accept-proxy-from",
     .kind = CLI_CALL,
     .argument = "NETWORK[,NETWORK...]",
     .at = AT(proxy_networks),
     .call = add_urls,
     .help = "likewise, but only of clients from these networks (10.0.0.0/8, ::1); others send no header; "
	     "repeatable"},
    {.name = "send-proxy",
     .kind = CLI_CHOICE,
     .argument = "none|v1|v2",
     .at = AT(send_proxy),
     .help = "begin each server connection with a header of the PROXY protocol (default: none)"},
    {.name = "proxy-key",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(key_path),
     .help = "sign each CONNECT with the NKey seed in this file, for servers that trust its public key "
	     "(nats-server 2.12 and "
	     "later: proxies { trusted })"},
    {.name = "reuse-port",
     .kind = CLI_FLAG,
     .at = AT(shares_port),
     .help = "share the ports with a proxy that replaces this one, or that this one replaces: start it with "
	     "the same options, "
	     "then drain the old one"},
    {.name = "drain-timeout",
     .kind = CLI_DURATION,
     .argument = "TIME",
     .at = AT(drain_timeout_ms),
     .help = "after SIGUSR2, close the connections that are left after this time (default 2m); 0: wait for "
	     "all to end"},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .at = AT(memory_bytes),
     .help = "limit on the memory for decoding and for messages that wait for their deliveries; default "
	     "32MiB"},
    {.name = "pid",
     .letter = 'P',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(pid_path),
     .help = "write the process id into this file"},
    {.name = "ports_file_dir",
     .kind = CLI_TEXT,
     .argument = "DIR",
     .at = AT(ports_dir),
     .help = "write DIR/PROGRAM_PID.ports, a list of the ports in use"},
    {0},
};

static const struct cli_option monitoring[] = {
    {.name = "http_port",
     .letter = 'm',
     .kind = CLI_INT,
     .argument = "PORT",
     .at = AT(http_port),
     .min = -1,
     .max = 65535,
     .help = "serve /healthz, /metrics and /varz on this port; -1 is any free port"},
    {.name = "http_host",
     .kind = CLI_TEXT,
     .argument = "HOST",
     .at = AT(http_host),
     .help = "bind the monitoring to this host address (default: 0.0.0.0, and IPv6)"},
    {0},
};

static const struct cli_option logging[] = {
    {.name = "log",
     .letter = 'l',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(log_path),
     .help = "write the proxy's own log lines into this file (default: stderr)"},
    {.name = "no-logtime",
     .kind = CLI_FLAG,
     .at = AT(no_log_time),
     .help = "begin log lines without the time"},
    {.name = "debug",
     .letter = 'D',
     .kind = CLI_FLAG,
     .at = AT(debug),
     .help = "also log each connection and its end"},
    {0},
};

const struct cli_option_group cli_proxy_groups[] = {
    {"Proxy", serving, 0},
    {"TLS", cli_proxy_tls_options, AT(tls)},
    {"Recording", cli_recording_options, AT(recording)},
    {"Masking", cli_masking_options, AT(masking)},
    {"Monitoring", monitoring, 0},
    {"The proxy's own log lines", logging, 0},
    {0},
};

/* ---- reading ---- */

static void init(struct cli_proxy_settings *settings)
{
	struct tap_proxy_options defaults;
	tap_proxy_options_init(&defaults);
	*settings =
	    (struct cli_proxy_settings){.listen = defaults.listen,
					.http_host = defaults.http_host,
					.tls = {.clients = defaults.tls, .servers = defaults.upstream_tls},
					.drain_timeout_ms = defaults.drain_timeout_ms,
					.memory_bytes = defaults.memory_bytes};
	cli_recording_init(&settings->recording);
	settings->recording.overflow = TAP_OVERFLOW_DROP;
}

void cli_proxy_settings_fini(struct cli_proxy_settings *settings)
{
	cli_list_fini(&settings->upstreams);
	cli_list_fini(&settings->advertise);
	cli_list_fini(&settings->url_maps);
	cli_list_fini(&settings->proxy_networks);
	cli_recording_fini(&settings->recording);
	cli_masking_fini(&settings->masking);
	cli_arguments_fini(&settings->arguments);
	cli_arguments_fini(&settings->in_file);
}

/* All arguments: the program, those of the file, the command line. 0, or a negative code with *fault. */
static int gather(struct cli_proxy_settings *settings, const char *path, int argc, char **argv,
		  struct wire_fault *fault)
{
	int error = path ? cli_arguments_add_file(&settings->in_file, path, fault) : 0;
	if (error)
		return error;
	error = cli_arguments_add(&settings->arguments, argv[0]);
	for (int i = 0; error == 0 && i < settings->in_file.len; i++)
		error = cli_arguments_add(&settings->arguments, settings->in_file.values[i]);
	for (int i = 1; error == 0 && i < argc; i++)
		error = cli_arguments_add(&settings->arguments, argv[i]);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

static int parse(struct cli_proxy_settings *settings, const struct cli_command *command)
{
	struct cli_arguments *arguments = &settings->arguments;
	struct cli_operands operands;
	int status = cli_options_parse(command, arguments->len, arguments->values, settings, &operands);
	if (status == CLI_GO_ON && operands.len > 0)
		status = cli_usage_error(command, "unexpected argument \"%s\"", operands.values[0]);
	return status;
}

int cli_proxy_settings_read(struct cli_proxy_settings *settings, const struct cli_command *command,
			    const char *path, int argc, char **argv)
{
	struct wire_fault fault = {0};
	init(settings);
	if (gather(settings, path, argc, argv, &fault) < 0) {
		cli_error(command, "%s", fault.text);
		return CLI_USAGE;
	}
	int status = parse(settings, command);
	if (status == CLI_GO_ON && settings->config_path && !path) {
		char *found = strdup(settings->config_path);
		cli_proxy_settings_fini(settings);
		status = found ? cli_proxy_settings_read(settings, command, found, argc, argv) : CLI_IO;
		free(found);
		return status;
	}
	if (status == CLI_GO_ON && settings->upstreams.len == 0)
		status = cli_usage_error(command, "give the servers: --upstream URL[,URL...]");
	if (status == CLI_GO_ON)
		status = cli_recording_check(command, &settings->recording, settings->arguments.len,
					     settings->arguments.values);
	return status == CLI_GO_ON ? cli_masking_check(command, &settings->masking) : status;
}

/* ---- use ---- */

void cli_proxy_settings_apply(const struct cli_proxy_settings *settings, struct tap_proxy_options *options)
{
	tap_proxy_options_init(options);
	options->listen = settings->listen;
	options->upstreams = settings->upstreams.values;
	options->advertise = settings->advertise.values;
	options->url_maps = settings->url_maps.values;
	options->tls = settings->tls.clients;
	options->upstream_tls = settings->tls.servers;
	options->is_random = settings->is_random;
	options->drain_timeout_ms = settings->drain_timeout_ms;
	options->http_host = settings->http_host;
	options->http_port = settings->http_port;
	options->memory_bytes = settings->memory_bytes;
	options->accepts_proxy = settings->accepts_proxy || settings->proxy_networks.len > 0;
	options->proxy_networks = settings->proxy_networks.values;
	options->send_proxy = settings->send_proxy;
	options->key_path = settings->key_path;
	options->shares_port = settings->shares_port;
}
