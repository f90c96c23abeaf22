#include "tap/subscriber/system_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SUBSCRIPTIONS = 2, CONFIRM_MS = 5000 };

struct tap__system_events {
	struct tap__presence *presence;
	struct net_client *client;
	struct net_client_errors errors;
	struct net_client_subscription *subscriptions[SUBSCRIPTIONS];
	size_t subscriptions_len;
};

static bool is_disconnect(const char *subject)
{
	const char *dot = strrchr(subject, '.');
	return dot && strcmp(dot, ".DISCONNECT") == 0;
}

/* Threads of libnats. */
static bool on_event(void *context, const struct net_client_delivery *delivery)
{
	const struct tap__system_events *events = context;
	json_t *json = json_loadb(delivery->payload.data, delivery->payload.len, 0, NULL);
	const json_t *client = json_object_get(json, "client");
	const char *server = json_string_value(json_object_get(json_object_get(json, "server"), "id"));
	const char *reason = json_string_value(json_object_get(json, "reason"));
	if (client && server && is_disconnect(delivery->subject))
		tap__presence_disconnected(events->presence, server, client, reason ? reason : "");
	else if (client && server)
		tap__presence_connected(events->presence, server, client);
	json_decref(json);
	return false;
}

static int subscribe(struct tap__system_events *events, struct wire_fault *fault)
{
	static const char *const subjects[SUBSCRIPTIONS] = {"$SYS.ACCOUNT.*.CONNECT",
							    "$SYS.ACCOUNT.*.DISCONNECT"};
	int error = 0;
	while (events->subscriptions_len < SUBSCRIPTIONS && !error) {
		size_t at = events->subscriptions_len;
		error = net_client_subscribe(&events->subscriptions[at], events->client, subjects[at], NULL,
					     on_event, events, fault);
		events->subscriptions_len += error == 0;
	}
	return error ? error : net_client_confirm_subscriptions(events->client, CONFIRM_MS, fault);
}

int tap__system_events_open(struct tap__system_events **events, struct net_client_target *target,
			    struct tap__presence *presence, struct wire_fault *fault)
{
	const struct net_client_watch watch = {.delivers_apart = true};
	struct tap__system_events *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->presence = presence;
	net_client_errors_init(&opened->errors);
	int error = net_client_open_watched(&opened->client, target, "tapedeck record (system account)",
					    &opened->errors, &watch, fault);
	if (!error)
		error = subscribe(opened, fault);
	if (error)
		tap__system_events_close(opened);
	else
		*events = opened;
	return error;
}

void tap__system_events_close(struct tap__system_events *events)
{
	if (!events)
		return;
	net_client_unsubscribe(events->subscriptions, events->subscriptions_len);
	net_client_close(events->client);
	net_client_errors_fini(&events->errors);
	free(events);
}
