#include "cli/options/connection.h"
#include "cli/output/errors.h"

#include "cli/options/context.h"
#include "cli/options/values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 5000 };

#define DEFAULT_URL "nats://127.0.0.1:4222"

#define AT(member) offsetof(struct cli_connection, member)

const struct cli_option cli_connection_options[] = {
    {.name = "server",
     .letter = 's',
     .kind = CLI_TEXT,
     .argument = "URL,...",
     .help = "servers to connect to, the first that answers (NATS_URL); default " DEFAULT_URL,
     .at = AT(target.servers)},
    {.name = "user",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "user name (NATS_USER)",
     .at = AT(target.user)},
    {.name = "password",
     .kind = CLI_TEXT,
     .argument = "PASSWORD",
     .help = "password (NATS_PASSWORD, which other users of this machine cannot see)",
     .at = AT(target.password)},
    {.name = "token",
     .kind = CLI_TEXT,
     .argument = "TOKEN",
     .help = "token (NATS_TOKEN)",
     .at = AT(target.token)},
    {.name = "creds",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "credentials: user JWT and seed (NATS_CREDS)",
     .at = AT(target.creds)},
    {.name = "nkey",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "user seed (NATS_NKEY)",
     .at = AT(target.nkey)},
    {.name = "tlscert",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "certificate chain to show to the server (NATS_CERT)",
     .at = AT(target.tlscert)},
    {.name = "tlskey",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "its key (NATS_KEY)",
     .at = AT(target.tlskey)},
    {.name = "tlsca",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "certificates to trust (NATS_CA)",
     .at = AT(target.tlsca)},
    {.name = "jwt",
     .kind = CLI_TEXT,
     .argument = "JWT|FILE",
     .help = "user JWT, or the file that it is in (NATS_JWT)",
     .at = AT(target.jwt)},
    {.name = "seed",
     .kind = CLI_TEXT,
     .argument = "SEED|FILE",
     .help = "with --jwt: the seed that belongs to it, or its file (NATS_SEED)",
     .at = AT(target.seed)},
    {.name = "tlsfirst",
     .kind = CLI_FLAG,
     .help = "TLS before the server's greeting: refused, because libnats cannot",
     .at = AT(tls_first)},
    {.name = "socks-proxy",
     .kind = CLI_TEXT,
     .argument = "PROXY",
     .help = "connect through a SOCKS proxy (NATS_SOCKS_PROXY): refused, likewise",
     .at = AT(socks_proxy)},
    {.name = "context",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "a context of natscli (NATS_CONTEXT). The one that natscli has selected is used only by record "
	     "and import, and only without --server and NATS_URL",
     .at = AT(context)},
    {.name = "no-context",
     .kind = CLI_FLAG,
     .help = "use no context that is not named",
     .at = AT(ignores_selected)},
    {.name = "connection-name",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "name of the connection, for the server; default: that of the command",
     .at = AT(name)},
    {.name = "inbox-prefix",
     .kind = CLI_TEXT,
     .argument = "SUBJECT",
     .help = "prefix of inboxes; default _INBOX (NATS_INBOX_PREFIX)",
     .at = AT(target.inbox_prefix)},
    {.name = "timeout",
     .kind = CLI_DURATION,
     .argument = "DURATION",
     .help = "how long to wait for a connection, and for each reply (NATS_TIMEOUT); default 5s",
     .at = AT(target.timeout_ms)},
    {.name = NULL},
};

const struct cli_option cli_jetstream_options[] = {
    {.name = "js-domain",
     .kind = CLI_TEXT,
     .argument = "DOMAIN",
     .help = "JetStream domain",
     .at = AT(js_domain)},
    {.name = "js-api-prefix",
     .kind = CLI_TEXT,
     .argument = "PREFIX",
     .help = "prefix of the subjects of the JetStream API; default $JS.API",
     .at = AT(js_prefix)},
    {.name = NULL},
};

/* Each setting: its environment variable and its key in a context. */
static const struct source {
	size_t at;
	const char *variable, *key;
} sources[] = {
    {AT(target.servers), "NATS_URL", "url"},
    {AT(target.user), "NATS_USER", "user"},
    {AT(target.password), "NATS_PASSWORD", "password"},
    {AT(target.token), "NATS_TOKEN", "token"},
    {AT(target.creds), "NATS_CREDS", "creds"},
    {AT(target.nkey), "NATS_NKEY", "nkey"},
    {AT(target.tlscert), "NATS_CERT", "cert"},
    {AT(target.tlskey), "NATS_KEY", "key"},
    {AT(target.tlsca), "NATS_CA", "ca"},
    {AT(target.inbox_prefix), "NATS_INBOX_PREFIX", "inbox_prefix"},
    {AT(target.jwt), "NATS_JWT", "user_jwt"},
    {AT(target.seed), "NATS_SEED", "user_seed"},
    {AT(socks_proxy), "NATS_SOCKS_PROXY", NULL},
    {AT(js_domain), NULL, "jetstream_domain"},
    {AT(js_prefix), NULL, "jetstream_api_prefix"},
};

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

void cli_connection_init(struct cli_connection *connection)
{
	const char *timeout = variable("NATS_TIMEOUT");
	*connection = (struct cli_connection){.target.timeout_ms = TIMEOUT_MS};
	if (timeout && cli_parse_duration_ms(timeout, &connection->target.timeout_ms, NULL) != 0)
		connection->bad_timeout = timeout;
}

