#include "cli/manual/environment.h"

#include <string.h>

#include "cli/manual/completion.h"
#include "cli/options/walk.h"

/* A command reads a variable when it has the option; NULL: when it takes logs. */
static const struct {
	struct cli_variable variable;
	const char *option;
} variables[] = {
    {{"NATS_URL", "servers, without --server"}, "server"},
    {{"NATS_USER", "user name, without --user"}, "server"},
    {{"NATS_PASSWORD", "password, without --password"}, "server"},
    {{"NATS_TOKEN", "token, without --token"}, "server"},
    {{"NATS_CREDS", "file of credentials, without --creds"}, "server"},
    {{"NATS_NKEY", "file of a user seed, without --nkey"}, "server"},
    {{"NATS_CERT", "file of a certificate chain, without --tlscert"}, "server"},
    {{"NATS_KEY", "file of its key, without --tlskey"}, "server"},
    {{"NATS_CA", "file of certificates to trust, without --tlsca"}, "server"},
    {{"NATS_JWT", "user JWT or its file, without --jwt"}, "server"},
    {{"NATS_SEED", "its seed or the file of that, without --seed"}, "server"},
    {{"NATS_TIMEOUT", "how long to wait, without --timeout"}, "server"},
    {{"NATS_CONTEXT", "context of natscli, without --context"}, "server"},
    {{"NATS_INBOX_PREFIX", "prefix of inboxes, without --inbox-prefix"}, "server"},
    {{"XDG_CONFIG_HOME", "where natscli keeps its contexts; default ~/.config"}, "server"},
    {{"NO_COLOR", "if it is not empty, output has no colours unless --color always is given"}, "color"},
    {{"TERM", "if it is dumb, likewise"}, "color"},
    {{"TZ", "time zone of the times that are printed and read, without --utc"}, "utc"},
    {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "the URL of --otlp-endpoint env, as it is"}, "otlp-endpoint"},
    {{"OTEL_EXPORTER_OTLP_ENDPOINT", "likewise, without /v1/traces; default http://localhost:4318"},
     "otlp-endpoint"},
    {{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "headers for the collector: NAME=VALUE,NAME=VALUE"},
     "otlp-endpoint"},
    {{"OTEL_EXPORTER_OTLP_HEADERS", "likewise"}, "otlp-endpoint"},
    {{"OTEL_EXPORTER_OTLP_CERTIFICATE", "file of certificates to trust"}, "otlp-endpoint"},
    {{"TAPEDECK_LOG", "the log to read when no operand names one"}, NULL},
    {{"TAPEDECK_PAGER", "program for long output; default PAGER, else less; \"\" and cat mean none"},
     "no-pager"},
    {{"PAGER", "program for long output, without TAPEDECK_PAGER"}, "no-pager"},
    {{"TAPEDECK_RECORD", "called as nats-server, without --record: the directory to log into; it is made "
			 "when it does not exist"},
     "ports_file_dir"},
};

static bool has_option(const struct cli_command *command, const char *name)
{
	struct cli_walk walk = {.command = command};
	const struct cli_option *option;
	while ((option = cli_walk_next_listed(&walk)) != NULL)
		if (strcmp(option->name, name) == 0)
			return true;
	return false;
}

const struct cli_variable *cli_environment_next(const struct cli_command *command, size_t *at)
{
	while (*at < sizeof variables / sizeof *variables) {
		size_t i = (*at)++;
		const char *option = variables[i].option;
		if (option ? has_option(command, option) : cli_completion_operands(command).logs)
			return &variables[i].variable;
	}
	return NULL;
}
