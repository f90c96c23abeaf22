/* config.h - apply a configuration file to the options of a broker. The syntax: broker/config/parse.h. */
#ifndef BROKER_CONFIG_CONFIG_H
#define BROKER_CONFIG_CONFIG_H

#include <jansson.h>

#include "broker/config/options.h"
#include "wire/error.h"

/* Apply a parsed configuration to the options. Keys are case-insensitive as in nats-server. Each key that a core server
 * does not serve (cluster, leafnodes, jetstream, ...) calls `ignored` (NULL: nobody listens) once with a line for the
 * operator. Errors: unknown keys (as in nats-server: a mistyped `authorization` must not leave the server open), and
 * keys that would be less safe when left out (several accounts, nkeys, operators). 0, or BROKER_ECONFIG with
 * *fault; then the options are partly changed and fit to be freed. */
int broker_config_apply(json_t *config, struct broker_options *options,
			void (*ignored)(void *context, const char *line), void *context,
			struct wire_fault *fault);

/* Parse the file, apply it and set config_path. Likewise. */
int broker_config_load(const char *path, struct broker_options *options,
		       void (*ignored)(void *context, const char *line), void *context,
		       struct wire_fault *fault);

#endif
