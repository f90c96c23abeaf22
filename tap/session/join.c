#include "tap/session/join.h"

#include <stdlib.h>
#include <xxhash.h>

#include "tap/session/lag.h"
#include "tap/session/review.h"

enum { SCAN_MAX = 1024 }; /* steps in search of what may take a delivery */

/* Where a capture is put together from several queues or links, packets of two connections may change places: a delivery
 * may be seen so much before its message. */
#define DISORDER_NS INT64_C(1000000)

/* The keys of deliveries that wait for their message. */
#define ORPHAN UINT64_C(0x9e3779b97f4a7c15)

struct tap_join {
	struct tap__pending pending;
	int64_t window_ns;
	uint64_t limit_bytes; /* beyond it what waits leaves early */
	int64_t newest_ns;    /* of an event */
	int64_t now_ns;       /* of the capture */
	bool is_finished;
	bool is_given;      /* the oldest entry was given out and is to be dropped */
	uint64_t orphans;   /* deliveries that wait for their message */
	int64_t partial_ns; /* when a partial message was seen last */
	struct tap__search search;
	struct tap__interest interest;
	struct tap__lag lag;
	int64_t *
	    blind_until_ns; /* by server: subscriptions may exist there that were not seen; INT64_MAX = still */
	struct wire_receiver *receivers; /* of the event given out */
	int64_t *delays_ns;              /* theirs */
	size_t receivers_cap;
	struct {
		uint64_t events, messages, bytes;
		int64_t from_ns, to_ns;
	} loss; /* not told yet */
	struct tap_join_stats stats;
};

struct tap_join *tap_join_open(int64_t window_ns, struct tap_budget *budget)
{
	struct tap_join *join = calloc(1, sizeof *join);
	if (!join)
		return NULL;
	join->blind_until_ns = malloc(TAP_JOIN_SERVERS * sizeof *join->blind_until_ns);
	if (!join->blind_until_ns) {
		free(join);
		return NULL;
	}
	for (uint32_t i = 0; i < TAP_JOIN_SERVERS; i++)
		join->blind_until_ns[i] = i == 0 ? INT64_MAX : INT64_MIN;
	tap__pending_init(&join->pending, budget);
	join->search.pending = &join->pending;
	join->search.window_ns = window_ns;
	join->search.debt_ns = INT64_MIN;
	join->interest.budget = budget;
	join->interest.changed_ns = INT64_MIN;
	join->window_ns = window_ns;
	join->limit_bytes = budget->max_bytes / 2;
	join->newest_ns = join->now_ns = join->partial_ns = INT64_MIN;
	return join;
}

