#include "tap/join.h"

#include <stdlib.h>
#include <xxhash.h>

#include "tap/pending.h"

enum {
	NEAR = 4,        /* messages behind the one that a subscription received last */
	CURSORS = 4096,  /* a power of two */
	SCAN_MAX = 1024, /* steps in search of a message, or of what may take a delivery */
};

/* The keys of deliveries that wait for their message. */
#define ORPHAN UINT64_C(0x9e3779b97f4a7c15)

/* How far a subscription has come in a group of messages with the same content. A cache: what is not found there is
 * searched for from the beginning of the group. */
struct cursor {
	uint64_t tag;    /* of group and subscription */
	uint64_t number; /* of the message that it received last */
};

struct tap_join {
	struct tap__pending pending;
	int64_t window_ns;
	uint64_t limit_bytes; /* beyond it what waits leaves early */
	int64_t newest_ns;    /* of an event */
	int64_t now_ns;       /* of the capture */
	bool is_finished;
	bool is_given;    /* the oldest entry was given out and is to be dropped */
	uint64_t orphans; /* deliveries that wait for their message */
	struct cursor cursors[CURSORS];
	struct wire_receiver *receivers; /* of the event given out */
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
	tap__pending_init(&join->pending, budget);
	join->window_ns = window_ns;
	join->limit_bytes = budget->max_bytes / 2;
	join->newest_ns = join->now_ns = INT64_MIN;
	return join;
}

void tap_join_close(struct tap_join *join)
{
	if (!join)
		return;
	tap__pending_fini(&join->pending);
	free(join->receivers);
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
	entry->kind = kind;
	entry->time_ns = time_ns;
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

static uint64_t key_of(const struct tap_join_message *message)
{
	const struct wire_op *op = message->op;
	uint64_t key = XXH3_64bits_withSeed(op->subject.data, op->subject.len, message->server);
	if (op->reply.len > 0)
		key = XXH3_64bits_withSeed(op->reply.data, op->reply.len, key);
	return XXH3_64bits_withSeed(op->payload.data, op->payload.len, key);
}

static struct wire_slice subject_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes, entry->subject_len);
}

static struct wire_slice reply_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes + entry->subject_len, entry->reply_len);
}

static struct wire_slice headers_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes + entry->subject_len + entry->reply_len, entry->headers_len);
}

static struct wire_slice payload_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes + entry->subject_len + entry->reply_len + entry->headers_len,
			  entry->payload_len);
}

/* Headers as published, or none, as a client without support for them gets it. */
static bool may_be_headers(struct wire_slice published, struct wire_slice delivered)
{
	return delivered.len == 0 || wire_slice_equal(published, delivered);
}

static bool has_content(const struct tap__waiting *entry, const struct wire_op *op)
{
	return wire_slice_equal(payload_of(entry), op->payload) &&
	       wire_slice_equal(subject_of(entry), op->subject) &&
	       wire_slice_equal(reply_of(entry), op->reply);
}

/* The subscription is among those that received the message. The search costs *steps. */
static bool has_received(const struct tap__waiting *message, const struct tap__sub *sub, int *steps)
{
	if (message->number > sub->newest)
		return false;
	for (const struct tap__receiver *receiver = tap__receivers_first(message); receiver;
	     receiver = receiver->next) {
		if (receiver->sub == sub)
			return true;
		(*steps)--;
	}
	return false;
}

/* The first receiver, which is mostly the only one, lies in the entry: where it is read at once when the entry leaves. */
static bool add_receiver(struct tap_join *join, struct tap__waiting *message, struct tap__sub *sub)
{
	struct tap__receiver *receiver = &message->first_receiver;
	if (message->receiver_count > 0)
		receiver = tap__pending_alloc(&join->pending, sizeof *receiver);
	if (!receiver)
		return false;
	*receiver = (struct tap__receiver){.sub = tap__sub_hold(sub)};
	if (message->receiver_count == 1)
		message->first_receiver.next = receiver;
	else if (message->receiver_count > 1)
		message->last_receiver->next = receiver;
	message->last_receiver = receiver;
	message->receiver_count++;
	if (message->number > sub->newest)
		sub->newest = message->number;
	return true;
}

/* The first message of a group, from number on, that a delivery can be of. */
static struct tap__waiting *scan(const struct tap_join *join, uint64_t number, const struct tap__sub *sub,
				 const struct wire_op *op)
{
	for (int steps = SCAN_MAX; number != 0 && steps > 0; steps--) {
		struct tap__waiting *message = tap__pending_entry(&join->pending, number);
		if (may_be_headers(headers_of(message), op->headers) && has_content(message, op) &&
		    !has_received(message, sub, &steps))
			return message;
		number = message->next_same;
	}
	return NULL;
}

/* Where to begin: behind the message of the group that the subscription received last, if the cache knows it. */
static uint64_t begin_scan(const struct tap_join *join, uint64_t leader, uint64_t key,
			   const struct cursor *cursor, uint64_t tag)
{
	if (cursor->tag != tag || cursor->number < leader)
		return leader;
	const struct tap__waiting *message = tap__pending_entry(&join->pending, cursor->number);
	return message->key == key ? message->next_same : leader;
}

