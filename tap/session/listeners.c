#include "tap/session/listeners.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/subject.h"

enum { CHANGES_MAX = 1 << 16 };

/* An UNSUB that no answer has proven is waited for so long: deliveries may still be on their way. */
#define PATIENCE_NS INT64_C(10000000000)

/* ---- servers that cannot be seen through ---- */

static const struct tap_endpoint *server_end(const struct tap__connection *connection)
{
	return &connection->info.ends[tap__other(connection->client)];
}

void tap__connection_blind(struct tap_dialogue *dialogue, struct tap__connection *connection)
{
	if (connection->is_blind)
		return;
	connection->is_blind = true;
	connection->server = tap__servers_add_blind(&dialogue->servers, server_end(connection));
	tap_join_set_blind(dialogue->join, connection->server, INT64_MAX);
}

void tap__connection_unblind(struct tap_dialogue *dialogue, struct tap__connection *connection,
			     int64_t time_ns)
{
	if (!connection->is_blind)
		return;
	connection->is_blind = false;
	uint32_t server = tap__servers_remove_blind(&dialogue->servers, server_end(connection));
	if (!tap__servers_are_blind(&dialogue->servers, server))
		tap_join_set_blind(dialogue->join, server, time_ns);
}

/* ---- what is not proven yet ---- */

static bool grow(struct tap_dialogue *dialogue, struct tap__changes *changes)
{
	size_t cap = changes->cap ? changes->cap * 2 : 8;
	if (!tap_budget_take(dialogue->budget, (cap - changes->cap) * sizeof *changes->list))
		return false;
	struct tap__change *list = malloc(cap * sizeof *list);
	if (!list) {
		tap_budget_give(dialogue->budget, (cap - changes->cap) * sizeof *changes->list);
		return false;
	}
	for (size_t i = 0; i < changes->count; i++)
		list[i] = changes->list[(changes->first + i) & (changes->cap - 1)];
	free(changes->list);
	*changes = (struct tap__changes){.list = list, .count = changes->count, .cap = cap};
	return true;
}

static struct tap__change *change_at(const struct tap__changes *changes, size_t index)
{
	return &changes->list[(changes->first + index) & (changes->cap - 1)];
}

/* The server has certainly ended the subscription. */
static void drop(struct tap_dialogue *dialogue, struct tap__connection *connection, struct tap__sub *sub,
		 int64_t time_ns)
{
	if (time_ns < sub->gone_ns)
		sub->gone_ns = time_ns;
	tap_join_unsubscribe(dialogue->join, sub);
	tap__subs_remove(&connection->subs, sub);
}

/* The oldest change has been processed at time_ns at the latest. is_proven: an answer that followed it was seen. */
static void take_effect(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			bool is_proven)
{
	struct tap__changes *changes = &connection->changes;
	const struct tap__change change = *change_at(changes, 0);
	changes->first = (changes->first + 1) & (changes->cap - 1);
	changes->count--;
	change.sub->is_over |= change.is_end && is_proven;
	if (change.is_end)
		drop(dialogue, connection, change.sub, time_ns);
	else if (time_ns < change.sub->since_ns)
		change.sub->since_ns = time_ns;
	tap__sub_release(change.sub);
}

/* Note a change until the server's answer proves it. Without memory for that it takes effect when it must have. */
static void await(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
		  const struct tap__change *change)
{
	struct tap__changes *changes = &connection->changes;
	while (changes->count > 0 &&
	       (changes->count == CHANGES_MAX || change_at(changes, 0)->time_ns < time_ns - PATIENCE_NS))
		take_effect(dialogue, connection, time_ns + TAP_JOIN_WINDOW_NS, false);
	if (changes->count == changes->cap && !grow(dialogue, changes)) {
		if (change->is_end)
			drop(dialogue, connection, change->sub, change->sub->gone_ns);
		return;
	}
	tap__sub_hold(change->sub);
	*change_at(changes, changes->count++) = *change;
}

