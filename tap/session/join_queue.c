#include "tap/session/join_queue.h"

int64_t tap__join_advance(struct tap_join *join, int64_t time_ns)
{
	if (time_ns > join->newest_ns)
		join->newest_ns = time_ns;
	if (join->newest_ns > join->now_ns)
		join->now_ns = join->newest_ns;
	return join->newest_ns;
}

void tap__join_lose(struct tap_join *join, int64_t time_ns, uint64_t messages, uint64_t bytes)
{
	if (join->loss.events++ == 0)
		join->loss.from_ns = time_ns;
	join->loss.to_ns = time_ns;
	join->loss.messages += messages;
	join->loss.bytes += bytes;
	join->stats.lost++;
}

struct tap__pending_event *tap__join_add(struct tap_join *join, enum wire_event_kind kind,
					 const struct tap_join_message *message)
{
	const struct wire_op *op = message->op;
	int64_t time_ns = tap__join_advance(join, message->time_ns);
	size_t headers_at = op->subject.len + op->reply.len, payload_at = headers_at + op->headers.len;
	char *room;
	struct tap__pending_event *entry =
	    tap__pending_push(&join->pending, payload_at + op->payload.len, &room);
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

void tap__join_add_delivery(struct tap_join *join, struct tap__sub *sub,
			    const struct tap_join_message *message, uint64_t key)
{
	struct tap__pending_event *entry = tap__join_add(join, WIRE_EVENT_DELIVERY, message);
	if (!entry) {
		tap__join_lose(join, message->time_ns, 0, message->op->headers.len + message->size);
		return;
	}
	entry->sub = tap__sub_hold(sub);
	entry->conn = sub->conn;
	if (key == 0)
		return;
	entry->state = TAP__JOINABLE;
	entry->key = key ^ TAP__JOIN_ORPHAN;
	join->orphans++;
}
