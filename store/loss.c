#include "store/loss.h"

#include <inttypes.h>
#include <stdio.h>

static void widen(struct store_loss *loss, int64_t from_ns, int64_t to_ns)
{
	if (loss->events == 0 || from_ns < loss->from_ns)
		loss->from_ns = from_ns;
	if (loss->events == 0 || to_ns > loss->to_ns)
		loss->to_ns = to_ns;
}

void store_loss_add_event(struct store_loss *loss, const struct wire_event *event)
{
	widen(loss, event->time_ns, event->time_ns);
	loss->events++;
	if (event->kind == WIRE_EVENT_MESSAGE) {
		loss->messages++;
		loss->bytes += event->size + event->headers.len;
	}
}

void store_loss_add_stage(struct store_loss *loss, const struct store_stage *stage)
{
	widen(loss, store_stage_min_time_ns(stage), store_stage_max_time_ns(stage));
	loss->events += store_stage_events(stage);
	loss->messages += store_stage_messages(stage);
	loss->bytes += store_stage_bytes(stage);
}

int store_loss_append(const struct store_loss *loss, const char *reason, struct store_stage *stage)
{
	char text[400];
	uint64_t others = loss->events - loss->messages;
	int len = snprintf(text, sizeof text, "%s", reason);
	if (others > 0 && len >= 0 && (size_t)len < sizeof text)
		snprintf(text + len, sizeof text - (size_t)len,
			 "; %" PRIu64 " events other than messages were lost too", others);
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = loss->to_ns,
					 .text = wire_slice_str(text),
					 .lost_messages = loss->messages,
					 .lost_bytes = loss->bytes,
					 .from_ns = loss->from_ns,
					 .to_ns = loss->to_ns};
	return store_stage_append(stage, &event);
}
