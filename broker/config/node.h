/* node.h - the nodes of a configuration tree (parse.h), inside this folder. */
#ifndef BROKER_CONFIG_NODE_H
#define BROKER_CONFIG_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/error.h"

/* A node around value, whose reference is taken. Borrows file, a JSON string. NULL when out of memory or
 * value is NULL. */
json_t *broker__node(json_t *value, json_t *file, int line);

/* Classify a bare word: boolean, integer (with suffix), float, else a string. Owned node, or NULL with
 * *fault for a number out of range or memory. */
json_t *broker__node_scalar(const char *word, size_t len, json_t *file, int line, struct wire_fault *fault);

/* The value of a node; borrowed. */
const json_t *broker__node_value(const json_t *node);

/* The kind of value in a node, for messages: "a string", "a list", … Static. */
const char *broker__node_kind(const json_t *node);

/* Fill in *fault as `file:line: text` and return BROKER_ECONFIG. */
int broker__node_fault(const json_t *node, struct wire_fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Typed readers. 0, or BROKER_ECONFIG with *fault naming place, key and what was expected. */
int broker__node_text(const json_t *node, const char *key, const char **text, struct wire_fault *fault);
int broker__node_copy(const json_t *node, const char *key, char **text, struct wire_fault *fault);
int broker__node_bool(const json_t *node, const char *key, bool *truth, struct wire_fault *fault);
int broker__node_int(const json_t *node, const char *key, int64_t min, int64_t max, int64_t *number,
		     struct wire_fault *fault);
/* "2m", "1h30m", "250ms" as Go writes durations; plain numbers are seconds. Milliseconds; a negative
 * duration is given back as -1. */
int broker__node_duration(const json_t *node, const char *key, int64_t *ms, struct wire_fault *fault);

#endif
