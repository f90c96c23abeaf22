#include "cli/commands/otlp_sender.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/commands/interrupt.h"
#include "cli/commands/otlp_target.h"
#include "cli/output/errors.h"
#include "export/text/escape.h"
#include "net/http/post.h"
#include "wire/redact.h"

enum {
	FIRST_WAIT_MS = 250,
	LONGEST_WAIT_MS = 30000,
	LONGEST_ASKED_WAIT_MS = 300000, /* that Retry-After may ask for */
	PATIENCE_MS = 60000,            /* for one batch… */
	FIRST_PATIENCE_MS = 5000,       /* …before the collector has ever answered */
};

enum { SAID_COLUMNS = 300 }; /* of what a collector says */

#define GRACE_NS INT64_C(1000000000) /* for requests after a signal */

struct cli_otlp_sender {
	struct cli_otlp_sender_options options;
	struct net_http_poster *poster;
	struct cli_otlp_counts counts;
	char url[300];          /* for people */
	int64_t interrupted_ns; /* monotonic: when a signal was seen; 0: none was */
	bool has_answered;      /* it accepted a batch, or asked to try again */
	bool is_complaining;    /* an outage, or a batch that was rejected, has been reported */
	bool has_remarked;      /* likewise what is odd in an answer that accepts */
};

/* Monotonic. */
static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- life ---- */

/* As is_stopped of struct net_http_post_options: a signal has arrived, and what is under way has had its time to end. */
static bool is_stopped(void *context)
{
	struct cli_otlp_sender *sender = context;

	if (!cli_interrupt_seen(sender->options.interrupt_fd))
		return false;
	if (sender->interrupted_ns == 0)
		sender->interrupted_ns = now_ns();
	return now_ns() - sender->interrupted_ns > GRACE_NS;
}

int cli_otlp_sender_open(struct cli_otlp_sender **opened, const struct cli_otlp_sender_options *options,
			 struct wire_fault *fault)
{
	struct cli_otlp_sender *sender = calloc(1, sizeof(*sender));
	char *url = cli_otlp_target_url(options->endpoint);

