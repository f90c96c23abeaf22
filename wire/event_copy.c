#include "wire/event_copy.h"

#include <errno.h>
#include <stdlib.h>

/* The memory that an event needs is measured by the same walk that fills it: first with `out` NULL. Arrays come first, so that
 * they are aligned; texts follow. */
struct walk {
	char *out; /* NULL: measure */
	size_t len;
};

static struct wire_slice keep(struct walk *walk, struct wire_slice text)
{
	char *to = walk->out ? walk->out + walk->len : NULL;
	walk->len += text.len;
	if (to && text.len > 0 && text.data)
		memcpy(to, text.data, text.len);
	return wire_slice(text.data ? to : NULL, text.len);
}

static void *keep_array(struct walk *walk, const void *array, size_t bytes)
{
	char *to = walk->out ? walk->out + walk->len : NULL;
	walk->len += bytes;
	if (to && bytes > 0 && array)
		memcpy(to, array, bytes);
	return to;
}

static struct wire_client keep_client(struct walk *walk, const struct wire_client *client)
{
	struct wire_client kept = *client;
	kept.address = keep(walk, client->address);
	kept.name = keep(walk, client->name);
	kept.lang = keep(walk, client->lang);
	kept.version = keep(walk, client->version);
	kept.user = keep(walk, client->user);
	kept.account = keep(walk, client->account);
	kept.certificate = keep(walk, client->certificate);
	return kept;
}

static size_t count_clients(const struct wire_event *event)
{
	size_t receivers = event->receivers ? event->receivers_len : 0;
	return 1 + (receivers < WIRE_EVENT_COPY_CLIENTS ? receivers : WIRE_EVENT_COPY_CLIENTS);
}

/* The publisher's first. */
static void keep_clients(struct walk *walk, struct wire_event_copy *copy, const struct wire_event *event,
			 struct wire_source *source)
{
	for (size_t i = 0; i < count_clients(event); i++) {
		const uint64_t conn = i == 0 ? event->conn : event->receivers[i - 1].conn;
		const struct wire_client *known = conn && source ? source->client(source, conn) : NULL;
		struct wire_client kept = {0};
		if (known)
			kept = keep_client(walk, known);
		if (walk->out)
			copy->clients[i] = (struct wire_event_copy_client){known ? conn : 0, kept};
	}
}

static void keep_receivers(struct walk *walk, struct wire_event *kept, const struct wire_event *event)
{
	struct wire_receiver *receivers = (struct wire_receiver *)(uintptr_t)kept->receivers;
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++) {
		struct wire_receiver receiver = event->receivers[i];
		receiver.sid = keep(walk, receiver.sid);
		receiver.queue = keep(walk, receiver.queue);
		if (walk->out)
			receivers[i] = receiver;
	}
}

static void keep_texts(struct walk *walk, struct wire_event_copy *copy, const struct wire_event *event)
{
	struct wire_event *kept = &copy->event;
	kept->subject = keep(walk, event->subject);
	kept->reply = keep(walk, event->reply);
	kept->headers = keep(walk, event->headers);
	kept->payload = keep(walk, event->payload);
	kept->sid = keep(walk, event->sid);
	kept->queue = keep(walk, event->queue);
	kept->text = keep(walk, event->text);
	if (event->client) {
		copy->client = keep_client(walk, event->client);
		kept->client = &copy->client;
	}
	keep_receivers(walk, kept, event);
}

static void keep_all(struct walk *walk, struct wire_event_copy *copy, const struct wire_event *event,
		     struct wire_source *source)
{
	copy->event = *event;
	copy->event.unmasked_subject = wire_slice(NULL, 0);
	copy->event.subject_hint = copy->event.receivers_hint = NULL;
	copy->clients_len = count_clients(event);
	copy->clients = keep_array(walk, NULL, copy->clients_len * sizeof *copy->clients);
	const size_t receivers = event->receivers ? event->receivers_len : 0;
	copy->event.receivers = keep_array(walk, event->receivers, receivers * sizeof *event->receivers);
	copy->event.delays_ns =
	    keep_array(walk, event->delays_ns, event->delays_ns ? receivers * sizeof *event->delays_ns : 0);
	if (!event->receivers)
		copy->event.receivers = NULL;
	if (!event->delays_ns)
		copy->event.delays_ns = NULL;
	keep_texts(walk, copy, event);
	keep_clients(walk, copy, event, source);
}

int wire_event_copy_set(struct wire_event_copy *copy, const struct wire_event *event,
			struct wire_source *source)
{
	struct walk measured = {0};
	keep_all(&measured, copy, event, source);
	if (measured.len > copy->cap) {
		char *bytes = realloc(copy->bytes, measured.len);
		if (!bytes) {
			copy->event = (struct wire_event){0};
			copy->clients_len = 0;
			return -ENOMEM;
		}
		copy->bytes = bytes;
		copy->cap = measured.len;
	}
	struct walk walk = {.out = copy->bytes};
	keep_all(&walk, copy, event, source);
	return 0;
}

void wire_event_copy_fini(struct wire_event_copy *copy)
{
	free(copy->bytes);
	*copy = (struct wire_event_copy){0};
}

const struct wire_client *wire_event_copy_client(const struct wire_event_copy *copy, uint64_t conn)
{
	for (size_t i = 0; i < copy->clients_len; i++)
		if (copy->clients[i].conn == conn && conn > 0)
			return &copy->clients[i].client;
	return NULL;
}