/* Hot: what a subscription receives is mostly what was published next after what it received last. */
static struct tap__waiting *find_near(const struct tap_join *join, uint64_t key, const struct tap__sub *sub,
				      const struct wire_op *op)
{
	const struct tap__pending *pending = &join->pending;
	uint64_t first = sub->newest < pending->oldest ? pending->oldest : sub->newest + 1;
	for (uint64_t number = first; number < first + NEAR && number < pending->next; number++) {
		struct tap__waiting *message = tap__pending_entry(pending, number);
		if (message->key == key && message->state == TAP__JOINABLE &&
		    may_be_headers(headers_of(message), op->headers) && has_content(message, op))
			return message;
	}
	return NULL;
}

/* Anywhere among the messages with the same content. */
static struct tap__waiting *find_far(struct tap_join *join, uint64_t key, const struct tap__sub *sub,
				     const struct wire_op *op)
{
	uint64_t leader = tap__pending_find(&join->pending, key), tag = key ^ sub->id * ORPHAN;
	struct cursor *cursor = &join->cursors[(tag ^ tag >> 32) & (CURSORS - 1)];
	if (leader == 0)
		return NULL;
	struct tap__waiting *message = scan(join, begin_scan(join, leader, key, cursor, tag), sub, op);
	if (message)
		*cursor = (struct cursor){.tag = tag, .number = message->number};
	return message;
}

static bool can_take(const struct tap__waiting *message, const struct tap__waiting *delivery, int *steps)
{
	return may_be_headers(headers_of(message), headers_of(delivery)) &&
	       wire_slice_equal(payload_of(message), payload_of(delivery)) &&
	       wire_slice_equal(subject_of(message), subject_of(delivery)) &&
	       wire_slice_equal(reply_of(message), reply_of(delivery)) &&
	       !has_received(message, delivery->sub, steps);
}

/* A message takes the deliveries that came before it: one for each subscription. */
static void take_orphans(struct tap_join *join, struct tap__waiting *message)
{
	struct tap__waiting *previous = NULL;
	uint64_t number = tap__pending_find(&join->pending, message->key ^ ORPHAN);
	for (int steps = SCAN_MAX; number != 0 && steps > 0; steps--) {
		struct tap__waiting *delivery = tap__pending_entry(&join->pending, number);
		number = delivery->next_same;
		if (can_take(message, delivery, &steps) && add_receiver(join, message, delivery->sub)) {
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

void tap_join_publish(struct tap_join *join, uint64_t conn, const struct tap_join_message *message)
{
	uint64_t key = message->is_partial ? 0 : key_of(message);
	struct tap__waiting *entry = add(join, WIRE_EVENT_MESSAGE, message);
	uint64_t bytes = message->op->headers.len + message->size;
	if (!entry) {
		lose(join, message->time_ns, 1, bytes);
		return;
	}
	entry->conn = conn;
	join->stats.messages++;
	join->stats.message_bytes += bytes;
	if (message->is_partial)
		return;
	make_joinable(entry, key);
	if (join->orphans > 0)
		take_orphans(join, entry);
}

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
	if (message->is_partial)
		return;
	make_joinable(entry, key ^ ORPHAN);
	join->orphans++;
}

void tap_join_deliver(struct tap_join *join, struct tap__sub *sub, const struct tap_join_message *message)
{
	uint64_t key = message->is_partial ? 0 : key_of(message);
	struct tap__waiting *found = message->is_partial ? NULL : find_near(join, key, sub, message->op);
	if (!found && !message->is_partial)
		found = find_far(join, key, sub, message->op);
	join->stats.deliveries++;
	if (!found || !add_receiver(join, found, sub))
		wait_for_message(join, sub, message, key);
	else
		order_time(join, message->time_ns);
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

static bool list_receivers(struct tap_join *join, const struct tap__waiting *entry)
{
	size_t count = 0;
	if (entry->receiver_count > join->receivers_cap) {
		size_t cap = (size_t)entry->receiver_count * 2;
		struct wire_receiver *list = realloc(join->receivers, cap * sizeof *list);
		if (!list)
			return false;
		join->receivers = list;
		join->receivers_cap = cap;
	}
	for (const struct tap__receiver *receiver = tap__receivers_first(entry); receiver;
	     receiver = receiver->next)
		join->receivers[count++] = (struct wire_receiver){.conn = receiver->sub->conn,
								  .sid = receiver->sub->sid,
								  .queue = receiver->sub->queue,
								  .outcome = WIRE_SENT};
	return true;
}

static void give_out(struct tap_join *join, const struct tap__waiting *entry, struct wire_event *event)
{
	if (entry->rare) {
		*event = entry->rare->event;
		return;
	}
	*event = (struct wire_event){.kind = entry->kind,
				     .flags = entry->flags,
				     .time_ns = entry->time_ns,
				     .conn = entry->conn,
				     .subject = subject_of(entry),
				     .reply = reply_of(entry),
				     .headers = headers_of(entry),
				     .payload = payload_of(entry),
				     .size = entry->size,
				     .receiver_count = entry->receiver_count};
	if (entry->sub) {
		event->sid = entry->sub->sid;
		event->queue = entry->sub->queue;
		join->stats.apart_deliveries++;
	} else if (list_receivers(join, entry)) {
		event->receivers = join->receivers;
		event->receivers_len = entry->receiver_count;
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
	if (entry->state == TAP__JOINABLE && entry->sub)
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
			give_out(join, entry, event);
			return join->is_given = true;
		}
		drop(join, entry);
	}
	return tell_loss(join, event);
}