void tap__listeners_processed(struct tap_dialogue *dialogue, struct tap__connection *connection,
			      int64_t time_ns, uint64_t said)
{
	while (connection->changes.count > 0 && change_at(&connection->changes, 0)->said <= said)
		take_effect(dialogue, connection, time_ns, true);
}

/* ---- coming ---- */

/* Let the join know of a subscription. Where there is no room for it, it is one that cannot be seen. */
static void list(struct tap_dialogue *dialogue, struct tap__connection *connection, struct tap__sub *sub)
{
	const struct tap__change change = {.said = sub->said, .time_ns = sub->made_ns, .sub = sub};
	if (tap__subs_find(&connection->subs, sub->sid) != sub || !tap_join_subscribe(dialogue->join, sub))
		tap__connection_blind(dialogue, connection);
	else
		await(dialogue, connection, sub->made_ns, &change);
}

void tap__listeners_sub(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			const struct wire_op *op)
{
	const struct tap__sub like = {.is_known = true,
				      .conn = connection->conn,
				      .server = connection->server,
				      .client = connection->peer,
				      .made_ns = time_ns,
				      .since_ns = time_ns + TAP_JOIN_WINDOW_NS,
				      .ended_ns = INT64_MAX,
				      .gone_ns = INT64_MAX,
				      .stray_ns = INT64_MIN,
				      .said = connection->peer->said,
				      .end_said = UINT64_MAX,
				      .own = {.id = ++dialogue->next_lane},
				      .sid = op->sid,
				      .subject = op->subject,
				      .queue = op->queue};
	struct tap__sub *found = tap__subs_find(&connection->subs, op->sid);
	if (found && found->is_known && found->ended_ns == INT64_MAX)
		return; /* the first one stands */
	if (found)
		tap__subs_remove(&connection->subs, found);
	struct tap__sub *sub = tap__subs_add(&connection->subs, &like);
	if (!sub) {
		tap__connection_blind(dialogue, connection);
		return;
	}
	tap__connection_subscribe(dialogue, sub, time_ns);
	tap_join_change(dialogue->join, time_ns);
	list(dialogue, connection, sub);
	tap__sub_release(sub);
}

/* ---- going ---- */

/* The subscription ends with the operation at place `said`. */
static void end(struct tap_dialogue *dialogue, struct tap__connection *connection, struct tap__sub *sub,
		int64_t time_ns, uint64_t said)
{
	const struct tap__change change = {.said = said, .time_ns = time_ns, .sub = sub, .is_end = true};
	if (sub->ended_ns != INT64_MAX)
		return;
	tap_join_change(dialogue->join, time_ns);
	sub->ended_ns = time_ns;
	sub->gone_ns = time_ns + TAP_JOIN_WINDOW_NS;
	sub->end_said = connection->peer->said;
	if (!sub->is_known || (!connection->is_blind && tap__client_processed(connection->peer) >= said)) {
		sub->is_over = true;
		drop(dialogue, connection, sub, time_ns);
	} else {
		await(dialogue, connection, time_ns, &change);
	}
}

void tap__listeners_unsub(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			  const struct wire_op *op)
{
	const struct tap__sub unknown = {.conn = connection->conn, .sid = op->sid};
	struct tap__sub *sub = tap__subs_find(&connection->subs, op->sid);
	tap__connection_unsubscribe(dialogue, sub ? sub : &unknown, time_ns, op->max);
	if (!sub)
		return;
	if (op->max > sub->deliveries) {
		sub->max = op->max;
		sub->max_said = connection->peer->said;
	} else {
		end(dialogue, connection, sub, time_ns, connection->peer->said);
	}
}

static bool is_refusal_of(const struct tap__sub *sub, struct wire_slice text)
{
	char refusal[600];
	int len = snprintf(refusal, sizeof refusal, "Permissions Violation for Subscription to \"%.*s\"",
			   (int)sub->subject.len, sub->subject.data);
	return len > 0 && (size_t)len < sizeof refusal && text.len >= (size_t)len &&
	       memcmp(text.data, refusal, (size_t)len) == 0;
}

