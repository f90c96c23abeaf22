#include "cli/commands/export_otlp.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/commands/otlp_sender.h"
#include "cli/output/errors.h"
#include "export/otlp/otlp.h"
#include "export/text/sizes.h"

#define AT(member) offsetof(struct cli_otlp_settings, member)

enum { DEFAULT_SLOW_MS = 1000, OMISSIONS = 2 /* of the sender */ };

/* ---- options ---- */

static int choose_sample(void *settings, const char *argument, struct wire_fault *fault)
{
	struct cli_otlp_settings *otlp = settings;
	char *end;

	otlp->sample = strtod(argument, &end);
	otlp->has_sample = true;
	return *argument && !*end && otlp->sample >= 0 && otlp->sample <= 1
		   ? 0
		   : wire_fault_set(fault, -EINVAL, "\"%s\" is not a number from 0 to 1", argument);
}

const struct cli_option cli_otlp_options[] = {
    {.name = "otlp-endpoint",
     .kind = CLI_TEXT,
     .argument = "URL",
     .help = "send the spans to this collector, http://HOST:4318, instead of writing them; env: to that of "
	     "OTEL_EXPORTER_OTLP_ENDPOINT",
     .at = AT(endpoint)},
    {.name = "otlp-header",
     .kind = CLI_LIST,
     .argument = "NAME=VALUE",
     .help = "send this header, too; may be given repeatedly",
     .at = AT(headers)},
    {.name = "sample",
     .kind = CLI_CALL,
     .argument = "RATIO",
     .help = "this part of the traces, 0 to 1: whole traces, the same ones each time. Default: 1; with "
	     "--errors-and-slow 0",
     .call = choose_sample},
    {.name = "errors-and-slow",
     .kind = CLI_FLAG,
     .help = "besides, every trace with an error or something slow",
     .at = AT(keeps_failures)},
    {.name = "slow",
     .kind = CLI_DURATION,
     .argument = "DURATION",
     .help = "what takes longer is slow; default 1s",
     .at = AT(slow_ms)},
    {.name = NULL},
};

void cli_otlp_settings_fini(struct cli_otlp_settings *settings)
{
	cli_list_fini(&settings->headers);
}

/* ---- a writer that sends ---- */

struct writer {
	struct export_writer base;
	struct export_writer *spans; /* makes the batches */
	struct cli_otlp_sender *sender;
	struct export_otlp_sink sink;
	struct cli_export_running running;
};

static bool omission(const struct export_writer *base, size_t index, struct export_omission *omitted)
{
	const struct writer *writer = (const struct writer *)base;
	const struct cli_otlp_counts *counts = cli_otlp_sender_counts(writer->sender);

	if (index >= OMISSIONS)
		return writer->spans->omission(writer->spans, index - OMISSIONS, omitted);
	*omitted = index == 0
		       ? (struct export_omission){"spans that the collector rejected", counts->rejected}
		       : (struct export_omission){"spans that the collector never got", counts->lost};
	return true;
}

static void report(const struct writer *writer)
{
	const struct cli_otlp_counts *counts = cli_otlp_sender_counts(writer->sender);
	char sent[EXPORT_SIZE_TEXT], requests[EXPORT_SIZE_TEXT], retries[EXPORT_SIZE_TEXT];

	cli_error(writer->running.command, "%s: accepted %s span%s in %s request%s; %s retr%s",
		  cli_otlp_sender_url(writer->sender), export_count_text(sent, counts->sent),
		  export_plural(counts->sent), export_count_text(requests, counts->requests),
		  export_plural(counts->requests), export_count_text(retries, counts->retries),
		  counts->retries == 1 ? "y" : "ies");
}

/* An error ends the export, which then reports nothing itself: say what became of the spans until now. Returns the error. */
static int report_failure(const struct writer *writer, int error)
{
	struct export_omission omitted;
	char count[EXPORT_SIZE_TEXT];

	if (!error || writer->running.quiet)
		return error;
	report(writer);
	for (size_t i = 0; i < OMISSIONS; i++)
		if (omission(&writer->base, i, &omitted) && omitted.count > 0)
			cli_error(writer->running.command, "left out: %s %s",
				  export_count_text(count, omitted.count), omitted.what);
	return error;
}

