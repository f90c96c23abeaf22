/* parse.h - parse nats-server's configuration syntax into a tree.
 *
 * `key: value`, `key = value`, `key value`; { } blocks; [ ] lists with commas or newlines; # and // comments; quoted
 * and unquoted strings, ( ) block strings; integers with size suffixes (k = 1000; kb, ki, kib = 1024; likewise m, g, t,
 * p, e), floats, booleans (true yes on), ISO dates (kept as strings); `include file`, relative to the including file;
 * $VARIABLE: a key of this or an enclosing block that stands above, then the environment. No library reads this syntax.
 * Source: nats-server 2.9.10, conf/lex.go and conf/parse.go.
 *
 * The tree: every value is a node, a JSON object {"value": ..., "file": ..., "line": ...}, so that errors can name the
 * place of a value. "value" of a block is an object of nodes, of a list an array of nodes. Keys are as written. A number
 * with a suffix also has its "text"; a node that a $VARIABLE referred to has "used". */
#ifndef BROKER_CONFIG_PARSE_H
#define BROKER_CONFIG_PARSE_H

#include <jansson.h>

#include "wire/error.h"

/* Parse a file. Returns an owned node (json_decref) whose value is an object, or NULL with *fault naming the file, the
 * line and what was expected. */
json_t *broker_config_parse_file(const char *path, struct wire_fault *fault);

/* Parse text[0..len). `name` names it in messages; includes are relative to the directory `base`. Likewise. */
json_t *broker_config_parse(const char *text, size_t len, const char *name, const char *base,
			    struct wire_fault *fault);

#endif
