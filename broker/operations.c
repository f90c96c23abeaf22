#include "broker/operations.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/client_log.h"
#include "broker/connect.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/permissions.h"
#include "broker/publish.h"
#include "broker/quote.h"
#include "broker/sids.h"
#include "broker/subscriptions.h"
#include "broker/trace.h"
#include "wire/subject.h"

/* ---- PUB, HPUB ---- */

static enum broker__progress publish(struct broker_client *client, const struct wire_op *op, const char *end)
{
	if (op->verb == WIRE_HPUB && !client->options.headers) {
		broker__client_log(client, BROKER_LOG_ERROR, "message headers not supported");
		broker__client_close(client, "Protocol Violation");
		return BROKER__DONE;
	}
	if (client->options.pedantic && !client->is_begun && !wire_subject_is_literal(op->subject))
		broker__client_send_error(client, WIRE_LITERAL("Invalid Publish Subject"));
	return broker__publish(client, op, end);
}

/* ---- SUB, UNSUB ---- */

static void refuse_sub(struct broker_client *client, const struct wire_op *op)
{
	char *subject = broker__quote(op->subject), *queue = broker__quote(op->queue), *text = NULL;
	bool has_queue = op->queue.len > 0;
	if (subject && queue &&
	    asprintf(&text, "Permissions Violation for Subscription to %s%s%s", subject,
		     has_queue ? " using queue " : "", has_queue ? queue : "") >= 0) {
		broker__client_log(
		    client, BROKER_LOG_ERROR, "Subscription Violation - User \"%s\", Subject %s, SID %.*s",
		    client->user ? client->user : "N/A", subject, (int)op->sid.len, op->sid.data);
		broker__client_send_error(client, wire_slice_str(text));
	}
	free(text);
	free(queue);
	free(subject);
}

static bool has_too_many_tokens(const struct broker_client *client, const struct wire_op *op)
{
	uint32_t most = client->loop->broker->options.max_subscription_tokens, tokens = 1;
	for (size_t i = 0; i < op->subject.len; i++)
		tokens += op->subject.data[i] == '.';
	return most > 0 && tokens > most;
}

static void refuse_tokens(struct broker_client *client, const struct wire_op *op)
{
	char *subject = broker__quote(op->subject), *text = NULL;
	if (subject &&
	    asprintf(&text, "Permissions Violation for Subscription to %s, too many tokens", subject) >= 0) {
		broker__client_log(
		    client, BROKER_LOG_ERROR,
		    "Subscription Violation Too Many Tokens - User \"%s\", Subject %s, SID %.*s",
		    client->user ? client->user : "N/A", subject, (int)op->sid.len, op->sid.data);
		broker__client_send_error(client, wire_slice_str(text));
	}
	free(text);
	free(subject);
}

static void subscribe(struct broker_client *client, const struct wire_op *op)
{
	const struct broker *broker = client->loop->broker;
	uint32_t limit = broker->options.max_subscriptions;
	client->last_ns = client->loop->now_ns;
	if (!broker__may_subscribe(client->permissions, op->subject, op->queue)) {
		refuse_sub(client, op);
		return;
	}
	if (has_too_many_tokens(client, op)) {
		refuse_tokens(client, op);
		return;
	}
	if (limit > 0 && client->sids.count >= limit) {
		broker__client_log(client, BROKER_LOG_ERROR, "maximum subscriptions exceeded");
		broker__client_send_error(client, WIRE_LITERAL("maximum subscriptions exceeded"));
		return;
	}
	int error = 0;
	if (!broker__sids_find(&client->sids, op->sid, broker->seed))
		error = broker__client_subscribe(client, op);
	if (error == WIRE_EARGUMENT)
		broker__client_send_error(client, WIRE_LITERAL("Invalid Subject"));
	else if (error)
		broker__client_cut(client, "Read Error");
	else
		broker__client_send_ok(client);
}

