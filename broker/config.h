/* config.h - read nats-server's configuration syntax.
 *
 * `key: value`, `key = value`, `key value`; { } blocks; [ ] lists with commas or newlines; # and // comments;
 * quoted and unquoted strings, ( ) block strings; integers with size suffixes (k, kb, ki, kib, m, …: k = 1000, ki and kib =
 * 1024, as in nats-server's conf/lex.go), floats, booleans (true yes on), ISO dates; `include file`; $VARIABLE from enclosing
 * blocks, then the environment. No library reads this syntax, so we do. */
#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include <jansson.h>

#include "broker/options.h"
#include "wire/error.h"

/* Parse a file into an owned JSON object (json_decref); NULL with *fault naming file, line and what was expected.
 * Every value keeps the place where it stood (for later messages) out of the tree: keys are as written. */
json_t *broker_config_parse_file(const char *path, struct wire_fault *fault);

/* Parse text; `name` stands for it in messages, includes are relative to directory `base`. */
json_t *broker_config_parse(const char *text, size_t len, const char *name, const char *base,
			    struct wire_fault *fault);

/* Apply a parsed configuration to the options. Blocks that a core server does not serve (cluster, leafnodes,
 * jetstream, …) and unknown keys call `ignored` once each with a line for the operator; asking for TLS is an error. Keys are
 * case-insensitive as in nats-server. 0, or BROKER_ECONFIG with *fault. */
int broker_config_apply(json_t *config, struct broker_options *options,
			void (*ignored)(void *context, const char *line), void *context,
			struct wire_fault *fault);

#endif
