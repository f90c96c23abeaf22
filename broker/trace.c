#include "broker/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/client_log.h"
#include "broker/quote.h"
#include "wire/mask/masker.h"
#include "wire/redact.h"

/* A slice as the argument of %.*s, and a blank to print before it unless it is empty. */
#define TEXT(slice)  (int)(slice).len, (slice).data ? (slice).data : ""
#define BLANK(slice) ((slice).len > 0 ? " " : "")

static void trace_connect(const struct broker_client *client, struct wire_slice json)
{
	char *text = wire_redact_connect(json);
	broker__client_log(client, BROKER_LOG_TRACE, "<<- [CONNECT %s]", text ? text : "");
	free(text);
}

/* Headers and payload as they may be shown, in quotes. Owned; NULL when out of memory. */
static char *quote_masked(struct wire_masker *masker, const struct wire_op *op)
{
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .subject = op->subject,
				   .headers = op->headers,
				   .payload = op->payload};
	wire_masker_event(masker, &event);
	char *content = malloc(event.headers.len + event.payload.len + 1);
	if (!content)
		return NULL;
	if (event.headers.len > 0)
		memcpy(content, event.headers.data, event.headers.len);
	if (event.payload.len > 0)
		memcpy(content + event.headers.len, event.payload.data, event.payload.len);
	char *quoted = broker__quote(wire_slice(content, event.headers.len + event.payload.len));
	free(content);
	return quoted;
}

/* Headers and payload are adjacent. */
static char *quote_content(const struct broker_client *client, const struct wire_op *op)
{
	struct wire_masker *masker = client->loop->broker->masker;
	if (masker)
		return quote_masked(masker, op);
	if (op->headers.len > 0)
		return broker__quote(wire_slice(op->headers.data, op->headers.len + op->payload.len));
	return broker__quote(op->payload);
}

static void trace_publish(const struct broker_client *client, const struct wire_op *op)
{
	char *quoted = quote_content(client, op);
	broker__client_log(client, BROKER_LOG_TRACE, "<<- [%s %.*s%s%.*s %.*s]", wire_verb_name(op->verb),
			   TEXT(op->subject), BLANK(op->reply), TEXT(op->reply), TEXT(op->size_text));
	broker__client_log(client, BROKER_LOG_TRACE, "<<- MSG_PAYLOAD: [%s]", quoted ? quoted : "");
	free(quoted);
}

static void trace_unsubscribe(const struct broker_client *client, const struct wire_op *op)
{
	if (op->max > 0)
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [UNSUB %.*s %llu]", TEXT(op->sid),
				   (unsigned long long)op->max);
	else
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [UNSUB %.*s]", TEXT(op->sid));
}

void broker__trace_op(const struct broker_client *client, const struct wire_op *op)
{
	switch (op->verb) {
	case WIRE_CONNECT: trace_connect(client, op->args); break;
	case WIRE_PUB:
	case WIRE_HPUB: trace_publish(client, op); break;
	case WIRE_SUB:
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [SUB %.*s%s%.*s %.*s]", TEXT(op->subject),
				   BLANK(op->queue), TEXT(op->queue), TEXT(op->sid));
		break;
	case WIRE_UNSUB: trace_unsubscribe(client, op); break;
	case WIRE_OK:
	case WIRE_INFO: break;
	default: broker__client_log(client, BROKER_LOG_TRACE, "<<- [%s]", wire_verb_name(op->verb));
	}
}

void broker__trace_answer(const struct broker_client *client, const char *text)
{
	broker__client_log(client, BROKER_LOG_TRACE, "->> [%s]", text);
}

void broker__trace_delivery(const struct broker__sub *sub, const struct wire_op *op, bool with_headers)
{
	char sizes[48];
	size_t total = op->headers.len + op->payload.len;
	if (with_headers)
		snprintf(sizes, sizeof sizes, "%zu %zu", op->headers.len, total);
	else
		snprintf(sizes, sizeof sizes, "%zu", op->payload.len);
	broker__client_log(sub->client, BROKER_LOG_TRACE, "->> [%s %.*s %.*s%s%.*s %s]",
			   with_headers ? "HMSG" : "MSG", TEXT(op->subject), TEXT(sub->sid), BLANK(op->reply),
			   TEXT(op->reply), sizes);
}

void broker__trace_end(const struct broker__sub *sub)
{
	broker__client_log(sub->client, BROKER_LOG_TRACE, "<-> [DELSUB %.*s]", TEXT(sub->sid));
}
