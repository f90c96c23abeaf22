#include "wire/event.h"

#include <assert.h>

static const char *const kind_names[] = {
    [WIRE_EVENT_MESSAGE] = "message",
    [WIRE_EVENT_DELIVERY] = "delivery",
    [WIRE_EVENT_CONNECT] = "connect",
    [WIRE_EVENT_DISCONNECT] = "disconnect",
    [WIRE_EVENT_SUBSCRIBE] = "subscribe",
    [WIRE_EVENT_UNSUBSCRIBE] = "unsubscribe",
    [WIRE_EVENT_ERROR] = "error",
    [WIRE_EVENT_MARK] = "mark",
    [WIRE_EVENT_GAP] = "gap",
};
static_assert(sizeof kind_names / sizeof *kind_names == WIRE_EVENT_KINDS, "a name for every kind");

static const char *const outcome_names[] = {
    [WIRE_SENT] = "sent",
    [WIRE_DROPPED_SLOW] = "slow consumer",
    [WIRE_DROPPED_PERMISSION] = "permission",
    [WIRE_DROPPED_CLOSED] = "closed",
};
static_assert(sizeof outcome_names / sizeof *outcome_names == WIRE_OUTCOMES, "a name for every outcome");

const char *wire_event_kind_name(enum wire_event_kind kind)
{
	return (unsigned)kind < WIRE_EVENT_KINDS ? kind_names[kind] : "unknown";
}

const char *wire_outcome_name(enum wire_outcome outcome)
{
	return (unsigned)outcome < WIRE_OUTCOMES ? outcome_names[outcome] : "unknown";
}