/* ---- settings ---- */

/* Fill in what the flags left open. Borrows the environment and the context. */
static void complete(struct cli_connection *connection, const json_t *context)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const char **member = (const char **)(void *)((char *)connection + sources[i].at);
		const char *value =
		    sources[i].key ? json_string_value(json_object_get(context, sources[i].key)) : NULL;
		if (!*member && sources[i].variable && !connection->ignores_environment)
			*member = variable(sources[i].variable);
		if (!*member && value && *value)
			*member = value;
	}
	if (!connection->target.servers)
		connection->target.servers = DEFAULT_URL;
	if (connection->target.user && !connection->target.password && !connection->target.token) {
		connection->target.token = connection->target.user;
		connection->target.user = NULL;
	}
}

/* The context to be used; NULL: none. `selected` is memory for its name. */
static const char *name_context(const struct cli_connection *connection, char selected[CLI_CONTEXT_NAME])
{
	const char *name = connection->context ? connection->context : variable("NATS_CONTEXT");
	if (name || !connection->uses_selected || connection->ignores_selected ||
	    connection->target.servers || variable("NATS_URL"))
		return name;
	cli_context_selected(selected);
	return *selected ? selected : NULL;
}

/* Options of natscli that libnats has not. CLI_GO_ON, or CLI_USAGE after a complaint. */
static int refuse_unsupported(const struct cli_command *command, const struct cli_connection *connection)
{
	if (connection->tls_first)
		return cli_usage_error(command,
				       "--tlsfirst: libnats cannot begin TLS before the server's greeting");
	if (connection->socks_proxy)
		return cli_usage_error(command,
				       "--socks-proxy, NATS_SOCKS_PROXY: libnats cannot connect through one");
	if (connection->bad_timeout)
		return cli_usage_error(command, "NATS_TIMEOUT: \"%s\" is not a duration",
				       connection->bad_timeout);
	return CLI_GO_ON;
}

/* ---- the target ---- */

/* True when the text after the last colon is a port number. Otherwise libnats would show it, and it may be a
 * password. */
static bool has_good_port(const char *url)
{
	const char *scheme = strstr(url, "://"), *host = strrchr(url, '@');
	host = host ? host + 1 : scheme ? scheme + 3 : url;
	const char *bracket = strchr(host, ']'), *colon = strchr(bracket ? bracket : host, ':');
	return !colon || colon[1 + strspn(colon + 1, "0123456789")] == '\0' ||
	       colon[1 + strspn(colon + 1, "0123456789")] == '/';
}

/* CLI_GO_ON, or an exit status after a complaint that does not repeat the URL. */
static int check_urls(const struct cli_command *command, const char *servers)
{
	char *rest = NULL, *copy = strdup(servers);
	bool is_good = copy != NULL;

	for (char *url = copy ? strtok_r(copy, ", ", &rest) : NULL; url; url = strtok_r(NULL, ", ", &rest))
		is_good = is_good && has_good_port(url);
	free(copy);
	if (is_good)
		return CLI_GO_ON;
	return cli_usage_error(command, "--server: a URL without a port that is a number; write "
					"nats://HOST:PORT, and %%40 %%3A %%2C for @ : , in a password");
}

static int open_target(const struct cli_command *command, const struct net_client_target_options *options,
		       struct net_client_target **target)
{
	struct wire_fault fault;

	int error = net_client_target_open(target, options, &fault);
	if (!error)
		return CLI_GO_ON;
	cli_error(command, "cannot connect to %s with these options: %s", options->servers, fault.text);
	return error == -ENOMEM ? CLI_IO : CLI_USAGE;
}

static void keep_jetstream(const struct cli_connection *connection, struct cli_jetstream *kept)
{
	snprintf(kept->domain, sizeof(kept->domain), "%s",
		 connection->js_domain ? connection->js_domain : "");
	snprintf(kept->prefix, sizeof(kept->prefix), "%s",
		 connection->js_prefix ? connection->js_prefix : "");
}

int cli_connection_build_jetstream(const struct cli_command *command, const struct cli_connection *connection,
				   struct net_client_target **target, struct cli_jetstream *kept)
{
	struct cli_connection whole = *connection;
	char selected[CLI_CONTEXT_NAME];
	json_t *context = NULL;
	const char *name = name_context(connection, selected);
	int status = name ? cli_context_load(command, name, &context) : CLI_GO_ON;

	*target = NULL;
	if (status != CLI_GO_ON)
		return status;
	complete(&whole, context);
	status = refuse_unsupported(command, &whole);
	if (status == CLI_GO_ON)
		status = check_urls(command, whole.target.servers);
	if (status == CLI_GO_ON)
		status = open_target(command, &whole.target, target);
	keep_jetstream(&whole, kept);
	json_decref(context);
	return status;
}

int cli_connection_build(const struct cli_command *command, const struct cli_connection *connection,
			 struct net_client_target **target)
{
	struct cli_jetstream unused;
	return cli_connection_build_jetstream(command, connection, target, &unused);
}

const char *cli_connection_name(const struct cli_connection *connection, const char *fallback)
{
	return connection->name ? connection->name : fallback;
}

int cli_connection_error(const struct cli_command *command, const struct wire_fault *fault)
{
	cli_error(command, "%s", fault->text);
	switch (fault->code) {
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -EACCES: return CLI_CONNECT;
	case -EINVAL: return CLI_USAGE;
	default: return CLI_IO;
	}
}
