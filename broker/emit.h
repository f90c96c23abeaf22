/* emit.h - events to the sink, and their time. Inside this folder. Without a sink nothing is built. Message events are made
 * in deliver.c. */
#ifndef BROKER_EMIT_H
#define BROKER_EMIT_H

#include "broker/server.h"

/* The sink has no room for all the events that one turn can bring. Asked before each turn, so that many publishers together
 * cannot overrun the sink. */
bool broker__sink_is_full(const struct broker__loop *loop);

/* Set loop->now_ns, the time of events; a step of the system clock is a mark event. */
void broker__read_clock(struct broker__loop *loop);

/* Hand over an event that is complete except for its time. */
void broker__emit(struct broker__loop *loop, struct wire_event *event);
/* An event was handed over: call the tick of the sink in a moment. */
void broker__schedule_tick(struct broker__loop *loop);

void broker__emit_connect(struct broker_client *client);
void broker__emit_disconnect(struct broker_client *client);
void broker__emit_subscribe(const struct broker__sub *sub);
/* max 0: the subscription has ended. */
void broker__emit_unsubscribe(const struct broker__sub *sub, uint64_t max);
/* A client that was not admitted is announced first, so that the error has an address. */
void broker__emit_error(struct broker_client *client, struct wire_slice text);
void broker__emit_mark(struct broker__loop *loop, const char *text);

#endif