	if (!sender || !url) {
		free(sender);
		free(url);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	const struct net_http_post_options post = {.url = url,
						   .type = "application/json",
						   .ca_file = getenv("OTEL_EXPORTER_OTLP_CERTIFICATE"),
						   .gzip = true,
						   .is_stopped = is_stopped,
						   .context = sender};

	sender->options = *options;
	int error = net_http_poster_open(&sender->poster, &post, fault);

	url[strcspn(url, "?#")] = '\0'; /* what follows may be a key */
	wire_redact_urls(url, sender->url, sizeof(sender->url));

	free(url);
	if (!error)
		error = cli_otlp_target_headers(sender->poster, options->headers, fault);
	if (error) {
		cli_otlp_sender_close(sender);
		return error;
	}
	*opened = sender;
	return 0;
}

void cli_otlp_sender_close(struct cli_otlp_sender *sender)
{
	if (!sender)
		return;
	net_http_poster_close(sender->poster);
	free(sender);
}

/* ---- answers ---- */

static void complain(struct cli_otlp_sender *sender, const char *why, const char *consequence)
{
	if (!sender->is_complaining && !sender->options.quiet)
		cli_error(sender->options.command, "%s; %s", why, consequence);
	sender->is_complaining = true;
}

static bool is_to_retry(long status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* A number of 64 bits is a string in JSON of protobuf; readers accept a number, too. */
static uint64_t read_count(const json_t *value)
{
	int64_t count = json_integer_value(value);

	if (json_is_string(value))
		count = strtoll(json_string_value(value), NULL, 10);
	return count > 0 ? (uint64_t)count : 0;
}

/* Report what is odd in an answer that accepts a batch. It is from outside. */
static void remark(struct cli_otlp_sender *sender, const char *what, struct wire_slice text)
{
	struct export_out shown;

	if (sender->has_remarked || sender->options.quiet || export_out_init_memory(&shown, 1 << 16) != 0)
		return;
	export_escape_put(&shown, text, SAID_COLUMNS);
	const struct wire_slice escaped = export_out_kept(&shown);

	cli_error(sender->options.command, "%s %s%.*s", sender->url, what, (int)escaped.len, escaped.data);
	export_out_fini(&shown);
	sender->has_remarked = true;
}

/* How many of the spans an answer says were not accepted. */
static uint64_t read_rejected(struct cli_otlp_sender *sender, struct wire_slice body, uint64_t spans)
{
	json_t *answer = body.len > 0 ? json_loadb(body.data, body.len, 0, NULL) : NULL;
	const json_t *partial = json_object_get(answer, "partialSuccess");
	const uint64_t rejected = read_count(json_object_get(partial, "rejectedSpans"));
	const char *text = json_string_value(json_object_get(partial, "errorMessage"));

	if (text && *text)
		remark(sender, "says: ", wire_slice_str(text));
	else if (body.len > 0 && !json_is_object(answer))
		remark(sender, "does not answer as a collector does; is it one?", WIRE_LITERAL(""));
	json_decref(answer);
	return rejected < spans ? rejected : spans;
}

static int accept(struct cli_otlp_sender *sender, const struct net_http_posted *posted, uint64_t spans)
{
	const uint64_t rejected = read_rejected(sender, posted->body, spans);

	sender->counts.rejected += rejected;
	sender->counts.sent += spans - rejected;
	sender->counts.requests++;
	sender->has_answered = true;
	sender->is_complaining = false;
	return 0;
}

static int refuse(struct cli_otlp_sender *sender, long status, uint64_t spans, struct wire_fault *fault)
{
	sender->counts.rejected += spans;
	wire_fault_set(fault, -ECONNREFUSED, "%s: HTTP status %ld%s", sender->url, status,
		       status == 401 || status == 403 ? "; give --otlp-header, or OTEL_EXPORTER_OTLP_HEADERS"
						      : "");
	if (sender->counts.requests == 0)
		return fault->code;
	complain(sender, fault->text, "spans are rejected");
	return 0;
}

/* ---- retries ---- */

/* A time between half of it and all of it, so that many senders do not come back at once. */
static int64_t jitter(int64_t ms)
{
	return ms / 2 + now_ns() / 1000 % (ms / 2 + 1);
}

/* The tries for a batch. */
struct tries {
	int64_t begun_ns; /* monotonic */
	int64_t next_ms;  /* to wait, unless the collector asks for another time */
};

/* True when a further try is due. asked_ms: as retry_after_ms of struct net_http_posted. */
static bool wait(struct cli_otlp_sender *sender, struct tries *tries, int64_t asked_ms, const char *why)
{
	const bool is_patient = sender->options.follows && sender->has_answered;
	const int64_t patience_ms = sender->has_answered ? PATIENCE_MS : FIRST_PATIENCE_MS;
	int64_t ms = asked_ms >= 0 ? asked_ms : jitter(tries->next_ms);

	if (ms > LONGEST_ASKED_WAIT_MS)
		ms = LONGEST_ASKED_WAIT_MS;
	if ((!is_patient && (now_ns() - tries->begun_ns) / 1000000 + ms > patience_ms) ||
	    cli_interrupt_seen(sender->options.interrupt_fd))
		return false;
	complain(sender, why, "trying again");
	tries->next_ms = tries->next_ms * 2 < LONGEST_WAIT_MS ? tries->next_ms * 2 : LONGEST_WAIT_MS;
	if (cli_interrupt_wait(sender->options.interrupt_fd, (int)ms))
		return false;
	sender->counts.retries++;
	return true;
}

static int give_up(struct cli_otlp_sender *sender, uint64_t spans, struct wire_fault *fault)
{
	sender->counts.lost += spans;
	if (cli_interrupt_seen(sender->options.interrupt_fd))
		return 0;
	fault->code = -ECONNREFUSED;
	return fault->code;
}

/* A server that has answered may fail to speak TLS while it restarts. */
static bool is_outage(const struct cli_otlp_sender *sender, int error)
{
	return error == -ECONNREFUSED || (error == NET_ETLS && sender->has_answered);
}

int cli_otlp_sender_take(void *context, struct wire_slice body, uint64_t spans, struct wire_fault *fault)
{
	struct cli_otlp_sender *sender = context;
	struct tries tries = {.begun_ns = now_ns(), .next_ms = FIRST_WAIT_MS};
	int64_t asked_ms;

	do {
		struct net_http_posted posted;
		const int error = net_http_post(sender->poster, body, &posted, fault);

		asked_ms = error ? -1 : posted.retry_after_ms;
		if (error && !is_outage(sender, error))
			return error == -ENOMEM ? error : give_up(sender, spans, fault);
		if (!error && posted.status >= 200 && posted.status < 300)
			return accept(sender, &posted, spans);
		if (!error && !is_to_retry(posted.status))
			return refuse(sender, posted.status, spans, fault);
		if (!error)
			wire_fault_set(fault, -ECONNREFUSED, "%s: HTTP status %ld", sender->url,
				       posted.status);
		sender->has_answered = sender->has_answered || !error;
	} while (wait(sender, &tries, asked_ms, fault->text));
	return give_up(sender, spans, fault);
}

/* ---- results ---- */

const struct cli_otlp_counts *cli_otlp_sender_counts(const struct cli_otlp_sender *sender)
{
	return &sender->counts;
}

const char *cli_otlp_sender_url(const struct cli_otlp_sender *sender)
{
	return sender->url;
}
