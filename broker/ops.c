#include "broker/ops.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/deliver.h"
#include "broker/emit.h"
#include "broker/permissions.h"
#include "broker/quote.h"
#include "wire/redact.h"
#include "wire/subject.h"

/* A run's text and its copy in a receiver's output stay in the second-level cache. */
enum { RUN_MESSAGES = 4096, RUN_BYTES = 128 * 1024 };

/* Messages whose routes are fetched at the same time. */
enum { AHEAD = 32 };

/* ---- trace lines ---- */

static __attribute__((noinline)) void trace(struct broker_client *client, const struct wire_op *op)
{
	const char *verb = wire_verb_name(op->verb);
	switch (op->verb) {
	case WIRE_CONNECT: {
		char *json = wire_redact_json(op->args);
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [CONNECT %s]", json ? json : "");
		free(json);
		break;
	}
	case WIRE_PUB:
	case WIRE_HPUB:
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [%s %.*s%s%.*s %.*s]", verb,
				   (int)op->subject.len, op->subject.data, op->reply.len ? " " : "",
				   (int)op->reply.len, op->reply.data ? op->reply.data : "",
				   (int)op->size_text.len, op->size_text.data);
		broker__client_log(client, BROKER_LOG_TRACE, "<<- MSG_PAYLOAD: [\"%.*s\"]",
				   (int)op->payload.len, op->payload.data);
		break;
	case WIRE_SUB:
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [SUB %.*s %.*s %.*s]", (int)op->subject.len,
				   op->subject.data, (int)op->queue.len, op->queue.data ? op->queue.data : "",
				   (int)op->sid.len, op->sid.data);
		break;
	case WIRE_UNSUB:
		broker__client_log(client, BROKER_LOG_TRACE, "<<- [UNSUB %.*s %llu]", (int)op->sid.len,
				   op->sid.data, (unsigned long long)op->max);
		break;
	default: broker__client_log(client, BROKER_LOG_TRACE, "<<- [%s]", verb);
	}
}

/* ---- PUB, HPUB ---- */

static void publish(struct broker_client *client, const struct wire_op *op, const char *end)
{
	if (op->verb == WIRE_HPUB && !client->has_headers) {
		broker__client_log(client, BROKER_LOG_ERROR, "message headers not supported");
		broker__client_close(client, "Protocol Violation");
		return;
	}
	if (client->pedantic && !wire_subject_is_literal(op->subject))
		broker__client_send_error(client, WIRE_LITERAL("Invalid Publish Subject"));
	broker__deliver(client, op, end);
}

/* ---- SUB, UNSUB ---- */

static void answer_ok(struct broker_client *client)
{
	if (client->verbose)
		broker__client_send(client, WIRE_LITERAL("+OK\r\n"));
}

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

/* 0; WIRE_EARGUMENT for a subject that cannot be subscribed to; -ENOMEM. */
static int add_sub(struct broker_client *client, const struct wire_op *op)
{
	struct broker *broker = client->loop->broker;
	struct broker__sub *sub = broker__sub_open(client, op->subject, op->queue, op->sid);
	if (!sub)
		return -ENOMEM;
	int error = broker__sublist_insert(&broker->sublist, sub);
	if (error) {
		broker__sub_close(sub);
		return error;
	}
	error = broker__sids_add(&client->sids, sub, broker->seed);
	if (error) {
		broker__sublist_remove(&broker->sublist, sub);
		broker__sub_close(sub);
		return error;
	}
	broker__emit_subscribe(sub);
	return 0;
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
	if (limit > 0 && client->sids.count >= limit) {
		broker__client_log(client, BROKER_LOG_ERROR, "maximum subscriptions exceeded");
		broker__client_send_error(client, WIRE_LITERAL("maximum subscriptions exceeded"));
		return;
	}
	int error = 0;
	if (!broker__sids_find(&client->sids, op->sid, broker->seed))
		error = add_sub(client, op);
	if (error == WIRE_EARGUMENT)
		broker__client_send_error(client, WIRE_LITERAL("Invalid Subject"));
	else if (error)
		broker__client_cut(client, "Read Error");
	else
		answer_ok(client);
}