static int put(struct export_writer *base, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	const struct writer *writer = (const struct writer *)base;

	return report_failure(writer, writer->spans->put(writer->spans, event, input, fault));
}

static int idle(struct export_writer *base, int64_t now_ns, struct wire_fault *fault)
{
	const struct writer *writer = (const struct writer *)base;

	return report_failure(writer, writer->spans->idle(writer->spans, now_ns, fault));
}

static int end(struct export_writer *base, struct wire_fault *fault)
{
	const struct writer *writer = (const struct writer *)base;
	const int error = writer->spans->end(writer->spans, fault);

	if (!error && !writer->running.quiet)
		report(writer);
	return report_failure(writer, error);
}

static void close_writer(struct export_writer *base)
{
	struct writer *writer = (struct writer *)base;

	if (writer->spans)
		writer->spans->close(writer->spans);
	cli_otlp_sender_close(writer->sender);
	free(writer);
}

int cli_otlp_status(const struct export_writer *base)
{
	if (base->close != close_writer)
		return CLI_DONE;
	const struct cli_otlp_counts *counts = cli_otlp_sender_counts(((const struct writer *)base)->sender);

	if (counts->lost > 0)
		return CLI_CONNECT;
	return counts->rejected > 0 ? CLI_FOUND : CLI_DONE;
}

/* ---- opening ---- */

static int open_sender(struct writer *writer, const struct cli_otlp_settings *settings,
		       struct wire_fault *fault)
{
	const struct cli_otlp_sender_options options = {.endpoint = settings->endpoint,
							.headers = &settings->headers,
							.command = writer->running.command,
							.interrupt_fd = writer->running.interrupt_fd,
							.follows = writer->running.follows,
							.quiet = writer->running.quiet};

	return cli_otlp_sender_open(&writer->sender, &options, fault);
}

static int open_sending(struct export_writer **opened, const struct cli_otlp_settings *settings,
			const struct cli_export_running *running, struct export_otlp_options *options,
			struct export_out *out, struct wire_fault *fault)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	writer->running = *running;
	writer->base = (struct export_writer){
	    .put = put, .idle = idle, .end = end, .omission = omission, .close = close_writer};
	int error = open_sender(writer, settings, fault);

	writer->sink = (struct export_otlp_sink){.take = cli_otlp_sender_take, .context = writer->sender};
	options->sink = &writer->sink;
	if (!error)
		error = export_otlp_open(&writer->spans, options, out, fault);
	if (error) {
		close_writer(&writer->base);
		return error;
	}
	*opened = &writer->base;
	return 0;
}

int cli_otlp_open(struct export_writer **writer, const struct cli_otlp_settings *settings,
		  const struct cli_export_running *running, struct export_out *out, struct wire_fault *fault)
{
	const int64_t slow_ms = settings->slow_ms > 0 ? settings->slow_ms : DEFAULT_SLOW_MS;
	struct export_otlp_options options = {
	    .sample = settings->has_sample       ? settings->sample
		      : settings->keeps_failures ? 0
						 : 1,
	    .keeps_failures = settings->keeps_failures,
	    .slow_ns = slow_ms < INT64_MAX / 1000000 ? slow_ms * 1000000 : INT64_MAX,
	};

	if (settings->slow_ms > 0 && !settings->keeps_failures)
		return wire_fault_set(fault, -EINVAL, "--slow belongs to --errors-and-slow");
	if (settings->headers.len > 0 && !settings->endpoint)
		return wire_fault_set(fault, -EINVAL, "--otlp-header belongs to --otlp-endpoint");
	if (settings->endpoint)
		return open_sending(writer, settings, running, &options, out, fault);
	return export_otlp_open(writer, &options, out, fault);
}
