#include "store/cluster/given.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "wire/conn.h"

static bool reserve(struct store__given *given, size_t count)
{
	if (count <= given->receivers_cap)
		return true;
	struct wire_receiver *receivers = realloc(given->receivers, count * sizeof *receivers);
	if (receivers)
		given->receivers = receivers;
	int64_t *delays_ns = receivers ? realloc(given->delays_ns, count * sizeof *delays_ns) : NULL;
	if (!delays_ns)
		return false;
	given->delays_ns = delays_ns;
	given->receivers_cap = count;
	return true;
}

static void add_receiver(struct store__given *given, const struct store__order *order,
			 const struct store__entry *delivery, uint32_t at)
{
	const struct store__entry *message = given->entry;
	const struct wire_event *event = &delivery->copy.event;
	bool is_elsewhere = delivery->input != message->input;
	given->receivers[at] = (struct wire_receiver){
	    .conn = is_elsewhere ? wire_conn_elsewhere(delivery->input, event->conn) : event->conn,
	    .sid = event->sid,
	    .queue = event->queue,
	    .outcome = event->outcome};
	given->delays_ns[at] = delivery->is_time_unknown ? WIRE_DELAY_UNKNOWN
							 : store_time_minus(store__entry_ns(order, delivery),
									    store__entry_ns(order, message));
}

/* Add the deliveries that joined the message to its receivers. 0 or -ENOMEM. */
static int list_receivers(struct store__given *given, const struct store__order *order,
			  struct wire_event *event)
{
	const struct store__entry *message = given->entry;
	uint32_t count = event->receivers_len;
	event->receiver_count += message->receivers_count;
	if (!event->receivers && event->receiver_count > message->receivers_count)
		return 0; /* only their number is known */
	if (!reserve(given, count + message->receivers_count))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		given->receivers[i] = event->receivers[i];
		given->delays_ns[i] = event->delays_ns ? event->delays_ns[i] : WIRE_DELAY_UNKNOWN;
	}
	for (const struct store__entry *delivery = message->receivers; delivery;
	     delivery = delivery->next_same)
		add_receiver(given, order, delivery, count++);
	event->receivers = given->receivers;
	event->delays_ns = given->delays_ns;
	event->receivers_len = count;
	return 0;
}

int store__given_set(struct store__given *given, const struct store__order *order, struct store__entry *entry,
		     struct wire_event *event)
{
	given->entry = entry;
	*event = entry->copy.event;
	event->steady_ns = store__entry_ns(order, entry);
	return entry->receivers ? list_receivers(given, order, event) : 0;
}

void store__given_fini(struct store__given *given)
{
	free(given->receivers);
	free(given->delays_ns);
	*given = (struct store__given){0};
}

const struct wire_client *store__given_client(const struct store__given *given, uint64_t conn)
{
	const struct store__entry *entry = given->entry;
	const struct wire_client *client = NULL;
	if (!entry)
		return NULL;
	const uint32_t input = wire_conn_input(conn, entry->input);
	const uint64_t number = wire_conn_number(conn);
	if (input == entry->input)
		client = wire_event_copy_client(&entry->copy, number);
	for (const struct store__entry *delivery = entry->receivers; delivery && !client;
	     delivery = delivery->next_same)
		if (delivery->input == input && delivery->copy.event.conn == number)
			client = wire_event_copy_client(&delivery->copy, number);
	return client;
}