void tap_join_close(struct tap_join *join)
{
	if (!join)
		return;
	tap__pending_fini(&join->pending);
	tap__interest_fini(&join->interest);
	free(join->blind_until_ns);
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

/* The time of an event that became whole at time_ns. */
static int64_t order_time(struct tap_join *join, int64_t time_ns)
{
	if (time_ns > join->newest_ns)
		join->newest_ns = time_ns;
	tap_join_tick(join, join->newest_ns);
	return join->newest_ns;
}

/* ---- what finds no memory ---- */

static void lose(struct tap_join *join, int64_t time_ns, uint64_t messages, uint64_t bytes)
{
	if (join->loss.events++ == 0)
		join->loss.from_ns = time_ns;
	join->loss.to_ns = time_ns;
	join->loss.messages += messages;
	join->loss.bytes += bytes;
	join->stats.lost++;
}

/* ---- waiting ---- */

/* Copies what the operation says. NULL when there is no memory. */
static struct tap__waiting *add(struct tap_join *join, enum wire_event_kind kind,
				const struct tap_join_message *message)
{
	const struct wire_op *op = message->op;
	int64_t time_ns = order_time(join, message->time_ns);
	size_t headers_at = op->subject.len + op->reply.len, payload_at = headers_at + op->headers.len;
	char *room;
	struct tap__waiting *entry = tap__pending_push(&join->pending, payload_at + op->payload.len, &room);
	if (!entry)
		return NULL;
	memcpy(room, op->subject.data, op->subject.len);
	if (op->reply.len > 0)
		memcpy(room + op->subject.len, op->reply.data, op->reply.len);
	if (op->headers.len > 0)
		memcpy(room + headers_at, op->headers.data, op->headers.len);
	if (op->payload.len > 0)
		memcpy(room + payload_at, op->payload.data, op->payload.len);
	entry->kind = (uint8_t)kind;
	entry->time_ns = time_ns;
	entry->seen_ns = message->time_ns;
	entry->server = message->server;
	entry->subject_len = (uint32_t)op->subject.len;
	entry->reply_len = (uint32_t)op->reply.len;
	entry->headers_len = (uint32_t)op->headers.len;
	entry->payload_len = (uint32_t)op->payload.len;
	entry->size = message->size;
	entry->flags = message->is_partial ? WIRE_EVENT_PARTIAL : 0;
	join->stats.partial += message->is_partial;
	return entry;
}

void tap_join_event(struct tap_join *join, const struct wire_event *event)
{
	int64_t time_ns = order_time(join, event->time_ns);
	struct tap__waiting *entry = tap__pending_push_rare(&join->pending, event);
	if (!entry) {
		lose(join, time_ns, 0, event->lost_bytes);
		return;
	}
	entry->time_ns = entry->rare->event.time_ns = time_ns;
}

/* ---- joining ---- */

/* Of messages and deliveries with the same content at one server; begins with the hash of the subject there. */
static uint64_t key_of(const struct tap_join_message *message)
{
	const struct wire_op *op = message->op;
	uint64_t key = message->subject_hash;
	if (op->reply.len > 0)
		key = XXH3_64bits_withSeed(op->reply.data, op->reply.len, key);
	return XXH3_64bits_withSeed(op->payload.data, op->payload.len, key);
}

/* The first receiver, which is mostly the only one, lies in the entry: where it is read at once when the entry leaves. */
static struct tap__receiver *add_receiver(struct tap_join *join, struct tap__waiting *message,
					  struct tap__sub *sub)
{
	struct tap__receiver *receiver = &message->first_receiver;
	if (message->receiver_count > 0)
		receiver = tap__pending_alloc(&join->pending, sizeof *receiver);
	if (!receiver)
		return NULL;
	*receiver = (struct tap__receiver){.sub = tap__sub_hold(sub)};
	if (message->receiver_count == 1)
		message->first_receiver.next = receiver;
	else if (message->receiver_count > 1)
		message->last_receiver->next = receiver;
	message->last_receiver = receiver;
	message->receiver_count++;
	if (message->number > sub->lane->newest)
		sub->lane->newest = message->number;
	return receiver;
}

/* Count a delivery that was seen at seen_ns for its message. False when there is no memory. */
static bool deliver_to(struct tap_join *join, struct tap__waiting *message, struct tap__sub *sub,
		       int64_t seen_ns, bool is_guess)
{
	struct tap__receiver *receiver = add_receiver(join, message, sub);
	if (!receiver)
		return false;
	receiver->seen_ns = seen_ns;
	receiver->is_guess = is_guess;
	message->guess_count += is_guess;
	message->has_latecomer |= sub->made_ns >= message->seen_ns;
	if (message->delivered_ns == INT64_MAX && !is_guess)
		message->delivered_ns = seen_ns;
	if (seen_ns < sub->since_ns)
		sub->since_ns = seen_ns; /* it exists */
	return true;
}

/* Every message that the server may have delivered at seen_ns was seen, and whole. */
static bool saw_all(const struct tap_join *join, uint32_t server, int64_t seen_ns)
{
	int64_t begin_ns = seen_ns - join->window_ns;
	return join->blind_until_ns[server] < begin_ns && join->partial_ns < begin_ns;
}

/* Disorder explains a delivery before its message only where there is no other message that it can be of. */
static bool is_in_time(const struct tap_join *join, const struct tap__waiting *message,
		       const struct tap__waiting *delivery)
{
	int64_t before_ns = message->seen_ns - delivery->seen_ns;
	if (before_ns > 0)
		return before_ns <= DISORDER_NS && saw_all(join, message->server, delivery->seen_ns);
	return tap__is_in_time(message, delivery->seen_ns, join->window_ns);
}

static bool can_take(const struct tap_join *join, const struct tap__waiting *message,
		     const struct tap__waiting *delivery, int *steps)
{
	return is_in_time(join, message, delivery) && tap__fit(message, delivery->sub) != TAP__IMPOSSIBLE &&
	       tap__may_be_headers(tap__headers_of(message), tap__headers_of(delivery)) &&
	       wire_slice_equal(tap__payload_of(message), tap__payload_of(delivery)) &&
	       wire_slice_equal(tap__subject_of(message), tap__subject_of(delivery)) &&
	       wire_slice_equal(tap__reply_of(message), tap__reply_of(delivery)) &&
	       !tap__has_received(message, delivery->sub, steps);
}

/* A message that was captured before deliveries, or together with them, but decoded after them, takes them: one for each
 * lane. */
static void take_orphans(struct tap_join *join, struct tap__waiting *message)
{
	struct tap__waiting *previous = NULL;
	uint64_t number = tap__pending_find(&join->pending, message->key ^ ORPHAN);
	for (int steps = SCAN_MAX; number != 0 && steps > 0; steps--) {
		struct tap__waiting *delivery = tap__pending_entry(&join->pending, number);
		number = delivery->next_same;
		if (can_take(join, message, delivery, &steps) &&
		    deliver_to(join, message, delivery->sub, delivery->seen_ns, false)) {
			tap__pending_leave_group(&join->pending, delivery, previous);
			delivery->state = TAP__TAKEN;
			join->orphans--;
		} else {
			previous = delivery;
		}
	}
}

static void make_joinable(struct tap__waiting *entry, uint64_t key)
{
	entry->state = TAP__JOINABLE;
	entry->key = key;
}

void tap_join_publish(struct tap_join *join, struct tap__client *client,
		      const struct tap_join_message *message)
{
	uint64_t bytes = message->op->headers.len + message->size;
	struct tap__waiting *entry = add(join, WIRE_EVENT_MESSAGE, message);
	if (!entry) {
		lose(join, message->time_ns, 1, bytes);
		return;
	}
	entry->conn = client->conn;
	entry->client = tap__client_hold(client);
	entry->said = client->said;
	entry->delivered_ns = INT64_MAX;
	entry->route = tap__interest_route(&join->interest, message->server, message->op->subject,
					   message->subject_hash);
	join->stats.messages++;
	join->stats.message_bytes += bytes;
	if (message->is_partial) {
		join->partial_ns = message->time_ns;
		return;
	}
	make_joinable(entry, key_of(message));
	if (join->orphans > 0)
		take_orphans(join, entry);
}

/* A delivery that stays apart, or waits for a message that is decoded after it: key != 0. */
static void wait_for_message(struct tap_join *join, struct tap__sub *sub,
			     const struct tap_join_message *message, uint64_t key)
{
	struct tap__waiting *entry = add(join, WIRE_EVENT_DELIVERY, message);
	if (!entry) {
		lose(join, message->time_ns, 0, message->op->headers.len + message->size);
		return;
	}
	entry->sub = tap__sub_hold(sub);
	entry->conn = sub->conn;
	if (key == 0)
		return;
	make_joinable(entry, key ^ ORPHAN);
	join->orphans++;
}

static bool is_blind(const struct tap_join *join, uint32_t server)
{
	return join->blind_until_ns[server] == INT64_MAX;
}

void tap_join_deliver(struct tap_join *join, struct tap__sub *sub, const struct tap_join_message *message)
{
	join->stats.deliveries++;
	if (message->is_partial) {
		wait_for_message(join, sub, message, 0);
		return;
	}
	const struct tap__sought sought = {.op = message->op,
					   .key = key_of(message),
					   .sub = sub,
					   .seen_ns = message->time_ns,
					   .is_blind = is_blind(join, message->server)};
	bool is_guess;
	struct tap__waiting *found = tap__search_find(&join->search, &sought, &is_guess);
	if (!found)
		sub->stray_ns = message->time_ns;
	bool is_counted = found && deliver_to(join, found, sub, message->time_ns, is_guess);
	join->stats.undecided += is_counted && is_guess;
	if (is_counted && !is_guess)
		order_time(join, message->time_ns);
	else
		wait_for_message(join, sub, message, is_guess ? 0 : sought.key);
}

/* ---- subscriptions ---- */

void tap_join_await(struct tap_join *join, struct tap__client *client, uint32_t server, int64_t since_ns)
{
	tap__lag_set(&join->lag, client, server, since_ns);
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

void tap_join_set_blind(struct tap_join *join, uint32_t server, int64_t until_ns)
{
	if (server != 0)
		join->blind_until_ns[server] = until_ns;
}

/* ---- leaving ---- */

void tap_join_finish(struct tap_join *join)
{
	join->is_finished = true;
}

static bool is_crowded(const struct tap_join *join)
{
	return join->pending.used_bytes > join->limit_bytes;
}

static bool is_due(const struct tap_join *join, const struct tap__waiting *entry)
{
	return entry->state != TAP__JOINABLE || join->is_finished ||
	       entry->time_ns <= join->now_ns - join->window_ns;
}

static void owe(void *context, const struct tap__waiting *message, const struct tap__lane *lane)
{
	struct tap_join *join = context;
	if (message->state == TAP__JOINABLE)
		tap__search_owe(&join->search, message, lane);
}

/* No subscription at the server can be unknown, and the message reached all those that it must have reached. */
static bool are_receivers_known(struct tap_join *join, const struct tap__waiting *message)
{
	bool is_over = message->time_ns <= join->now_ns - join->window_ns;
	bool lags = tap__lag_is_longer(&join->lag, message->server, join->now_ns, join->window_ns / 2);
	bool has_all = tap__has_all_receivers(message, is_over && !lags, owe, join);
	return has_all && !lags && !message->is_undecided && message->guess_count == 0 &&
	       join->blind_until_ns[message->server] < message->seen_ns;
}

/* Room for `count` receivers and one more, as a list of none is a list, too. */
static bool reserve_receivers(struct tap_join *join, size_t count)
{
	if (count < join->receivers_cap)
		return true;
	size_t cap = (count + 1) * 2;
	struct wire_receiver *receivers = realloc(join->receivers, cap * sizeof *receivers);
	if (receivers)
		join->receivers = receivers;
	int64_t *delays_ns = realloc(join->delays_ns, cap * sizeof *delays_ns);
	if (delays_ns)
		join->delays_ns = delays_ns;
	if (!receivers || !delays_ns)
		return false;
	join->receivers_cap = cap;
	return true;
}

static bool list_receivers(struct tap_join *join, const struct tap__waiting *entry)
{
	size_t count = 0;
	if (!reserve_receivers(join, entry->receiver_count))
		return false;
	for (const struct tap__receiver *receiver = tap__receivers_first(entry); receiver;
	     receiver = receiver->next) {
		if (receiver->is_guess)
			continue;
		join->delays_ns[count] = receiver->seen_ns - entry->time_ns;
		join->receivers[count++] = (struct wire_receiver){.conn = receiver->sub->conn,
								  .sid = receiver->sub->sid,
								  .queue = receiver->sub->queue,
								  .outcome = WIRE_SENT};
	}
	return true;
}

/* A delivery that was counted for a message leaves by itself. */
static void set_apart(void *context, const struct tap__waiting *message, struct tap__sub *sub)
{
	struct tap_join *join = context;
	const struct wire_op op = {.subject = tap__subject_of(message),
				   .reply = tap__reply_of(message),
				   .headers = tap__headers_of(message),
				   .payload = tap__payload_of(message)};
	const struct tap_join_message delivery = {
	    .time_ns = join->newest_ns, .server = message->server, .op = &op, .size = message->size};
	join->stats.undecided++;
	wait_for_message(join, sub, &delivery, 0);
}

/* Look again at equal messages, where a SUB or an UNSUB was under way together with them. */
static struct tap__waiting *review(struct tap_join *join, struct tap__waiting *entry)
{
	uint64_t number = entry->number;
	if (entry->kind != WIRE_EVENT_MESSAGE || entry->state != TAP__JOINABLE ||
	    join->interest.changed_ns < entry->seen_ns - join->window_ns)
		return entry;
	tap__pending_find(&join->pending, entry->key);
	tap__review(&join->search, entry, set_apart, join);
	return tap__pending_entry(&join->pending, number);
}

static const struct wire_event empty;

static void give_out(struct tap_join *join, const struct tap__waiting *entry, struct wire_event *event)
{
	if (entry->kind > WIRE_EVENT_DELIVERY) {
		*event = entry->rare->event;
		return;
	}
	*event = empty; /* copied: faster than filled with zeros, as in tap/session/pending.c */
	event->kind = (enum wire_event_kind)entry->kind;
	event->flags = entry->flags;
	event->time_ns = entry->time_ns;
	event->conn = entry->conn;
	event->subject = tap__subject_of(entry);
	event->reply = tap__reply_of(entry);
	event->headers = tap__headers_of(entry);
	event->payload = tap__payload_of(entry);
	event->size = entry->size;
	event->receiver_count = entry->receiver_count - entry->guess_count;
	if (entry->kind == WIRE_EVENT_DELIVERY) {
		event->sid = entry->sub->sid;
		event->queue = entry->sub->queue;
		join->stats.apart_deliveries++;
		return;
	}
	if (list_receivers(join, entry)) {
		event->receivers = join->receivers;
		event->receivers_len = event->receiver_count;
		event->delays_ns = join->delays_ns;
	}
	if (!are_receivers_known(join, entry)) {
		event->flags |= WIRE_EVENT_RECEIVERS_UNKNOWN;
		join->stats.unknown_receivers++;
	}
}

/* What found no memory is told as soon as all that came before has left. */
static bool tell_loss(struct tap_join *join, struct wire_event *event)
{
	if (join->loss.events == 0)
		return false;
	*event = (struct wire_event){.kind = WIRE_EVENT_GAP,
				     .time_ns = join->newest_ns,
				     .text = WIRE_LITERAL("the sniffer had no memory left"),
				     .lost_messages = join->loss.messages,
				     .lost_bytes = join->loss.bytes,
				     .from_ns = join->loss.from_ns,
				     .to_ns = join->loss.to_ns};
	join->loss.events = join->loss.messages = join->loss.bytes = 0;
	return true;
}

static void drop(struct tap_join *join, const struct tap__waiting *entry)
{
	if (entry->state == TAP__JOINABLE && entry->kind == WIRE_EVENT_DELIVERY)
		join->orphans--;
	tap__pending_drop(&join->pending);
}

bool tap_join_next(struct tap_join *join, struct wire_event *event)
{
	struct tap__pending *pending = &join->pending;
	if (join->is_given)
		drop(join, tap__pending_entry(pending, pending->oldest));
	join->is_given = false;
	while (!tap__pending_is_empty(pending)) {
		struct tap__waiting *entry = tap__pending_entry(pending, pending->oldest);
		bool is_taken = entry->state == TAP__TAKEN;
		if (!is_taken && !is_due(join, entry) && !is_crowded(join))
			return false;
		if (!is_taken) {
			join->stats.hurried += !is_due(join, entry);
			entry = review(join, entry);
			give_out(join, entry, event);
			return join->is_given = true;
		}
		drop(join, entry);
	}
	return tell_loss(join, event);
}
