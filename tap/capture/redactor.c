#include "tap/capture/redactor.h"

#include <stdlib.h>

#include "tap/capture/frame_edit.h"
#include "tap/stream/flow_table.h"

/* Fragmented IP datagrams that are remembered. */
enum { DATAGRAMS_MAX = 64 };

/* Bytes this far from a cursor do not continue it. */
#define FAR_BYTES (UINT32_C(1) << 20)

enum { TCP_BYTES_MIN = 20 };

/* Positions in one direction of a connection at which bytes may continue: the newest, a retransmission, a
 * stray. */
enum { CURSORS = 3 };

struct cursor {
	bool is_used;
	bool is_start; /* its SYN was seen, and nothing after it */
	uint32_t next; /* the position after what was seen */
	uint64_t last; /* the direction's clock when it was last used */
	struct tap__connect_mask mask;
};

/* One direction of a connection. */
struct direction {
	struct cursor cursors[CURSORS];
	uint64_t clock;
	bool has_line;
	uint32_t line_from, line_end; /* the last line that is, or may be, a CONNECT */
};

struct connection {
	struct tap__flow_entry entry; /* first: an entry is its connection */
	struct direction directions[2];
};

/* A datagram whose first fragment was seen. */
struct datagram {
	struct tap_endpoint from, to; /* with ports */
	uint32_t id;
	uint32_t seq; /* of the byte at offset 0 of its payload */
	bool is_used;
};

struct tap_redactor {
	struct tap__flow_table table;
	struct tap__lru lru;
	struct connection *pool;
	uint32_t used, max;
	struct datagram datagrams[DATAGRAMS_MAX];
	uint32_t next_datagram;
	struct tap__frame_edit edit;
};

/* ---- opening and closing ---- */

struct tap_redactor *tap_redactor_open(uint32_t connections_max)
{
	struct tap_redactor *redactor = calloc(1, sizeof *redactor);
	if (!redactor)
		return NULL;
	redactor->max = connections_max;
	redactor->pool = calloc(connections_max, sizeof *redactor->pool);
	if (redactor->pool && tap__flow_table_init(&redactor->table, connections_max) == 0)
		return redactor;
	free(redactor->pool);
	free(redactor);
	return NULL;
}

void tap_redactor_close(struct tap_redactor *redactor)
{
	if (!redactor)
		return;
	tap__flow_table_fini(&redactor->table);
	tap__frame_edit_fini(&redactor->edit);
	free(redactor->pool);
	free(redactor);
}

/* ---- connections ---- */

static struct connection *take_place(struct tap_redactor *redactor)
{
	if (redactor->used < redactor->max)
		return &redactor->pool[redactor->used++];
	struct tap__flow_entry *oldest = redactor->lru.oldest;
	tap__flow_table_remove(&redactor->table, oldest);
	tap__lru_remove(&redactor->lru, oldest);
	return (struct connection *)oldest;
}

/* Find or add the direction of a segment. */
static struct direction *find_direction(struct tap_redactor *redactor, const struct tap_segment *segment)
{
	struct tap__flow_key key;
	unsigned from = tap__flow_key_of(&key, segment);
	uint64_t hash = tap__flow_table_hash(&redactor->table, &key);
	struct connection *connection =
	    (struct connection *)tap__flow_table_find(&redactor->table, &key, hash);
	if (!connection) {
		connection = take_place(redactor);
		*connection = (struct connection){0};
		tap__flow_table_add(&redactor->table, &connection->entry, &key, hash);
		tap__lru_add(&redactor->lru, &connection->entry);
	}
	tap__lru_touch(&redactor->lru, &connection->entry);
	return &connection->directions[from];
}

/* ---- bytes ---- */

/* Remember where a CONNECT is. was_inside: it began before these bytes. */
static void note_line(struct direction *direction, uint32_t from, uint32_t end, bool was_inside)
{
	if (!was_inside || !direction->has_line)
		direction->line_from = from;
	direction->has_line = true;
	direction->line_end = end;
}

