#include "store/write/loss.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/format/details.h"
#include "store/write/rows.h"

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
	loss->others += event->kind != WIRE_EVENT_MESSAGE;
	if (event->kind == WIRE_EVENT_MESSAGE) {
		loss->messages++;
		loss->bytes += event->size + event->headers.len;
	} else if (event->kind == WIRE_EVENT_GAP) {
		loss->messages += event->lost_messages;
		loss->bytes += event->lost_bytes;
	}
}

void store_loss_add(struct store_loss *loss, const struct store_loss *more)
{
	if (more->events == 0)
		return;
	widen(loss, more->from_ns, more->to_ns);
	loss->events += more->events;
	loss->others += more->others;
	loss->messages += more->messages;
	loss->bytes += more->bytes;
}

/* A gap event that is lost takes with it what it stands for. */
static void add_gaps(struct store_loss *loss, const struct store_stage *stage)
{
	const unsigned char *details = stage->details.bytes;
	for (uint32_t i = 0; i < stage->events; i++) {
		struct wire_event event = {0};
		struct wire_client client = {0};
		uint32_t len = stage->rows.details_bytes[i];
		if (stage->rows.kind[i] == WIRE_EVENT_GAP &&
		    store__details_get(details, len, &event, &client)) {
			loss->messages += event.lost_messages;
			loss->bytes += event.lost_bytes;
			widen(loss, event.from_ns, event.to_ns);
		}
		details = len > 0 ? details + len : details;
	}
}

void store_loss_add_stage(struct store_loss *loss, const struct store_stage *stage)
{
	widen(loss, store_stage_min_time_ns(stage), store_stage_max_time_ns(stage));
	loss->events += store_stage_events(stage);
	loss->others += store_stage_events(stage) - store_stage_messages(stage);
	loss->messages += store_stage_messages(stage);
	loss->bytes += store_stage_bytes(stage);
	if (stage->kinds & 1u << WIRE_EVENT_GAP)
		add_gaps(loss, stage);
}

int store_loss_append(const struct store_loss *loss, const char *reason, struct store_stage *stage)
{
	char text[400];
	int len = snprintf(text, sizeof text, "%s", reason);
	if (loss->others > 0 && len >= 0 && (size_t)len < sizeof text)
		snprintf(text + len, sizeof text - (size_t)len,
			 "; %" PRIu64 " events other than messages were lost too", loss->others);
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = loss->to_ns,
					 .text = wire_slice_str(text),
					 .lost_messages = loss->messages,
					 .lost_bytes = loss->bytes,
					 .from_ns = loss->from_ns,
					 .to_ns = loss->to_ns};
	return store_stage_append(stage, &event);
}