static void unsubscribe(struct broker_client *client, const struct wire_op *op)
{
	struct broker__sub *sub = broker__sids_find(&client->sids, op->sid, client->loop->broker->seed);
	client->last_ns = client->loop->now_ns;
	broker__client_send_ok(client);
	if (!sub)
		return;
	if (op->max > sub->delivered) {
		sub->max = op->max;
		broker__emit_unsubscribe(sub, op->max);
	} else {
		broker__client_unsubscribe(client, sub);
	}
}

/* ---- PING, PONG ---- */

static void ping(struct broker_client *client)
{
	client->peer_ping_ns = client->loop->now_ns;
	client->is_pong_sent = true;
	if (broker__traces(client))
		broker__trace_answer(client, "PONG");
	broker__client_send(client, WIRE_LITERAL("PONG\r\n"));
}

static void pong(struct broker_client *client)
{
	client->pings_out = 0;
	if (client->ping_sent_ns == 0)
		return;
	int64_t rtt = client->loop->now_ns - client->ping_sent_ns;
	client->rtt_ns = rtt > 0 ? rtt : 1;
}

/* ---- dispatch ---- */

static void protocol_error(struct broker_client *client)
{
	broker__client_log(client, BROKER_LOG_ERROR, "Client parser ERROR, unknown protocol operation");
	broker__client_send_error(client, WIRE_LITERAL("Unknown Protocol Operation"));
	broker__client_close(client, "Protocol Violation");
}

/* About the work of an operation, in units. */
static int64_t units_of(enum wire_verb verb)
{
	switch (verb) {
	case WIRE_CONNECT: return 2000;
	case WIRE_SUB: return 100;
	case WIRE_UNSUB: return 60;
	default: return 10;
	}
}

static __attribute__((noinline)) enum broker__progress execute_rare(struct broker_client *client,
								    const struct wire_op *op, const char *end)
{
	client->loop->work_left -= units_of(op->verb);
	if (broker__traces(client) && !client->is_begun)
		broker__trace_op(client, op);
	if (!client->is_announced && op->verb != WIRE_CONNECT)
		broker__emit_connect(client);
	switch (op->verb) {
	case WIRE_CONNECT: broker__op_connect(client, op->args); break;
	case WIRE_PUB:
	case WIRE_HPUB: return publish(client, op, end);
	case WIRE_SUB: subscribe(client, op); break;
	case WIRE_UNSUB: unsubscribe(client, op); break;
	case WIRE_PING: ping(client); break;
	case WIRE_PONG: pong(client); break;
	case WIRE_OK:
	case WIRE_INFO: break;
	case WIRE_ERR:
		broker__client_log(client, BROKER_LOG_ERROR, "Client Error '%.*s'", (int)op->args.len,
				   op->args.data);
		broker__client_close(client, "Parse Error");
		break;
	default: protocol_error(client);
	}
	return BROKER__DONE;
}

/* Hot. */
enum broker__progress broker__op(struct broker_client *client, const struct wire_op *op, const char *end)
{
	if (broker__op_is_usual(client, op))
		return broker__publish(client, op, end);
	return execute_rare(client, op, end);
}

void broker__op_failed(struct broker_client *client, int code)
{
	switch (code) {
	case WIRE_EPROTOCOL: protocol_error(client); return;
	case WIRE_ELINE:
		broker__client_log(client, BROKER_LOG_ERROR, "maximum control line exceeded");
		broker__client_send_error(client, WIRE_LITERAL("maximum control line exceeded"));
		broker__client_close(client, "Maximum Control Line Exceeded");
		return;
	case WIRE_EPAYLOAD:
		broker__client_log(client, BROKER_LOG_ERROR, "maximum payload exceeded");
		broker__client_send_error(client, WIRE_LITERAL("Maximum Payload Violation"));
		broker__client_close(client, "Maximum Message Payload Exceeded");
		return;
	default:
		broker__client_log(client, BROKER_LOG_ERROR, "%s", wire_error_text(code));
		broker__client_close(client, "Protocol Violation");
	}
}
