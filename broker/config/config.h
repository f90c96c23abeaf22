/* config.h - read nats-server's configuration syntax.
 *
 * `key: value`, `key = value`, `key value`; { } blocks; [ ] lists with commas or newlines; # and //
 * comments; quoted and unquoted strings, ( ) block strings; integers with size suffixes (k = 1000; kb, ki,
 * kib = 1024; likewise m, g, t, p, e), floats, booleans (true yes on), ISO dates (kept as strings); `include
 * file`, relative to the including file; $VARIABLE: a key of this or an enclosing block that stands above,
 * then the environment. No library reads this syntax, so we do. Source: nats-server 2.9.10, conf/lex.go and
 * conf/parse.go.
 *
 * The tree: every value is a node, a JSON object {"value": …, "file": …, "line": …}, so that what is wrong
 * with a value can be told with its place; "value" of a block is an object of nodes, of a list an array of
 * nodes. Keys are as written. A number with a suffix also has its "text"; a node that a $VARIABLE referred
 * to has "used". */
#ifndef BROKER_CONFIG_CONFIG_H
#define BROKER_CONFIG_CONFIG_H

#include <jansson.h>

#include "broker/config/options.h"
#include "wire/error.h"

/* Parse a file into an owned node (json_decref) whose value is an object; NULL with *fault naming file, line
 * and what was expected. */
json_t *broker_config_parse_file(const char *path, struct wire_fault *fault);

/* Parse text; `name` stands for it in messages, includes are relative to directory `base`. */
json_t *broker_config_parse(const char *text, size_t len, const char *name, const char *base,
			    struct wire_fault *fault);

/* Apply a parsed configuration to the options. Keys are case-insensitive as in nats-server. What a core
 * server does not serve (cluster, leafnodes, jetstream, …) calls `ignored` once each with a line for the
 * operator. Errors: unknown keys (as in nats-server: a mistyped `authorization` must not open the door), and
 * what would be less safe when left out (TLS, several accounts, nkeys, operators). 0, or BROKER_ECONFIG with
 * *fault; the options are then partly changed and fit to be freed. */
int broker_config_apply(json_t *config, struct broker_options *options,
			void (*ignored)(void *context, const char *line), void *context,
			struct wire_fault *fault);

/* Both: read the file and apply it. Sets config_path. */
int broker_config_load(const char *path, struct broker_options *options,
		       void (*ignored)(void *context, const char *line), void *context,
		       struct wire_fault *fault);

#endif
