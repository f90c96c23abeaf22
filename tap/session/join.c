#include "tap/session/join.h"

#include <stdlib.h>

#include "tap/session/join_queue.h"
#include "tap/session/join_receivers.h"

/* A client that did not take what was sent to it may receive old messages for so long after it takes them again: its server
 * has kept them. */
#define HELD_NS INT64_C(1000000000)

static void free_servers(struct tap_join *join)
{
	free(join->unseen_until_ns);
	free(join->delays);
}

struct tap_join *tap_join_open(int64_t window_ns, struct tap_budget *budget)
{
	struct tap_join *join = calloc(1, sizeof *join);
	if (!join)
		return NULL;
	join->unseen_until_ns = malloc(TAP_JOIN_SERVERS * sizeof *join->unseen_until_ns);
	join->delays = malloc(TAP_JOIN_SERVERS * sizeof *join->delays);
	if (!join->unseen_until_ns || !join->delays) {
		free_servers(join);
		free(join);
		return NULL;
	}
	for (uint32_t i = 0; i < TAP_JOIN_SERVERS; i++) {
		join->unseen_until_ns[i] = i == 0 ? INT64_MAX : INT64_MIN;
		tap__delays_init(&join->delays[i]);
	}
	tap__pending_init(&join->pending, budget);
	join->search.pending = &join->pending;
	join->search.window_ns = window_ns;
	join->search.overdue_ns = INT64_MIN;
	join->interest.budget = budget;
	join->interest.changed_ns = INT64_MIN;
	join->window_ns = window_ns;
	join->limit_bytes = budget->max_bytes / 2;
	join->newest_ns = join->now_ns = join->partial_ns = join->late_ns = INT64_MIN;
	return join;
}

void tap_join_close(struct tap_join *join)
{
	if (!join)
		return;
	tap__pending_fini(&join->pending);
	tap__interest_fini(&join->interest);
	free_servers(join);
	free(join->receivers);
	free(join->delays_ns);
	free(join);
}

const struct tap_join_stats *tap_join_stats(const struct tap_join *join)
{
	return &join->stats;
}

/* ---- time ---- */

void tap_join_tick(struct tap_join *join, int64_t now_ns)
{
	if (now_ns > join->now_ns)
		join->now_ns = now_ns;
}

void tap_join_event(struct tap_join *join, const struct wire_event *event)
{
	int64_t time_ns = tap__join_advance(join, event->time_ns);
	struct tap__pending_event *entry = tap__pending_push_rare(&join->pending, event);
	if (!entry) {
		tap__join_lose(join, time_ns, 0, event->lost_bytes);
		return;
	}
	entry->time_ns = entry->rare->event.time_ns = time_ns;
}

/* ---- joining ---- */

void tap_join_publish(struct tap_join *join, struct tap__client *client,
		      const struct tap_join_message *message)
{
	uint64_t bytes = message->op->headers.len + message->size;
	struct tap__pending_event *entry = tap__join_add(join, WIRE_EVENT_MESSAGE, message);
	if (!entry) {
		tap__join_lose(join, message->time_ns, 1, bytes);
		return;
	}
	entry->conn = client->conn;
	entry->client = tap__client_hold(client);
	entry->op_number = client->op_number;
	entry->delivered_ns = INT64_MAX;
	tap__pending_note_publisher(&join->pending, entry);
	entry->match = tap__interest_match(&join->interest, message->server, message->op->subject);
	join->stats.messages++;
	join->stats.message_bytes += bytes;
	if (message->is_partial) {
		join->partial_ns = message->time_ns;
		return;
	}
	entry->state = TAP__JOINABLE;
	if (join->orphans > 0)
		tap__join_take_orphans(join, entry);
}

/* A delivery of a relay was seen, of a message that waits for it or, NULL, of none. What a client that does not take what
 * is sent to it receives late has not waited for the server. */
static void note_delay(struct tap_join *join, const struct tap__pending_event *message, struct tap__sub *sub,
		       int64_t seen_ns)
{
	struct tap__delays *delays = &join->delays[sub->server];
	bool was_missed = !message && sub->lane->missed > 0;
	sub->lane->missed -= was_missed;
	if (was_missed || (message && seen_ns - message->seen_ns > join->window_ns / 2))
		join->late_ns = seen_ns;
	if (sub->client->held_ns != INT64_MIN && seen_ns - sub->client->held_ns < HELD_NS)
		return;
	if (message)
		tap__delays_add(delays, seen_ns - message->seen_ns, seen_ns);
	else if (was_missed)
		tap__delays_add_missed(delays, seen_ns);
}

static bool has_unseen_subs(const struct tap_join *join, uint32_t server)
{
	return join->assumes_unseen_subs || join->unseen_until_ns[server] == INT64_MAX;
}

void tap_join_deliver(struct tap_join *join, struct tap__sub *sub, const struct tap_join_message *message)
{
	join->stats.deliveries++;
	if (message->is_partial) {
		tap__join_add_delivery(join, sub, message, 0);
		return;
	}
	struct tap__sought sought = {.op = message->op,
				     .sub = sub,
				     .seen_ns = message->time_ns,
				     .has_unseen_subs = has_unseen_subs(join, message->server)};
	bool is_guess;
	struct tap__pending_event *found = tap__search_find(&join->search, &sought, &is_guess);
	if (!found)
		sub->stray_ns = message->time_ns;
	if (join->is_relay)
		note_delay(join, found, sub, message->time_ns);
	bool is_counted = found && tap__join_add_receiver(join, found, sub, message->time_ns, is_guess);
	join->stats.undecided += is_counted && is_guess;
	if (is_counted && !is_guess)
		tap__join_advance(join, message->time_ns);
	else
		tap__join_add_delivery(join, sub, message, is_guess || join->is_relay ? 0 : sought.key);
}

/* ---- subscriptions ---- */

void tap_join_await(struct tap_join *join, struct tap__client *client, uint32_t server, int64_t since_ns,
		    int64_t now_ns)
{
	tap__lag_set(&join->lag, client, server, since_ns, now_ns, join->window_ns / 2);
}

void tap_join_change(struct tap_join *join, int64_t time_ns)
{
	join->interest.changed_ns = time_ns;
}

bool tap_join_subscribe(struct tap_join *join, struct tap__sub *sub)
{
	return tap__interest_add(&join->interest, sub);
}

void tap_join_unsubscribe(struct tap_join *join, struct tap__sub *sub)
{
	tap__interest_remove(&join->interest, sub);
}

void tap_join_set_unseen_subs(struct tap_join *join, uint32_t server, int64_t until_ns)
{
	if (server != 0)
		join->unseen_until_ns[server] = until_ns;
}

void tap_join_assume_unseen_subs(struct tap_join *join)
{
	join->assumes_unseen_subs = true;
}

bool tap_join_is_behind(const struct tap_join *join, uint32_t server, int64_t now_ns)
{
	return tap__delays_are_behind(&join->delays[server], now_ns);
}

void tap_join_expect_relay(struct tap_join *join)
{
	join->is_relay = true;
}
