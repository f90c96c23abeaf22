#include "cli/options/broker_flags.h"

#include "cli/options/broker_settings.h"

/* Members are offsets in the whole settings, except those of the recording. */
#define AT(member) offsetof(struct cli_broker_settings, member)

static int set_debug_and_trace(void *member, const char *argument, struct wire_fault *fault)
{
	struct broker_options *options = member;
	(void)argument;
	(void)fault;
	options->debug = true;
	options->trace = true;
	return 0;
}

static const struct cli_option server_options[] = {
    {.name = "addr",
     .letter = 'a',
     .kind = CLI_COPY,
     .argument = "HOST",
     .at = AT(broker.host),
     .help = "bind to this host address (default: 0.0.0.0, and IPv6)"},
    {.name = "net", .kind = CLI_COPY, .argument = "HOST", .at = AT(broker.host)},
    {.name = "port",
     .letter = 'p',
     .kind = CLI_INT,
     .argument = "PORT",
     .at = AT(broker.port),
     .min = -1,
     .max = 65535,
     .help = "port for clients (default: 4222); -1: any free port; 0: the default, as in nats-server"},
    {.name = "name",
     .letter = 'n',
     .kind = CLI_COPY,
     .argument = "NAME",
     .at = AT(broker.server_name),
     .help = "server name (default: its id)"},
    {.name = "server_name", .kind = CLI_COPY, .argument = "NAME", .at = AT(broker.server_name)},
    {.name = "config",
     .letter = 'c',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(config_path),
     .help = "configuration file in nats-server's syntax; flags override it"},
    {.name = "test",
     .letter = 't',
     .kind = CLI_FLAG,
     .at = AT(test),
     .help = "test the configuration and exit"},
    {.name = "pid",
     .letter = 'P',
     .kind = CLI_COPY,
     .argument = "FILE",
     .at = AT(broker.pid_path),
     .help = "write the process id into this file"},
    {.name = "client_advertise",
     .kind = CLI_COPY,
     .argument = "HOST[:PORT]",
     .at = AT(broker.client_advertise),
     .help = "the address to give to clients in INFO when they cannot see the real one"},
    {.name = "cluster_name",
     .kind = CLI_COPY,
     .argument = "NAME",
     .at = AT(broker.cluster_name),
     .help = "the cluster name to give to clients in INFO; this server forms no cluster"},
    {.name = "ports_file_dir",
     .kind = CLI_COPY,
     .argument = "DIR",
     .at = AT(broker.ports_file_dir),
     .help = "write DIR/PROGRAM_PID.ports, a list of the ports in use"},
    {.name = "signal",
     .kind = CLI_TEXT,
     .argument = "SIGNAL[=PID]",
     .at = AT(signal),
     .help = "send a running server a signal: stop, quit, term, ldm (lame duck), reload, or reopen (its log "
	     "file); PID may be the path of a pid file; without it, the only running server gets the signal"},
    {.name = "sl", .kind = CLI_TEXT, .argument = "SIGNAL[=PID]", .at = AT(signal)},
    {0},
};

static const struct cli_option monitoring_options[] = {
    {.name = "http_port",
     .letter = 'm',
     .kind = CLI_INT,
     .argument = "PORT",
     .at = AT(broker.http_port),
     .min = -1,
     .max = 65535,
     .help =
	 "serve /varz, /connz, /subsz, /healthz and /metrics on this port; -1: any free port; 0: none, as in "
	 "nats-server"},
    {.name = "https_port",
     .kind = CLI_INT,
     .argument = "PORT",
     .at = AT(broker.https_port),
     .min = -1,
     .max = 65535,
     .help = "likewise over HTTPS, with the certificate of --tlscert"},
    {.name = "ms", .kind = CLI_INT, .argument = "PORT", .at = AT(broker.https_port), .min = -1, .max = 65535},
    {0},
};

static const struct cli_option logging_options[] = {
    {.name = "log",
     .letter = 'l',
     .kind = CLI_COPY,
     .argument = "FILE",
     .at = AT(broker.log_path),
     .help = "write the server's own log lines into this file (default: stderr)"},
    {.name = "logtime",
     .letter = 'T',
     .kind = CLI_FLAG,
     .at = AT(broker.log_time),
     .help = "begin log lines with the time (default; --logtime=false leaves it out)"},
    {.name = "debug",
     .letter = 'D',
     .kind = CLI_FLAG,
     .at = AT(broker.debug),
     .help = "log debugging output"},
    {.name = "trace", .letter = 'V', .kind = CLI_FLAG, .at = AT(broker.trace), .help = "log the protocol"},
    {.name = "VV", .kind = CLI_FLAG, .at = AT(broker.trace)},
    {.name = "DV", .kind = CLI_CALL, .at = AT(broker), .call = set_debug_and_trace, .help = "log both"},
    {.name = "DVV", .kind = CLI_CALL, .at = AT(broker), .call = set_debug_and_trace},
    {0},
};

