#include "export/spans/receivers.h"

#include <errno.h>

#include "export/spans/give.h"
#include "trace/memory.h"

void export__who(struct export_spans *spans, uint64_t conn, uint32_t *client, uint32_t *service)
{
	*client = trace_clients_number(&spans->clients, conn);
	*service = *client != TRACE_NO_CLIENT ? trace_clients_at(&spans->clients, *client)->service
					      : trace_clients_service(&spans->clients, conn);
}

static int64_t delay_of(const struct wire_event *event, uint32_t i)
{
	if (!event->delays_ns || event->delays_ns[i] == WIRE_DELAY_UNKNOWN || event->delays_ns[i] < 0)
		return 0;
	return event->delays_ns[i];
}

int64_t export__receivers_of(struct export_spans *spans, const struct wire_event *event)
{
	const uint32_t len = event->receivers ? event->receivers_len : 0;

	if (len > spans->receivers_cap &&
	    !trace_grow(&spans->receivers, &spans->receivers_cap, len, sizeof(*spans->receivers), NULL))
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++) {
		const struct wire_receiver *from = &event->receivers[i];
		struct export__receiver *to = &spans->receivers[i];

		*to = (struct export__receiver){.number = i,
						.after_ns = delay_of(event, i),
						.queue = from->queue,
						.error = export__error_of(from->outcome)};
		export__who(spans, from->conn, &to->client, &to->service);
	}
	spans->nameless += event->receiver_count > 0 && !event->receivers ? event->receiver_count : 0;
	return len;
}

struct export__receiver export__receiver_of(struct export_spans *spans, const struct wire_event *delivery)
{
	struct export__receiver receiver = {.queue = delivery->queue,
					    .error = export__error_of(delivery->outcome)};

	export__who(spans, delivery->conn, &receiver.client, &receiver.service);
	return receiver;
}

int64_t export__received_after(const struct export_spans *spans, uint32_t len, uint32_t client)
{
	for (uint32_t i = 0; i < len; i++)
		if (spans->receivers[i].client == client)
			return spans->receivers[i].after_ns;
	return 0;
}
