/* otlp_target.h - where spans are sent, and with which headers: from the options and from the environment variables that
 * OpenTelemetry's exporters read ("OpenTelemetry Protocol Exporter" of its specification). */
#ifndef CLI_COMMANDS_OTLP_TARGET_H
#define CLI_COMMANDS_OTLP_TARGET_H

#include "cli/options/options.h"
#include "net/http/post.h"

/* The URL of an endpoint: with /v1/traces, unless it ends so. "env": that of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is, or of
 * OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318. Owned by the caller; NULL when out of memory. */
char *cli_otlp_target_url(const char *endpoint);

/* Add the headers "NAME=VALUE" of the options, and before them those of OTEL_EXPORTER_OTLP_TRACES_HEADERS or
 * OTEL_EXPORTER_OTLP_HEADERS. 0; -EINVAL or -ENOMEM with *fault, which shows no value. */
int cli_otlp_target_headers(struct net_http_poster *poster, const struct cli_list *headers,
			    struct wire_fault *fault);

#endif