/* Take bytes that continue a cursor. */
static void take_next(struct direction *direction, struct cursor *cursor, struct wire_slice bytes,
		      struct tap__masker *masker)
{
	uint32_t end = cursor->next + (uint32_t)bytes.len;
	bool was_inside = tap__connect_mask_is_inside(&cursor->mask);
	bool has_hidden = tap__connect_mask_take(&cursor->mask, bytes.data, bytes.len, masker);
	if (has_hidden || was_inside || tap__connect_mask_is_inside(&cursor->mask))
		note_line(direction, cursor->next, end, was_inside);
	cursor->next = end;
	cursor->is_start = false;
	cursor->last = ++direction->clock;
}

/* The cursor at this position, or NULL. */
static struct cursor *find_cursor(struct direction *direction, uint32_t seq)
{
	for (unsigned i = 0; i < CURSORS; i++)
		if (direction->cursors[i].is_used && direction->cursors[i].next == seq)
			return &direction->cursors[i];
	return NULL;
}

/* The nearest cursor that is not far before this position, or NULL. */
static struct cursor *find_before(struct direction *direction, uint32_t seq)
{
	struct cursor *found = NULL;
	for (unsigned i = 0; i < CURSORS; i++) {
		struct cursor *cursor = &direction->cursors[i];
		if (cursor->is_used && seq - cursor->next <= FAR_BYTES &&
		    (!found || seq - cursor->next < seq - found->next))
			found = cursor;
	}
	return found;
}

/* Is there a cursor not far after this position? */
static bool is_behind(const struct direction *direction, uint32_t seq)
{
	for (unsigned i = 0; i < CURSORS; i++)
		if (direction->cursors[i].is_used && direction->cursors[i].next - seq <= FAR_BYTES)
			return true;
	return false;
}

static bool is_in_line(const struct direction *direction, uint32_t seq)
{
	return direction->has_line && (int32_t)(seq - direction->line_from) > 0 &&
	       (int32_t)(seq - direction->line_end) < 0;
}

/* Move a cursor to a new position: an unused one, or the least recently used. */
static struct cursor *move_cursor(struct direction *direction, uint32_t seq, enum tap__connect_stage stage)
{
	struct cursor *oldest = &direction->cursors[0];
	for (unsigned i = 1; i < CURSORS; i++)
		if (direction->cursors[i].last < oldest->last)
			oldest = &direction->cursors[i];
	*oldest = (struct cursor){.is_used = true, .next = seq, .mask = {.stage = stage}};
	return oldest;
}

/* Take bytes at an unexpected position. Bytes that may be inside a CONNECT are hidden up to the end of the
 * line. */
static struct cursor *look_elsewhere(struct direction *direction, uint32_t seq, struct wire_slice bytes)
{
	struct cursor *before = find_before(direction, seq);
	if (is_in_line(direction, seq))
		return move_cursor(direction, seq, TAP__CONNECT_UNSEEN);
	if (before && (before->is_start || tap__connect_mask_is_inside(&before->mask)))
		return move_cursor(direction, seq, TAP__CONNECT_UNSEEN);
	if (before || is_behind(direction, seq) || !tap__connect_is_like(bytes.data, bytes.len))
		return move_cursor(direction, seq, TAP__CONNECT_LINE);
	return move_cursor(direction, seq, TAP__CONNECT_UNSEEN);
}

static void take_bytes(struct direction *direction, uint32_t seq, struct wire_slice bytes,
		       struct tap__masker *masker)
{
	if (bytes.len == 0)
		return;
	struct cursor *cursor = find_cursor(direction, seq);
	if (!cursor)
		cursor = look_elsewhere(direction, seq, bytes);
	take_next(direction, cursor, bytes, masker);
}

/* ---- segments ---- */

/* A SYN says where a direction begins. It may be forged, so the other cursors stay. */
static void take_syn(struct direction *direction, uint32_t seq)
{
	if (find_cursor(direction, seq + 1))
		return;
	struct cursor *cursor = move_cursor(direction, seq + 1, TAP__CONNECT_LINE);
	cursor->is_start = true;
	cursor->last = ++direction->clock;
}