static const struct cli_option access_options[] = {
    {.name = "user",
     .kind = CLI_COPY,
     .argument = "USER",
     .at = AT(broker.username),
     .help = "clients must give this user name"},
    {.name = "pass",
     .kind = CLI_COPY,
     .argument = "PASSWORD",
     .at = AT(broker.password),
     .help = "and this password: clear, or a bcrypt hash ($2a$...)"},
    {.name = "auth",
     .kind = CLI_COPY,
     .argument = "TOKEN",
     .at = AT(broker.token),
     .help = "clients must give this token"},
    {0},
};

static const struct cli_option tls_options[] = {
    {.name = "tls",
     .kind = CLI_FLAG,
     .at = AT(broker.is_tls_wanted),
     .help = "clients must speak TLS; implied by the flags below"},
    {.name = "tlscert",
     .kind = CLI_COPY,
     .argument = "FILE",
     .at = AT(broker.tls.cert_file),
     .help = "the server's certificate, and those up to the root (PEM)"},
    {.name = "tlskey",
     .kind = CLI_COPY,
     .argument = "FILE",
     .at = AT(broker.tls.key_file),
     .help = "its private key"},
    {.name = "tlsverify",
     .kind = CLI_FLAG,
     .at = AT(broker.tls.verify),
     .help = "clients must present a certificate"},
    {.name = "tlscacert",
     .kind = CLI_COPY,
     .argument = "FILE",
     .at = AT(broker.tls.ca_file),
     .help = "the certificates that those of clients must be signed by (default: the system's)"},
    {0},
};

static const struct cli_option common_options[] = {
    {.name = "version", .letter = 'v', .kind = CLI_FLAG, .at = AT(show_version), .help = "show the version"},
    {0},
};

/* nats-server's flags for features that are not served: reported and ignored, or refused (broker_settings.c). */
static const struct cli_option unserved_options[] = {
    {.name = "jetstream", .kind = CLI_FLAG, .at = AT(has_jetstream)},
    {.name = "js", .kind = CLI_FLAG, .at = AT(has_jetstream)},
    {.name = "store_dir", .kind = CLI_TEXT, .argument = "DIR", .at = AT(jetstream)},
    {.name = "sd", .kind = CLI_TEXT, .argument = "DIR", .at = AT(jetstream)},
    {.name = "routes", .kind = CLI_TEXT, .argument = "URL", .at = AT(cluster)},
    {.name = "cluster", .kind = CLI_TEXT, .argument = "URL", .at = AT(cluster)},
    {.name = "cluster_listen", .kind = CLI_TEXT, .argument = "URL", .at = AT(cluster)},
    {.name = "cluster_advertise", .kind = CLI_TEXT, .argument = "URL", .at = AT(cluster)},
    {.name = "connect_retries", .kind = CLI_TEXT, .argument = "N", .at = AT(cluster)},
    {.name = "no_advertise", .kind = CLI_FLAG, .at = AT(has_cluster_flag)},
    {.name = "syslog", .letter = 's', .kind = CLI_FLAG, .at = AT(has_syslog)},
    {.name = "remote_syslog", .letter = 'r', .kind = CLI_TEXT, .argument = "ADDR", .at = AT(syslog)},
    {.name = "log_size_limit", .kind = CLI_TEXT, .argument = "N", .at = AT(other)},
    {.name = "max_traced_msg_len", .kind = CLI_TEXT, .argument = "N", .at = AT(other)},
    {.name = "profile", .kind = CLI_TEXT, .argument = "PORT", .at = AT(other)},
    {0},
};

const struct cli_option_group cli_broker_groups[] = {
    {"Server", server_options, 0},
    {"Monitoring", monitoring_options, 0},
    {"Recording", cli_recording_options, AT(recording)},
    {"Masking", cli_masking_options, AT(masking)},
    {"The server's own log lines", logging_options, 0},
    {"Authentication", access_options, 0},
    {"TLS", tls_options, 0},
    {"Common", common_options, 0},
    {NULL, unserved_options, 0},
    {0},
};
