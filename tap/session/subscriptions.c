#include "tap/session/subscriptions.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap/session/connection_events.h"
#include "tap/session/unseen_subs.h"
#include "wire/subject.h"

enum { CHANGES_MAX = 1 << 16 };

/* An UNSUB that no answer has proven takes effect after this time, because deliveries may still be on their
 * way. */
#define PATIENCE_NS INT64_C(10000000000)

/* ---- changes that are not proven yet ---- */

static bool grow(struct tap_sessions *sessions, struct tap__changes *changes)
{
	size_t cap = changes->cap ? changes->cap * 2 : 8;
	if (!tap_budget_take(sessions->budget, (cap - changes->cap) * sizeof *changes->list))
		return false;
	struct tap__change *list = malloc(cap * sizeof *list);
	if (!list) {
		tap_budget_give(sessions->budget, (cap - changes->cap) * sizeof *changes->list);
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

/* The server has certainly ended the subscription by time_ns. */
static void drop(struct tap_sessions *sessions, struct tap__connection *connection, struct tap__sub *sub,
		 int64_t time_ns)
{
	if (time_ns < sub->gone_ns)
		sub->gone_ns = time_ns;
	tap_join_unsubscribe(sessions->join, sub);
	tap__sub_table_remove(&connection->subs, sub);
}

/* The server has processed the oldest change by time_ns. is_proven: an answer that followed it was seen. */
static void take_effect(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
			bool is_proven)
{
	struct tap__changes *changes = &connection->changes;
	const struct tap__change change = *change_at(changes, 0);
	changes->first = (changes->first + 1) & (changes->cap - 1);
	changes->count--;
	change.sub->is_over |= change.is_end && is_proven;
	if (change.is_end)
		drop(sessions, connection, change.sub, time_ns);
	else if (time_ns < change.sub->since_ns)
		change.sub->since_ns = time_ns;
	tap__sub_release(change.sub);
}

/* Keep a change until an answer of the server proves it. Without memory it takes effect at the latest possible
 * time. */
static void await(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
		  const struct tap__change *change)
{
	struct tap__changes *changes = &connection->changes;
	while (changes->count > 0 &&
	       (changes->count == CHANGES_MAX || change_at(changes, 0)->time_ns < time_ns - PATIENCE_NS))
		take_effect(sessions, connection, time_ns + TAP_JOIN_WINDOW_NS, false);
	if (changes->count == changes->cap && !grow(sessions, changes)) {
		if (change->is_end)
			drop(sessions, connection, change->sub, change->sub->gone_ns);
		return;
	}
	tap__sub_hold(change->sub);
	*change_at(changes, changes->count++) = *change;
}

void tap__subscriptions_processed(struct tap_sessions *sessions, struct tap__connection *connection,
				  int64_t time_ns, uint64_t op_number)
{
	while (connection->changes.count > 0 && change_at(&connection->changes, 0)->op_number <= op_number)
		take_effect(sessions, connection, time_ns, true);
}

/* ---- SUB ---- */

/* Pass a subscription to the join. Without memory for it the connection has an unseen subscription. */
static void list(struct tap_sessions *sessions, struct tap__connection *connection, struct tap__sub *sub)
{
	const struct tap__change change = {.op_number = sub->op_number, .time_ns = sub->made_ns, .sub = sub};
	if (tap__sub_table_find(&connection->subs, sub->sid) != sub ||
	    !tap_join_subscribe(sessions->join, sub))
		tap__unseen_subs_begin(sessions, connection);
	else
		await(sessions, connection, sub->made_ns, &change);
}

void tap__subscriptions_sub(struct tap_sessions *sessions, struct tap__connection *connection,
			    int64_t time_ns, const struct wire_op *op)
{
	const struct tap__sub like = {.is_known = true,
				      .conn = connection->conn,
				      .server = connection->server,
				      .client = connection->client,
				      .made_ns = time_ns,
				      .since_ns = time_ns + TAP_JOIN_WINDOW_NS,
				      .ended_ns = INT64_MAX,
				      .gone_ns = INT64_MAX,
				      .stray_ns = INT64_MIN,
				      .op_number = connection->client->op_number,
				      .end_op_number = UINT64_MAX,
				      .own = {.id = ++sessions->next_lane},
				      .sid = op->sid,
				      .subject = op->subject,
				      .queue = op->queue};
	struct tap__sub *found = tap__sub_table_find(&connection->subs, op->sid);
	if (found && found->is_known && found->ended_ns == INT64_MAX)
		return; /* the first subscription with a sid is kept */
	if (found)
		tap__sub_table_remove(&connection->subs, found);
	struct tap__sub *sub = tap__sub_table_add(&connection->subs, &like);
	if (!sub) {
		tap__unseen_subs_begin(sessions, connection);
		return;
	}
	tap__connection_subscribe(sessions, sub, time_ns);
	tap_join_change(sessions->join, time_ns);
	list(sessions, connection, sub);
	tap__sub_release(sub);
}

/* ---- UNSUB ---- */

/* The subscription ends with the operation of that number. */
static void end(struct tap_sessions *sessions, struct tap__connection *connection, struct tap__sub *sub,
		int64_t time_ns, uint64_t op_number)
{
	const struct tap__change change = {
	    .op_number = op_number, .time_ns = time_ns, .sub = sub, .is_end = true};
	if (sub->ended_ns != INT64_MAX)
		return;
	tap_join_change(sessions->join, time_ns);
	sub->ended_ns = time_ns;
	sub->gone_ns = time_ns + TAP_JOIN_WINDOW_NS;
	sub->end_op_number = connection->client->op_number;
	if (!sub->is_known ||
	    (!connection->has_unseen_subs && tap__client_processed(connection->client) >= op_number)) {
		sub->is_over = true;
		drop(sessions, connection, sub, time_ns);
	} else {
		await(sessions, connection, time_ns, &change);
	}
}

void tap__subscriptions_unsub(struct tap_sessions *sessions, struct tap__connection *connection,
			      int64_t time_ns, const struct wire_op *op)
{
	const struct tap__sub unknown = {.conn = connection->conn, .sid = op->sid};
	struct tap__sub *sub = tap__sub_table_find(&connection->subs, op->sid);
	tap__connection_unsubscribe(sessions, sub ? sub : &unknown, time_ns, op->max);
	if (!sub)
		return;
	if (op->max > sub->deliveries) {
		sub->max = op->max;
		sub->max_op_number = connection->client->op_number;
	} else {
		end(sessions, connection, sub, time_ns, connection->client->op_number);
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

void tap__subscriptions_error(struct tap_sessions *sessions, struct tap__connection *connection,
			      struct wire_slice text)
{
	for (size_t i = 0; i < connection->changes.count; i++) {
		struct tap__sub *sub = change_at(&connection->changes, i)->sub;
		if (sub->gone_ns <= sub->made_ns || !is_refusal_of(sub, text))
			continue;
		sub->ended_ns = sub->made_ns;
		sub->end_op_number = sub->op_number;
		drop(sessions, connection, sub, sub->made_ns);
		return;
	}
}

struct ending {
	struct tap_sessions *sessions;
	int64_t time_ns;
};

static void end_with_connection(void *context, struct tap__sub *sub)
{
	const struct ending *ending = context;
	if (sub->ended_ns == INT64_MAX)
		sub->ended_ns = ending->time_ns;
	if (ending->time_ns < sub->gone_ns)
		sub->gone_ns = ending->time_ns;
	sub->is_over = true; /* the client's hole_ns tells what was missed */
	tap_join_unsubscribe(ending->sessions->join, sub);
}

void tap__subscriptions_fini(struct tap_sessions *sessions, struct tap__connection *connection,
			     int64_t time_ns)
{
	struct tap__changes *changes = &connection->changes;
	struct ending ending = {.sessions = sessions, .time_ns = time_ns};
	while (changes->count > 0)
		take_effect(sessions, connection, time_ns, false);
	tap_budget_give(sessions->budget, changes->cap * sizeof *changes->list);
	free(changes->list);
	*changes = (struct tap__changes){0};
	if (connection->subs.count > 0)
		tap_join_change(sessions->join, time_ns);
	tap__sub_table_each(&connection->subs, end_with_connection, &ending);
	tap__sub_table_fini(&connection->subs);
}

/* ---- deliveries ---- */

/* Add a subscription whose SUB was not seen. There may be others like it. */
static struct tap__sub *assume(struct tap_sessions *sessions, struct tap__connection *connection,
			       struct wire_slice sid)
{
	const struct tap__sub like = {.conn = connection->conn,
				      .server = connection->server,
				      .client = connection->client,
				      .made_ns = INT64_MIN,
				      .since_ns = INT64_MIN,
				      .ended_ns = INT64_MAX,
				      .gone_ns = INT64_MAX,
				      .stray_ns = INT64_MIN,
				      .end_op_number = UINT64_MAX,
				      .own = {.id = ++sessions->next_lane},
				      .sid = sid};
	tap__unseen_subs_begin(sessions, connection);
	return tap__sub_table_add(&connection->subs, &like);
}

/* Is the subscription with this sid still the one whose SUB was seen? Its subject must match, unless nothing
 * was missed. */
static bool may_receive(const struct tap__connection *connection, const struct tap__sub *sub,
			struct wire_slice subject)
{
	return !connection->has_unseen_subs || !sub->is_known || wire_subject_matches(sub->subject, subject);
}

static struct tap__sub *receiver_of(struct tap_sessions *sessions, struct tap__connection *connection,
				    const struct tap_join_message *message)
{
	struct tap__sub *sub = tap__sub_table_find(&connection->subs, message->op->sid);
	if (sub && may_receive(connection, sub, message->op->subject))
		return tap__sub_hold(sub);
	if (sub)
		drop(sessions, connection, sub, message->time_ns); /* its UNSUB was missed */
	return assume(sessions, connection, message->op->sid);
}

void tap__subscriptions_deliver(struct tap_sessions *sessions, struct tap__connection *connection,
				const struct tap_join_message *message)
{
	struct tap__sub *sub = receiver_of(sessions, connection, message);
	if (!sub)
		return;
	tap_join_deliver(sessions->join, sub, message);
	if (++sub->deliveries == sub->max && sub->ended_ns == INT64_MAX) {
		end(sessions, connection, sub, message->time_ns, sub->max_op_number);
		sub->end_op_number++; /* it may have received all that the client has published so far */
	}
	tap__sub_release(sub);
}
