#include "tap/subscriber/presence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CLOSED_MAX = 1 << 17 /* names; a server lists 10,000 closed connections at each poll */ };

int tap__presence_init(struct tap__presence *presence, struct tap__notices *notices,
		       struct tap__outage *outage, uint64_t first_conn)
{
	*presence = (struct tap__presence){.notices = notices,
					   .outage = outage,
					   .open = json_object(),
					   .closed = json_object(),
					   .closed_before = json_object(),
					   .next_conn = first_conn};
	pthread_mutex_init(&presence->lock, NULL);
	return presence->open && presence->closed && presence->closed_before ? 0 : -ENOMEM;
}

void tap__presence_fini(struct tap__presence *presence)
{
	json_decref(presence->open);
	json_decref(presence->closed);
	json_decref(presence->closed_before);
	pthread_mutex_destroy(&presence->lock);
}

/* ---- members ---- */

static const json_t *either(const json_t *client, const char *key, const char *other)
{
	const json_t *value = json_object_get(client, key);
	return value ? value : json_object_get(client, other);
}

static struct wire_slice text_of(const json_t *client, const char *key, const char *other)
{
	const json_t *value = either(client, key, other);
	return wire_slice(json_string_value(value), json_string_length(value));
}

static uint64_t cid_of(const json_t *client)
{
	return (uint64_t)json_integer_value(either(client, "cid", "id"));
}

static void name_connection(char *name, size_t size, const char *server, uint64_t cid)
{
	snprintf(name, size, "%.100s/%" PRIu64, server, cid);
}

static void write_address(const json_t *client, char *address, size_t size)
{
	struct wire_slice host = text_of(client, "ip", "host");
	json_int_t port = json_integer_value(json_object_get(client, "port"));
	bool is_v6 = host.len > 0 && memchr(host.data, ':', host.len);
	if (port > 0)
		snprintf(address, size, "%s%.*s%s:%" JSON_INTEGER_FORMAT, is_v6 ? "[" : "", (int)host.len,
			 host.data ? host.data : "", is_v6 ? "]" : "", port);
	else
		snprintf(address, size, "%.*s", (int)host.len, host.data ? host.data : "");
}

/* ---- events ---- */

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void emit_connect(struct tap__presence *presence, const json_t *client, uint64_t conn)
{
	char address[160];
	write_address(client, address, sizeof address);
	const struct wire_client description = {.address = wire_slice_str(address),
						.name = text_of(client, "name", "name"),
						.lang = text_of(client, "lang", "lang"),
						.version = text_of(client, "version", "ver"),
						.user = text_of(client, "authorized_user", "user"),
						.account = text_of(client, "account", "acc")};
	const struct wire_event event = {
	    .kind = WIRE_EVENT_CONNECT, .time_ns = now_ns(), .conn = conn, .client = &description};
	tap__notices_add(presence->notices, &event);
}

static void emit_disconnect(struct tap__presence *presence, uint64_t conn, const char *reason)
{
	const struct wire_event event = {
	    .kind = WIRE_EVENT_DISCONNECT, .time_ns = now_ns(), .conn = conn, .text = wire_slice_str(reason)};
	tap__notices_add(presence->notices, &event);
}

/* The other source may tell of it later. */
static void remember_closed(struct tap__presence *presence, const char *name)
{
	if (json_object_size(presence->closed) >= CLOSED_MAX) {
		json_t *old = presence->closed_before;
		presence->closed_before = presence->closed;
		presence->closed = old;
		json_object_clear(presence->closed);
	}
	json_object_set_new(presence->closed, name, json_true());
}

/* Has it ended? A name that is still reported stays remembered. */
static bool has_ended(struct tap__presence *presence, const char *name)
{
	if (json_object_get(presence->closed, name))
		return true;
	if (!json_object_get(presence->closed_before, name))
		return false;
	remember_closed(presence, name);
	return true;
}

/* Its number, after a connect event if it is new. 0 when it has ended already, or out of memory. */
static uint64_t number_of(struct tap__presence *presence, const char *name, const json_t *client)
{
	const json_t *known = json_object_get(presence->open, name);
	if (known)
		return (uint64_t)json_integer_value(known);
	if (has_ended(presence, name))
		return 0;
	uint64_t conn = presence->next_conn;
	if (json_object_set_new(presence->open, name, json_integer((json_int_t)conn)) != 0)
		return 0;
	presence->next_conn++;
	emit_connect(presence, client, conn);
	return conn;
}

void tap__presence_set_own(struct tap__presence *presence, const char *server, uint64_t cid)
{
	pthread_mutex_lock(&presence->lock);
	name_connection(presence->own, sizeof presence->own, server, cid);
	pthread_mutex_unlock(&presence->lock);
}

void tap__presence_connected(struct tap__presence *presence, const char *server, const json_t *client)
{
	char name[160];
	name_connection(name, sizeof name, server, cid_of(client));
	pthread_mutex_lock(&presence->lock);
	(void)number_of(presence, name, client);
	pthread_mutex_unlock(&presence->lock);
}

void tap__presence_ended_before(struct tap__presence *presence, const char *server, const json_t *client)
{
	char name[160];
	name_connection(name, sizeof name, server, cid_of(client));
	pthread_mutex_lock(&presence->lock);
	if (!json_object_get(presence->open, name) && !has_ended(presence, name))
		remember_closed(presence, name);
	pthread_mutex_unlock(&presence->lock);
}

void tap__presence_disconnected(struct tap__presence *presence, const char *server, const json_t *client,
				const char *reason)
{
	char name[160];
	name_connection(name, sizeof name, server, cid_of(client));
	pthread_mutex_lock(&presence->lock);
	uint64_t conn = number_of(presence, name, client);
	if (conn > 0) {
		emit_disconnect(presence, conn, reason);
		json_object_del(presence->open, name);
		remember_closed(presence, name);
	}
	if (conn > 0 && strcmp(name, presence->own) == 0)
		tap__outage_explain(presence->outage, reason);
	pthread_mutex_unlock(&presence->lock);
}

void tap__presence_server_gone(struct tap__presence *presence, const char *server, const char *reason)
{
	char prefix[160];
	const char *name;
	json_t *conn;
	void *next;
	int len = snprintf(prefix, sizeof prefix, "%.100s/", server);
	pthread_mutex_lock(&presence->lock);
	json_object_foreach_safe(presence->open, next, name, conn)
	{
		if (strncmp(name, prefix, (size_t)len) != 0)
			continue;
		emit_disconnect(presence, (uint64_t)json_integer_value(conn), reason);
		json_object_del(presence->open, name);
	}
	pthread_mutex_unlock(&presence->lock);
}