static void unsubscribe(struct broker_client *client, const struct wire_op *op)
{
	struct broker__sub *sub = broker__sids_find(&client->sids, op->sid, client->loop->broker->seed);
	client->last_ns = client->loop->now_ns;
	answer_ok(client);
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
	if (client->loop->broker->wants_trace)
		broker__client_log(client, BROKER_LOG_TRACE, "->> [PONG]");
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

static __attribute__((noinline)) void obey_rare(struct broker_client *client, const struct wire_op *op,
						const char *end)
{
	if (client->loop->broker->wants_trace)
		trace(client, op);
	if (!client->is_announced && op->verb != WIRE_CONNECT)
		broker__emit_connect(client);
	switch (op->verb) {
	case WIRE_CONNECT: broker__op_connect(client, op->args); break;
	case WIRE_PUB:
	case WIRE_HPUB: publish(client, op, end); break;
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
}

/* A message of a client that has been seen before, about which there is nothing to be said. */
static inline bool is_usual(const struct broker_client *client, const struct wire_op *op)
{
	return op->verb == WIRE_PUB && client->is_announced && !client->pedantic &&
	       !client->loop->broker->wants_trace;
}

/* Hot. */
void broker__op(struct broker_client *client, const struct wire_op *op, const char *end)
{
	if (is_usual(client, op))
		broker__deliver(client, op, end);
	else
		obey_rare(client, op, end);
}

/* Hot. */
size_t broker__op_run(struct broker_client *client, const struct wire_op *first, const char *data, size_t len,
		      const struct wire_limits *limits)
{
	struct wire_alike alike[RUN_MESSAGES];
	struct wire_run run;
	if (!is_usual(client, first) || !broker__client_is_open(client))
		return 0;
	size_t used =
	    wire_parse_run(first, data, len < RUN_BYTES ? len : RUN_BYTES, limits, alike, RUN_MESSAGES, &run);
	if (used > 0)
		broker__deliver_run(client, first, &run);
	return used;
}

/* ---- many subjects ---- */

struct ahead {
	struct wire_op op;
	const char *end;
	uint64_t hash;
	struct broker__route *guess;
};

/* PUBs at the start of data. Anything else, also what is wrong, is left to be parsed when those were obeyed. */
static unsigned look_ahead(const struct broker__sublist *list, const char *data, size_t len,
			   const struct wire_limits *limits, struct ahead *ahead)
{
	unsigned count = 0;
	size_t at = 0, need;
	for (; count < AHEAD && len - at > 4 && memcmp(data + at, "PUB ", 4) == 0; count++) {
		int64_t used = wire_parse(data + at, len - at, limits, &ahead[count].op, &need);
		if (used <= 0)
			break;
		at += (size_t)used;
		ahead[count].end = data + at;
		ahead[count].hash = broker__sublist_hash(list, ahead[count].op.subject);
	}
	return count;
}

static void fetch(const struct broker__routes *routes, struct ahead *ahead, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		broker__route_fetch_slot(routes, ahead[i].hash);
	for (unsigned i = 0; i < count; i++)
		ahead[i].guess = broker__route_guess(routes, ahead[i].hash);
	for (unsigned i = 0; i < count; i++)
		broker__route_fetch_receiver(ahead[i].guess);
}

static void deliver(struct broker_client *client, const struct ahead *ahead, uint32_t forgotten)
{
	struct broker__loop *loop = client->loop;
	struct broker__route *route = client->routes.forgotten == forgotten ? ahead->guess : NULL;
	if (broker__route_serves(route, &loop->broker->sublist, ahead->op.subject))
		loop->counters.route_hits++;
	else
		route = broker__route_find(client, ahead->op.subject, ahead->hash);
	broker__deliver_by(client, route, &ahead->op, ahead->end);
}

size_t broker__op_ahead(struct broker_client *client, const char *data, size_t len,
			const struct wire_limits *limits)
{
	struct ahead ahead[AHEAD];
	uint32_t forgotten = client->routes.forgotten;
	unsigned done = 0;
	if (client->is_expected)
		return 0;
	unsigned count = look_ahead(&client->loop->broker->sublist, data, len, limits, ahead);
	fetch(&client->routes, ahead, count);
	for (; done < count && broker__client_is_open(client) && is_usual(client, &ahead[done].op); done++)
		deliver(client, &ahead[done], forgotten);
	return done > 0 ? (size_t)(ahead[done - 1].end - data) : 0;
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