static void take_segment(struct tap_redactor *redactor, const struct tap_segment *segment)
{
	bool is_syn = (segment->flags & TAP_TCP_SYN) != 0;
	if (segment->payload.len == 0 && segment->missing_bytes == 0 && !is_syn)
		return;
	struct direction *direction = find_direction(redactor, segment);
	if (is_syn)
		take_syn(direction, segment->seq);
	take_bytes(direction, segment->seq + is_syn, segment->payload, &redactor->edit.masker);
}

/* ---- fragments ---- */

/* Decode the TCP header in the first fragment of a datagram. False when there is none. */
static bool decode_head(const struct tap_fragment *fragment, struct tap_packet *packet)
{
	struct tap_fragment head = *fragment;
	head.missing_bytes += TAP_SEGMENT_BYTES_MAX / 2; /* the bytes of the other fragments */
	return tap_packet_decode_datagram(&head, packet) == TAP_PACKET_SEGMENT;
}

static void remember_datagram(struct tap_redactor *redactor, const struct tap_fragment *fragment,
			      const struct tap_segment *segment)
{
	const char *payload = segment->payload.data;
	struct datagram *datagram = &redactor->datagrams[redactor->next_datagram++ % DATAGRAMS_MAX];
	*datagram = (struct datagram){.from = segment->from,
				      .to = segment->to,
				      .id = fragment->id,
				      .seq = segment->seq - (uint32_t)(payload - fragment->payload.data),
				      .is_used = true};
}

static bool is_same_host(const struct tap_endpoint *a, const struct tap_endpoint *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static const struct datagram *find_datagram(const struct tap_redactor *redactor,
					    const struct tap_fragment *fragment)
{
	for (uint32_t i = 0; i < DATAGRAMS_MAX; i++) {
		const struct datagram *datagram = &redactor->datagrams[i];
		if (datagram->is_used && datagram->id == fragment->id &&
		    is_same_host(&datagram->from, &fragment->from) &&
		    is_same_host(&datagram->to, &fragment->to))
			return datagram;
	}
	return NULL;
}

/* Take a later fragment: its bytes belong to the stream. Nothing is known of it if the first fragment was not
 * seen. */
static void take_later_fragment(struct tap_redactor *redactor, const struct tap_fragment *fragment)
{
	const struct datagram *datagram = find_datagram(redactor, fragment);
	struct tap_segment segment = {.payload = fragment->payload};
	struct direction unknown = {0};
	if (datagram) {
		segment.from = datagram->from;
		segment.to = datagram->to;
		take_bytes(find_direction(redactor, &segment), datagram->seq + fragment->offset_bytes,
			   fragment->payload, &redactor->edit.masker);
	} else {
		take_bytes(&unknown, 0, fragment->payload, &redactor->edit.masker);
	}
}

static void take_fragment(struct tap_redactor *redactor, const struct tap_frame *frame,
			  const struct tap_fragment *fragment)
{
	struct tap_packet head;
	tap__frame_edit_begin(&redactor->edit, frame, NULL);
	if (fragment->offset_bytes > 0) {
		take_later_fragment(redactor, fragment);
		return;
	}
	if (fragment->payload.len < TCP_BYTES_MIN || !decode_head(fragment, &head))
		return;
	remember_datagram(redactor, fragment, &head.segment);
	tap__frame_edit_begin(&redactor->edit, frame, &head.segment);
	take_segment(redactor, &head.segment);
}

const unsigned char *tap_redactor_frame(struct tap_redactor *redactor, const struct tap_frame *frame)
{
	struct tap_packet packet;
	enum tap_packet_kind kind = tap_packet_decode(frame, &packet);
	if (kind == TAP_PACKET_SEGMENT) {
		tap__frame_edit_begin(&redactor->edit, frame, &packet.segment);
		take_segment(redactor, &packet.segment);
	} else if (kind == TAP_PACKET_FRAGMENT) {
		take_fragment(redactor, frame, &packet.fragment);
	} else {
		return frame->bytes;
	}
	return tap__frame_edit_bytes(&redactor->edit);
}
