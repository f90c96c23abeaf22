#include "cli/options/options_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config/parse.h"

/* ---- arguments ---- */

void cli_arguments_fini(struct cli_arguments *arguments)
{
	for (int i = 0; i < arguments->len; i++)
		free(arguments->values[i]);
	free(arguments->values);
	*arguments = (struct cli_arguments){0};
}

/* Takes text, also on failure. */
static int take(struct cli_arguments *arguments, char *text)
{
	size_t bytes = ((size_t)arguments->len + 2) * sizeof *arguments->values;
	char **grown = text ? realloc(arguments->values, bytes) : NULL;
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	arguments->values = grown;
	grown[arguments->len++] = text;
	grown[arguments->len] = NULL;
	return 0;
}

int cli_arguments_add(struct cli_arguments *arguments, const char *text)
{
	return take(arguments, strdup(text));
}

/* ---- a file ---- */

static int add_option(struct cli_arguments *arguments, const char *name, const char *value)
{
	char *text = NULL;
	if (asprintf(&text, value ? "--%s=%s" : "--%s", name, value) < 0)
		return -ENOMEM;
	return take(arguments, text);
}

static int node_fault(const json_t *node, struct wire_fault *fault, const char *name, const char *what)
{
	return wire_fault_set(fault, BROKER_ECONFIG, "%s:%lld: %s: %s",
			      json_string_value(json_object_get(node, "file")),
			      (long long)json_integer_value(json_object_get(node, "line")), name, what);
}

static int add_number(struct cli_arguments *arguments, const char *name, const json_t *node,
		      const json_t *value)
{
	char digits[32];
	const char *text = json_string_value(json_object_get(node, "text"));
	snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
	return add_option(arguments, name, text ? text : digits);
}

/* An option whose value is in a node of the file's tree. */
static int add_node(struct cli_arguments *arguments, const char *name, const json_t *node,
		    struct wire_fault *fault)
{
	const json_t *value = json_object_get(node, "value"), *element;
	size_t i;
	int error = 0;
	if (json_is_string(value))
		return add_option(arguments, name, json_string_value(value));
	if (json_is_integer(value))
		return add_number(arguments, name, node, value);
	if (json_is_boolean(value))
		return json_is_true(value) ? add_option(arguments, name, NULL) : 0;
	if (!json_is_array(value))
		return node_fault(node, fault, name,
				  "neither a text, a number, true, false nor a list of them");
	json_array_foreach(value, i, element) if (error == 0) error =
	    add_node(arguments, name, element, fault);
	return error;
}

int cli_arguments_add_file(struct cli_arguments *arguments, const char *path, struct wire_fault *fault)
{
	const char *name;
	json_t *tree = broker_config_parse_file(path, fault), *node;
	int error = 0;
	if (!tree)
		return fault && fault->code < 0 ? fault->code : BROKER_ECONFIG;
	json_object_foreach(json_object_get(tree, "value"), name, node)
	{
		if (error == 0 && strcmp(name, "config") == 0)
			error = node_fault(node, fault, name, "a file cannot name another one; use include");
		if (error == 0)
			error = add_node(arguments, name, node, fault);
	}
	json_decref(tree);
	return error == -ENOMEM ? wire_fault_set(fault, error, "out of memory") : error;
}

/* ---- comparing ---- */

static size_t name_len(const char *argument)
{
	return strcspn(argument, "=");
}

static bool is_same_option(const char *a, const char *b)
{
	return name_len(a) == name_len(b) && strncmp(a, b, name_len(a)) == 0;
}

/* The next argument from `at` that gives this option; NULL when there is none. */
static const char *next_value(const struct cli_arguments *arguments, const char *option, int *at)
{
	while (*at < arguments->len) {
		const char *argument = arguments->values[(*at)++];
		if (is_same_option(argument, option))
			return argument;
	}
	return NULL;
}

static bool is_equal(const struct cli_arguments *a, const struct cli_arguments *b, const char *option)
{
	int at = 0, other_at = 0;
	for (;;) {
		const char *value = next_value(a, option, &at), *other = next_value(b, option, &other_at);
		if (!value || !other)
			return value == other;
		if (strcmp(value, other) != 0)
			return false;
	}
}

/* The first argument that gives the option of the one at this place. */
static bool is_first(const struct cli_arguments *arguments, int place)
{
	int at = 0;
	return next_value(arguments, arguments->values[place], &at) == arguments->values[place];
}

static void call_with_name(const char *option, void (*differs)(void *context, const char *name),
			   void *context)
{
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)(name_len(option) - 2), option + 2);
	differs(context, name);
}

void cli_arguments_compare(const struct cli_arguments *old, const struct cli_arguments *new,
			   void (*differs)(void *context, const char *name), void *context)
{
	for (int i = 0; i < old->len; i++)
		if (is_first(old, i) && !is_equal(old, new, old->values[i]))
			call_with_name(old->values[i], differs, context);
	for (int i = 0; i < new->len; i++) {
		int at = 0;
		if (is_first(new, i) && !next_value(old, new->values[i], &at))
			call_with_name(new->values[i], differs, context);
	}
}
