#include "cli/commands/otlp_target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH       "/v1/traces"
#define DEFAULT    "http://localhost:4318"
#define NAME(name) "OTEL_EXPORTER_OTLP_" name

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

char *cli_otlp_target_url(const char *endpoint)
{
	char *url = NULL;

	if (strcmp(endpoint, "env") == 0) {
		const char *traces = variable(NAME("TRACES_ENDPOINT")), *base = variable(NAME("ENDPOINT"));
		if (traces)
			return strdup(traces);
		endpoint = base ? base : DEFAULT;
	}
	const size_t before_query = strcspn(endpoint, "?#");
	size_t len = before_query;

	while (len > 0 && endpoint[len - 1] == '/')
		len--;
	const size_t path = strlen(PATH);
	const bool has_path = len > path && memcmp(endpoint + len - path, PATH, path) == 0;

	return asprintf(&url, "%.*s%s%s", (int)len, endpoint, has_path ? "" : PATH, endpoint + before_query) <
		       0
		   ? NULL
		   : url;
}

/* ---- headers ---- */

static struct wire_slice trim(struct wire_slice text)
{
	while (text.len > 0 && text.data[0] == ' ') {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && text.data[text.len - 1] == ' ')
		text.len--;
	return text;
}

/* "NAME=VALUE"; source: the option or the variable. */
static int add(struct net_http_poster *poster, struct wire_slice pair, const char *source,
	       struct wire_fault *fault)
{
	const char *equals = memchr(pair.data, '=', pair.len);

	if (!equals)
		return wire_fault_set(fault, -EINVAL, "%s: a header is NAME=VALUE", source);
	const size_t name_len = (size_t)(equals - pair.data);
	const struct wire_slice name = trim(wire_slice(pair.data, name_len)),
				value = trim(wire_slice(equals + 1, pair.len - name_len - 1));
	const int error = net_http_poster_add_header(poster, name, value);

	return error ? wire_fault_set(fault, error, "%s: no header can have this name or this value", source)
		     : 0;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Replace %41 by A, in place. Returns the new length. */
static size_t decode(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		const int high = i + 2 < len && text[i] == '%' ? hex_of(text[i + 1]) : -1;
		const int low = high >= 0 ? hex_of(text[i + 2]) : -1;

		const char plain = text[i];

		text[to++] = low >= 0 ? (char)(high * 16 + low) : plain;
		i += low >= 0 ? 2 : 0;
	}
	return to;
}

/* "name=value,name=value", with values that are percent-encoded. */
static int add_list(struct net_http_poster *poster, const char *list, const char *source,
		    struct wire_fault *fault)
{
	int error = 0;

	while (*list && !error) {
		const size_t len = strcspn(list, ",");
		char *pair = strndup(list, len);

		if (!pair)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
		if (trim(wire_slice(pair, len)).len > 0)
			error = add(poster, wire_slice(pair, decode(pair, len)), source, fault);
		explicit_bzero(pair, len);
		free(pair);
		list += len + (list[len] == ',');
	}
	return error;
}

int cli_otlp_target_headers(struct net_http_poster *poster, const struct cli_list *headers,
			    struct wire_fault *fault)
{
	const char *traces = variable(NAME("TRACES_HEADERS")), *all = variable(NAME("HEADERS"));
	int error = 0;

	if (traces)
		error = add_list(poster, traces, NAME("TRACES_HEADERS"), fault);
	else if (all)
		error = add_list(poster, all, NAME("HEADERS"), fault);
	for (size_t i = 0; i < headers->len && !error; i++)
		error = add(poster, wire_slice_str(headers->values[i]), "--otlp-header", fault);
	return error;
}
