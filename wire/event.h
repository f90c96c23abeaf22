/* event.h - an event: something that happened on the bus.
 *
 * Sources (broker, log reader, sniffer) hand events to sinks (log, terminal, player). An event and everything
 * it points to belong to the source and are invalid after the call returns: a sink copies what it keeps. */
#ifndef WIRE_EVENT_H
#define WIRE_EVENT_H

#include <stdint.h>

#include "wire/slice.h"

/* Numbers are part of the log format (docs/format.md): append, never renumber. */
enum wire_event_kind {
	WIRE_EVENT_MESSAGE = 0,  /* a publish, seen once */
	WIRE_EVENT_DELIVERY = 1, /* a message handed to one receiver, seen apart from the message */
	/* a client connected, or was connected when a segment began (WIRE_EVENT_REPEATED) */
	WIRE_EVENT_CONNECT = 2,
	WIRE_EVENT_DISCONNECT = 3, /* a client disconnected; text is the reason */
	WIRE_EVENT_SUBSCRIBE = 4,
	WIRE_EVENT_UNSUBSCRIBE = 5,
	WIRE_EVENT_ERROR = 6, /* a protocol error was sent to conn; text is its text */
	WIRE_EVENT_MARK = 7,  /* start, stop, clock step, a user's remark; text says which */
	WIRE_EVENT_GAP = 8,   /* something could not be logged or read; text says why */
	WIRE_EVENT_KINDS
};

/* Flags; part of the log format. */
enum {
	/* the payload was shortened on purpose when it was recorded; size is the true size. Disconnect event:
	 * lost_messages includes messages that were left out of the log on purpose */
	WIRE_EVENT_CUT = 1 << 0,
	/* bytes were missed: payload is what was seen, size what was announced */
	WIRE_EVENT_PARTIAL = 1 << 1,
	/* a connect event repeated at the start of a segment */
	WIRE_EVENT_REPEATED = 1 << 2,
	/* gap: the log is damaged there; made by a reader, or stored by a repair */
	WIRE_EVENT_DAMAGE = 1 << 3,
	/* message: it may have receivers besides those that are listed and counted, or instead of none */
	WIRE_EVENT_RECEIVERS_UNKNOWN = 1 << 4,
	/* message: the source could not see who published it; conn is 0 */
	WIRE_EVENT_PUBLISHER_UNKNOWN = 1 << 5,
	/* message, delivery: bytes of the payload, the headers, the subject or the reply were replaced on purpose when it
	 * was recorded, so they must not be compared with anything. size is that of the true payload, which may be shorter
	 * or longer */
	WIRE_EVENT_MASKED = 1 << 6,
};

/* The outcome of a delivery to one receiver; part of the log format. */
enum wire_outcome {
	WIRE_SENT = 0,               /* put into its output; when read from a log: and not lost there */
	WIRE_DROPPED_SLOW = 1,       /* slow consumer: the receiver's output was over its limit */
	WIRE_DROPPED_PERMISSION = 2, /* a deny rule of the receiver */
	WIRE_DROPPED_CLOSED = 3,     /* the receiver was closing */
	WIRE_OUTCOMES
};

struct wire_receiver {
	uint64_t conn;
	struct wire_slice sid;
	struct wire_slice queue; /* empty: a plain subscription */
	enum wire_outcome outcome;
};

/* A client as far as it is known; empty slices where it is not. Never holds credentials. */
struct wire_client {
	struct wire_slice address; /* "10.0.0.7:53122" or "[::1]:53122" */
	struct wire_slice name, lang, version, user;
	struct wire_slice account;     /* that the user belongs to */
	struct wire_slice certificate; /* the subject of its TLS certificate, which was verified */
};

/* The delivery time of a receiver is unknown. */
#define WIRE_DELAY_UNKNOWN INT64_MIN

/* A sink's number for a subject or a list of receivers, kept by the source. A source that sends the same subject (or the
 * same receivers) again lends the same hint again, and the sink skips the look-up. A sink trusts `id` only when `stamp`
 * is its own current one. The source zeroes the hint when the subject or the receivers change. */
struct wire_intern_hint {
	uint64_t stamp;
	uint32_t id;
};

struct wire_event {
	enum wire_event_kind kind;
	uint32_t flags;
	uint64_t seq;    /* sequence number in its log; 0 = not logged yet */
	int64_t time_ns; /* nanoseconds since the epoch */
	/* Set by sources: time_ns without the known steps of the recording clock. Use it to measure durations and to
	 * merge logs, not as the time of day. Sinks ignore it. */
	int64_t steady_ns;
	uint64_t conn; /* the connection that caused it: publisher, subscriber, client; 0 = none */

