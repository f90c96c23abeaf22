#include "store/write/loss_counter.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/format/details.h"
#include "store/write/append.h"
#include "store/write/batch_layout.h"

static void widen(struct store_loss_counter *loss, int64_t from_ns, int64_t to_ns)
{
	if (loss->events == 0 || from_ns < loss->from_ns)
		loss->from_ns = from_ns;
	if (loss->events == 0 || to_ns > loss->to_ns)
		loss->to_ns = to_ns;
}

void store_loss_counter_add_event(struct store_loss_counter *loss, const struct wire_event *event)
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

void store_loss_counter_add(struct store_loss_counter *loss, const struct store_loss_counter *more)
{
	if (more->events == 0)
		return;
	widen(loss, more->from_ns, more->to_ns);
	loss->events += more->events;
	loss->others += more->others;
	loss->messages += more->messages;
	loss->bytes += more->bytes;
}

/* When a gap event is lost, the messages that it stands for are lost from the log, too. */
static void add_gaps(struct store_loss_counter *loss, const struct store_batch *batch)
{
	const unsigned char *details = batch->details.bytes;
	for (uint32_t i = 0; i < batch->events; i++) {
		struct wire_event event = {0};
		struct wire_client client = {0};
		uint32_t len = batch->rows.details_bytes[i];
		if (batch->rows.kind[i] == WIRE_EVENT_GAP &&
		    store__details_get(details, len, &event, &client)) {
			loss->messages += event.lost_messages;
			loss->bytes += event.lost_bytes;
			widen(loss, event.from_ns, event.to_ns);
		}
		details = len > 0 ? details + len : details;
	}
}

void store_loss_counter_add_batch(struct store_loss_counter *loss, const struct store_batch *batch)
{
	widen(loss, store_batch_min_time_ns(batch), store_batch_max_time_ns(batch));
	loss->events += store_batch_events(batch);
	loss->others += store_batch_events(batch) - store_batch_messages(batch);
	loss->messages += store_batch_messages(batch);
	loss->bytes += store_batch_bytes(batch);
	if (batch->kinds & 1u << WIRE_EVENT_GAP)
		add_gaps(loss, batch);
}

int store_loss_counter_append(const struct store_loss_counter *loss, const char *reason, int64_t time_ns,
			      struct store_batch *batch)
{
	char text[400];
	int len = snprintf(text, sizeof text, "%s", reason);
	if (loss->others > 0 && len >= 0 && (size_t)len < sizeof text)
		snprintf(text + len, sizeof text - (size_t)len,
			 "; %" PRIu64 " events other than messages were lost too", loss->others);
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = time_ns > loss->to_ns ? time_ns : loss->to_ns,
					 .text = wire_slice_str(text),
					 .lost_messages = loss->messages,
					 .lost_bytes = loss->bytes,
					 .from_ns = loss->from_ns,
					 .to_ns = loss->to_ns};
	return store_batch_append(batch, &event);
}
