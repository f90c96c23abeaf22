/* context.h - the contexts of natscli: files of JSON with the settings of a connection. */
#ifndef CLI_OPTIONS_CONTEXT_H
#define CLI_OPTIONS_CONTEXT_H

#include <jansson.h>
#include <stddef.h>

#include "cli/cli.h"

enum { CLI_CONTEXT_NAME = 256 };

/* The name of the context that natscli has selected; "" when there is none. */
void cli_context_selected(char name[CLI_CONTEXT_NAME]);

/* Read a context. CLI_GO_ON with *context, owned by the caller; or an exit status after a complaint: it cannot be read, or it asks for
 * something that is not supported here (a SOCKS proxy, TLS before INFO, nsc), which is never ignored. */
int cli_context_load(const struct cli_command *command, const char *name, json_t **context);

#endif