	/* message, delivery; subject also subscribe, unsubscribe */
	struct wire_slice subject, reply;
	struct wire_slice headers; /* exactly as on the wire, final empty line included */
	struct wire_slice payload;
	uint64_t size; /* true payload size in bytes; payload.len unless cut, partial or masked */

	/* message: how many receivers got it, and who was considered (with their outcome).
	 * receivers == NULL: only the number is known. A message without subscribers has receivers_len 0.
	 * With WIRE_EVENT_RECEIVERS_UNKNOWN only known receivers are counted. */
	uint32_t receiver_count;
	uint32_t receivers_len;
	const struct wire_receiver *receivers;
	/* When each receiver got it, from sources that saw it: receivers_len times in nanoseconds after time_ns
	 * (negative: seen before the message), or WIRE_DELAY_UNKNOWN. NULL: none is known; always NULL when
	 * receivers_hint is lent. */
	const int64_t *delays_ns;

	/* Lent to sinks; NULL = none. */
	struct wire_intern_hint *subject_hint, *receivers_hint;

	/* Set by a mask that has changed the subject: the true one, to choose events by it (wire_event_true_subject). Never shown and
	 * never stored; a sink that keeps events forgets it. */
	struct wire_slice unmasked_subject;

	struct wire_slice sid, queue;     /* subscribe, unsubscribe, delivery */
	uint64_t max;                     /* unsubscribe: after so many deliveries, 0 = at once */
	uint64_t refers_to;               /* delivery: sequence number of its message, 0 = unknown */
	enum wire_outcome outcome;        /* delivery */
	const struct wire_client *client; /* connect; NULL elsewhere */
	struct wire_slice text;           /* disconnect, error, mark, gap */
	uint64_t lost_messages;    /* disconnect: never got by the client; gap: not logged; 0 = unknown */
	uint64_t lost_bytes;       /* likewise */
	int64_t from_ns, to_ns;    /* gap: the time it spans */
	uint64_t from_seq, to_seq; /* gap flagged damage: the missing sequence numbers, both inclusive */
};

/* The message is unheard: it is known that there was no receiver for it. A message that all of its receivers lost had receivers:
 * that is another fact. */
static inline bool wire_event_is_unheard(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_MESSAGE && event->receiver_count == 0 && event->receivers_len == 0 &&
	       !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);
}

/* The subject as it was before masks. */
static inline struct wire_slice wire_event_true_subject(const struct wire_event *event)
{
	return event->unmasked_subject.len > 0 ? event->unmasked_subject : event->subject;
}

/* How a sink is doing, for health, metrics and back-pressure. */
struct wire_sink_status {
	bool degraded;          /* events are being lost (and counted) for a reason outside the program */
	char reason[200];       /* why, NUL-terminated; "" when not degraded */
	uint64_t events;        /* taken so far, messages included */
	uint64_t messages;      /* messages taken so far */
	uint64_t lost_messages; /* messages that could not be logged so far */
	uint64_t stored_bytes;  /* written to disk so far */
	uint64_t queued_bytes;  /* memory held for data not written yet */
	/* Closed segments that a command copies elsewhere: whether there is one, those it took, its failures, those that wait, and
	 * the events that were deleted before it took them. */
	bool ships;
	uint64_t shipped_segments, ship_failures, unshipped_segments, unshipped_deleted_events;
};

struct wire_batch;

/* Where events go. A sink embeds this struct and finds itself from the pointer. All calls for one sink come
 * from one thread, except status, which any thread may call. Optional calls may be NULL. */
struct wire_sink {
	/* Take one event. Cannot fail: a sink counts the events that it cannot keep and reports them in a gap
	 * event. */
	void (*event)(struct wire_sink *sink, const struct wire_event *event);
	/* Optional. Take a batch of messages (wire/batch.h) as if each were handed to `event`. *template holds what they
	 * have in common; its payload and size mean nothing. */
	void (*batch)(struct wire_sink *sink, const struct wire_event *template,
		      const struct wire_batch *batch);
	/* Optional. Hand over a half-filled block. A live source calls it 20 ms after an event, and again after the
	 * number of milliseconds that it returns; 0: not before the next event. now_ns is nanoseconds since the
	 * epoch. */
	unsigned (*tick)(struct wire_sink *sink, int64_t now_ns);
	/* Optional back-pressure. False: the source should stop producing as soon as it can (the sink still
	 * takes events that are under way) until the sink makes the wake call that was set when it was
	 * opened. */
	bool (*ready)(struct wire_sink *sink);
	/* Optional. */
	void (*status)(struct wire_sink *sink, struct wire_sink_status *status);
};

/* "message", "delivery", …: the word used in text, JSON and --kind. Static. */
const char *wire_event_kind_name(enum wire_event_kind kind);

/* "sent", "slow consumer", "permission", "closed". Static. */
const char *wire_outcome_name(enum wire_outcome outcome);

#endif
