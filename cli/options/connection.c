#include "cli/options/connection.h"
#include "cli/output/errors.h"

#include <errno.h>
#include <jansson.h>
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
    {.name = "context",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "a context of natscli (NATS_CONTEXT); used only when it is named",
     .at = AT(context)},
    {.name = "inbox-prefix",
     .kind = CLI_TEXT,
     .argument = "SUBJECT",
     .help = "prefix of inboxes; default _INBOX (NATS_INBOX_PREFIX)",
     .at = AT(target.inbox_prefix)},
    {.name = "timeout",
     .kind = CLI_DURATION,
     .argument = "DURATION",
     .help = "how long to wait for a connection, and for each reply; default 5s",
     .at = AT(target.timeout_ms)},
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
};

void cli_connection_init(struct cli_connection *connection)
{
	*connection = (struct cli_connection){.target.timeout_ms = TIMEOUT_MS};
}

/* ---- settings ---- */

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* Where natscli keeps its contexts. */
static int context_path(const char *name, char *path, size_t size)
{
	const char *config = variable("XDG_CONFIG_HOME"), *home = variable("HOME");
	int len = config ? snprintf(path, size, "%s/nats/context/%s.json", config, name)
			 : snprintf(path, size, "%s/.config/nats/context/%s.json", home ? home : "", name);

	return len > 0 && (size_t)len < size ? 0 : -ENAMETOOLONG;
}

/* CLI_GO_ON with *context, or NULL when none was asked for. */
static int load_context(const struct cli_command *command, const char *name, json_t **context)
{
	char path[1024];
	json_error_t error;

	*context = NULL;
	if (!name)
		return CLI_GO_ON;
	if (strchr(name, '/') || context_path(name, path, sizeof(path)) != 0)
		return cli_usage_error(command, "\"%s\" is not the name of a context", name);
	*context = json_load_file(path, 0, &error);
	if (json_is_object(*context))
		return CLI_GO_ON;
	json_decref(*context);
	*context = NULL;
	cli_error(command, "cannot read the context \"%s\": %s", name,
		  error.text[0] ? error.text : "it is not a JSON object");
	return CLI_USAGE;
}

/* Fill in what the flags left open. Borrows the environment and the context. */
static void complete(struct cli_connection *connection, const json_t *context)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const char **member = (const char **)(void *)((char *)connection + sources[i].at);
		const char *value = json_string_value(json_object_get(context, sources[i].key));
		if (!*member)
			*member = variable(sources[i].variable);
		if (!*member && value && *value)
			*member = value;
	}
	if (!connection->target.servers)
		connection->target.servers = DEFAULT_URL;
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

int cli_connection_build(const struct cli_command *command, const struct cli_connection *connection,
			 struct net_client_target **target)
{
	struct cli_connection whole = *connection;
	json_t *context;
	int status = load_context(
	    command, connection->context ? connection->context : variable("NATS_CONTEXT"), &context);

	*target = NULL;
	if (status != CLI_GO_ON)
		return status;
	complete(&whole, context);
	status = check_urls(command, whole.target.servers);
	if (status == CLI_GO_ON)
		status = open_target(command, &whole.target, target);
	json_decref(context);
	return status;
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
