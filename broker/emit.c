#include "broker/emit.h"

#include "broker/client.h"
#include "broker/log.h"
#include "wire/mark.h"

enum { TICK_MS = 20 };

bool broker__sink_is_full(const struct broker__loop *loop)
{
	struct wire_sink *sink = loop->broker->sink;
	return sink && sink->ready && !sink->ready(sink);
}

void broker__read_clock(struct broker__loop *loop)
{
	char text[WIRE_MARK_TEXT];
	int64_t step_ns;
	loop->now_ns = net_clock_now(&loop->clock, &step_ns);
	if (step_ns != 0) {
		broker_log(loop->broker->log, BROKER_LOG_WARN, "the system clock was set by %+.3f s",
			   (double)step_ns / 1e9);
		broker__emit_mark(loop, wire_mark_step(text, step_ns));
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct broker__loop *loop = timer->data;
	struct wire_sink *sink = loop->broker->sink;
	broker__read_clock(loop);
	unsigned again_ms = sink->tick(sink, loop->now_ns);
	loop->is_tick_scheduled = again_ms > 0;
	if (again_ms > 0)
		uv_timer_start(timer, on_tick, again_ms, 0);
}

void broker__schedule_tick(struct broker__loop *loop)
{
	if (loop->is_tick_scheduled || !loop->broker->sink->tick)
		return;
	loop->is_tick_scheduled = true;
	uv_timer_start(&loop->tick, on_tick, TICK_MS, 0);
}

void broker__emit(struct broker__loop *loop, struct wire_event *event)
{
	struct wire_sink *sink = loop->broker->sink;
	event->time_ns = loop->now_ns;
	sink->event(sink, event);
	broker__schedule_tick(loop);
}

void broker__emit_connect(struct broker_client *client)
{
	client->is_announced = true;
	if (!client->loop->broker->sink)
		return;
	const struct wire_client description = {.address = wire_slice_str(client->address),
						.name = wire_slice_str(client->name),
						.lang = wire_slice_str(client->lang),
						.version = wire_slice_str(client->version),
						.user = wire_slice_str(client->user),
						.certificate = wire_slice_str(client->certificate)};
	struct wire_event event = {.kind = WIRE_EVENT_CONNECT, .conn = client->cid, .client = &description};
	broker__emit(client->loop, &event);
}

void broker__emit_disconnect(struct broker_client *client)
{
	if (!client->loop->broker->sink || !client->is_announced)
		return;
	struct wire_event event = {.kind = WIRE_EVENT_DISCONNECT,
				   .conn = client->cid,
				   .text = wire_slice_str(client->reason),
				   .lost_messages = client->lost_messages,
				   .lost_bytes = client->lost_bytes};
	broker__emit(client->loop, &event);
}

static void emit_interest(const struct broker__sub *sub, enum wire_event_kind kind, uint64_t max)
{
	struct broker__loop *loop = sub->client->loop;
	if (!loop->broker->sink)
		return;
	struct wire_event event = {.kind = kind,
				   .conn = sub->client->cid,
				   .subject = sub->subject,
				   .queue = sub->queue,
				   .sid = sub->sid,
				   .max = max};
	broker__emit(loop, &event);
}

void broker__emit_subscribe(const struct broker__sub *sub)
{
	emit_interest(sub, WIRE_EVENT_SUBSCRIBE, 0);
}

void broker__emit_unsubscribe(const struct broker__sub *sub, uint64_t max)
{
	emit_interest(sub, WIRE_EVENT_UNSUBSCRIBE, max);
}

void broker__emit_error(struct broker_client *client, struct wire_slice text)
{
	if (!client->loop->broker->sink)
		return;
	if (!client->is_announced)
		broker__emit_connect(client);
	struct wire_event event = {.kind = WIRE_EVENT_ERROR, .conn = client->cid, .text = text};
	broker__emit(client->loop, &event);
}

void broker__emit_mark(struct broker__loop *loop, const char *text)
{
	if (!loop->broker->sink)
		return;
	struct wire_event event = {.kind = WIRE_EVENT_MARK, .text = wire_slice_str(text)};
	broker__emit(loop, &event);
}