void tap__listeners_error(struct tap_dialogue *dialogue, struct tap__connection *connection,
			  struct wire_slice text)
{
	for (size_t i = 0; i < connection->changes.count; i++) {
		struct tap__sub *sub = change_at(&connection->changes, i)->sub;
		if (sub->gone_ns <= sub->made_ns || !is_refusal_of(sub, text))
			continue;
		sub->ended_ns = sub->made_ns;
		sub->end_said = sub->said;
		drop(dialogue, connection, sub, sub->made_ns);
		return;
	}
}

struct ending {
	struct tap_dialogue *dialogue;
	int64_t time_ns;
};

static void end_with_connection(void *context, struct tap__sub *sub)
{
	const struct ending *ending = context;
	if (sub->ended_ns == INT64_MAX)
		sub->ended_ns = ending->time_ns;
	if (ending->time_ns < sub->gone_ns)
		sub->gone_ns = ending->time_ns;
	sub->is_over = true; /* what was missed is known of the client (hole_ns) */
	tap_join_unsubscribe(ending->dialogue->join, sub);
}

void tap__listeners_fini(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns)
{
	struct tap__changes *changes = &connection->changes;
	struct ending ending = {.dialogue = dialogue, .time_ns = time_ns};
	while (changes->count > 0)
		take_effect(dialogue, connection, time_ns, false);
	tap_budget_give(dialogue->budget, changes->cap * sizeof *changes->list);
	free(changes->list);
	*changes = (struct tap__changes){0};
	if (connection->subs.count > 0)
		tap_join_change(dialogue->join, time_ns);
	tap__subs_each(&connection->subs, end_with_connection, &ending);
	tap__subs_fini(&connection->subs);
}

/* ---- deliveries ---- */

/* The subscription with this sid was not seen, and there may be others like it. */
static struct tap__sub *assume(struct tap_dialogue *dialogue, struct tap__connection *connection,
			       struct wire_slice sid)
{
	const struct tap__sub like = {.conn = connection->conn,
				      .server = connection->server,
				      .client = connection->peer,
				      .made_ns = INT64_MIN,
				      .since_ns = INT64_MIN,
				      .ended_ns = INT64_MAX,
				      .gone_ns = INT64_MAX,
				      .stray_ns = INT64_MIN,
				      .end_said = UINT64_MAX,
				      .own = {.id = ++dialogue->next_lane},
				      .sid = sid};
	tap__connection_blind(dialogue, connection);
	return tap__subs_add(&connection->subs, &like);
}

/* The subscription with the sid is still the one whose SUB was seen, as far as the subject tells. Where nothing was missed,
 * it is. */
static bool is_heard_by(const struct tap__connection *connection, const struct tap__sub *sub,
			struct wire_slice subject)
{
	return !connection->is_blind || !sub->is_known || wire_subject_matches(sub->subject, subject);
}

static struct tap__sub *receiver_of(struct tap_dialogue *dialogue, struct tap__connection *connection,
				    const struct tap_join_message *message)
{
	struct tap__sub *sub = tap__subs_find(&connection->subs, message->op->sid);
	if (sub && is_heard_by(connection, sub, message->op->subject))
		return tap__sub_hold(sub);
	if (sub)
		drop(dialogue, connection, sub, message->time_ns); /* its UNSUB was missed */
	return assume(dialogue, connection, message->op->sid);
}

void tap__listeners_deliver(struct tap_dialogue *dialogue, struct tap__connection *connection,
			    const struct tap_join_message *message)
{
	struct tap__sub *sub = receiver_of(dialogue, connection, message);
	if (!sub)
		return;
	tap_join_deliver(dialogue->join, sub, message);
	if (++sub->deliveries == sub->max)
		end(dialogue, connection, sub, message->time_ns, sub->max_said);
	tap__sub_release(sub);
}
