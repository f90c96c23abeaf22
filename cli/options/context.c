#include "cli/options/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/options.h"
#include "cli/output/errors.h"

/* A path below natscli's directory. 0 or -ENAMETOOLONG. */
static int path_of(const char *format_name, const char *name, char *path, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	bool has_config = config && *config;
	int len = snprintf(path, size, "%s%s/nats/%s%s%s",
			   has_config ? config
			   : home     ? home
				      : "",
			   has_config ? "" : "/.config", format_name, name, *name ? ".json" : "");

	return len > 0 && (size_t)len < size ? 0 : -ENAMETOOLONG;
}

void cli_context_selected(char name[CLI_CONTEXT_NAME])
{
	char path[1024];
	FILE *file = path_of("context.txt", "", path, sizeof(path)) == 0 ? fopen(path, "re") : NULL;

	if (!file || !fgets(name, CLI_CONTEXT_NAME, file))
		name[0] = '\0';
	if (file)
		fclose(file);
	name[strcspn(name, " \t\r\n")] = '\0';
}

/* Settings of natscli that cannot be followed here. */
static const struct {
	const char *key, *what;
} refused[] = {
    {"socks_proxy", "a SOCKS proxy"},
    {"tls_first", "TLS before the server's greeting"},
    {"nsc", "credentials from nsc"},
    {"windows_cert_store", "a certificate store of Windows"},
};

static bool is_set(const json_t *value)
{
	const char *text = json_string_value(value);
	return json_is_true(value) || (text && *text);
}

static int check(const struct cli_command *command, const char *name, const json_t *context)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (is_set(json_object_get(context, refused[i].key)))
			return cli_usage_error(command,
					       "the context \"%s\" asks for %s, which libnats cannot", name,
					       refused[i].what);
	return CLI_GO_ON;
}

int cli_context_load(const struct cli_command *command, const char *name, json_t **context)
{
	char path[1024];
	json_error_t error = {0};

	*context = NULL;
	if (strchr(name, '/') || path_of("context/", name, path, sizeof(path)) != 0)
		return cli_usage_error(command, "\"%s\" is not the name of a context", name);
	*context = json_load_file(path, 0, &error);
	int status = CLI_GO_ON;
	if (!json_is_object(*context)) {
		cli_error(command, "cannot read the context \"%s\": %s", name,
			  error.text[0] ? error.text : "it is not a JSON object");
		status = CLI_USAGE;
	} else {
		status = check(command, name, *context);
	}
	if (status == CLI_GO_ON)
		return CLI_GO_ON;
	json_decref(*context);
	*context = NULL;
	return status;
}
