/* otlp_sender.h - send batches of spans to an OpenTelemetry collector: OTLP/HTTP with JSON bodies.
 *
 * It retries after the statuses 429, 502, 503 and 504, as the OTLP specification says ("OTLP/HTTP Response"), and after failed
 * connections. It waits as long as Retry-After asks for, else for a time that doubles each time. Other statuses reject the batch. */
#ifndef CLI_COMMANDS_OTLP_SENDER_H
#define CLI_COMMANDS_OTLP_SENDER_H

#include "cli/options/options.h"
#include "wire/slice.h"

struct cli_otlp_sender;

struct cli_otlp_sender_options {
	const char *endpoint;           /* URL, or "env"; /v1/traces is added */
	const struct cli_list *headers; /* "NAME=VALUE" */
	const struct cli_command *command;
	int interrupt_fd; /* after a signal nothing is retried */
	bool follows;     /* retry until the collector is back */
	bool quiet;
};

struct cli_otlp_counts {
	uint64_t sent;     /* spans that the collector accepted… */
	uint64_t requests; /* …in so many requests */
	uint64_t retries;
	uint64_t rejected; /* spans that it did not accept */
	uint64_t lost;     /* spans that it never got */
};

/* Borrows the options. 0; -EINVAL for an option or an environment variable, or another negative code, with *fault. */
int cli_otlp_sender_open(struct cli_otlp_sender **sender, const struct cli_otlp_sender_options *options,
			 struct wire_fault *fault);
void cli_otlp_sender_close(struct cli_otlp_sender *sender);

/* As take of struct export_otlp_sink; context is the sender. -ECONNREFUSED when the collector cannot be reached, or rejects
 * the first batch. */
int cli_otlp_sender_take(void *sender, struct wire_slice body, uint64_t spans, struct wire_fault *fault);

const struct cli_otlp_counts *cli_otlp_sender_counts(const struct cli_otlp_sender *sender);

/* The URL that it sends to, without a password. */
const char *cli_otlp_sender_url(const struct cli_otlp_sender *sender);

#endif
