#include "cli/top/connections.h"

#include <stdlib.h>

void cli_top_connections_fini(struct cli_top_connections *connections)
{
	for (uint32_t i = 0; i < connections->len; i++) {
		free(connections->list[i]->described);
		free(connections->list[i]);
	}
	free(connections->list);
	store_table_fini(&connections->by_conn);
	*connections = (struct cli_top_connections){0};
}

static uint64_t hash_of(uint32_t origin, uint64_t conn)
{
	uint64_t mixed = (conn ^ (uint64_t)origin << 48) * 0x9e3779b97f4a7c15;
	return mixed ^ mixed >> 32;
}

struct cli_top_connection *cli_top_connections_find(const struct cli_top_connections *connections,
						    uint32_t origin, uint64_t conn)
{
	uint32_t probe = 0, at;
	while (connections->by_conn.slots &&
	       store_table_next(&connections->by_conn, hash_of(origin, conn), &probe, &at))
		if (connections->list[at]->conn == conn && connections->list[at]->origin == origin)
			return connections->list[at];
	return NULL;
}

/* ---- room ---- */

/* Enter all connections into the table again, after their places have changed. */
static void number_again(struct cli_top_connections *connections)
{
	store_table_clear(&connections->by_conn);
	for (uint32_t i = 0; i < connections->len; i++)
		store_table_add(&connections->by_conn,
				hash_of(connections->list[i]->origin, connections->list[i]->conn), i);
}

static void forget_gone(struct cli_top_connections *connections)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < connections->len; i++) {
		struct cli_top_connection *connection = connections->list[i];
		if (!connection->is_gone) {
			connections->list[kept++] = connection;
			continue;
		}
		free(connection->described);
		free(connection);
	}
	connections->len = kept;
	if (store_table_reserve(&connections->by_conn, kept) == 0)
		number_again(connections);
}

/* All memory is taken at once, so that entering connections again cannot fail. */
static bool make_list(struct cli_top_connections *connections)
{
	if (connections->list)
		return true;
	if (store_table_init(&connections->by_conn) != 0 ||
	    store_table_reserve(&connections->by_conn, CLI_TOP_CONNECTIONS_MAX) != 0)
		return false;
	connections->list = calloc(CLI_TOP_CONNECTIONS_MAX, sizeof(struct cli_top_connection *));
	connections->cap = connections->list ? CLI_TOP_CONNECTIONS_MAX : 0;
	return connections->list != NULL;
}

static bool has_room(struct cli_top_connections *connections)
{
	if (!make_list(connections))
		return false;
	if (connections->len == connections->cap)
		forget_gone(connections);
	return connections->len < connections->cap;
}

struct cli_top_connection *cli_top_connections_add(struct cli_top_connections *connections, uint32_t origin,
						   uint64_t conn, const struct wire_client *client)
{
	struct cli_top_connection *connection = has_room(connections) ? calloc(1, sizeof(*connection)) : NULL;
	if (!connection ||
	    store_table_insert(&connections->by_conn, hash_of(origin, conn), connections->len) != 0) {
		free(connection);
		connections->left_out++;
		return NULL;
	}
	connection->conn = conn;
	connection->origin = origin;
	connection->since_ns = INT64_MIN;
	connection->described = client ? store_client_copy(conn, client) : NULL;
	cli_top_activity_init(&connection->activity);
	connections->list[connections->len++] = connection;
	return connection;
}

/* ---- what it did ---- */

void cli_top_activity_init(struct cli_top_activity *activity)
{
	*activity = (struct cli_top_activity){.last_ns = INT64_MIN, .lost_ns = INT64_MIN};
}

void cli_top_activity_publish(struct cli_top_activity *activity, const struct cli_top_window *window,
			      const struct wire_event *message)
{
	cli_top_counter_add(&activity->published, window, message->time_ns, 1);
	cli_top_counter_add(&activity->published_bytes, window, message->time_ns,
			    message->size + message->headers.len);
	activity->messages++;
	activity->last_ns = message->time_ns;
}

void cli_top_activity_receive(struct cli_top_activity *activity, const struct cli_top_window *window,
			      const struct wire_event *message, enum wire_outcome outcome)
{
	activity->last_ns = message->time_ns;
	if (outcome == WIRE_SENT) {
		cli_top_counter_add(&activity->received, window, message->time_ns, 1);
		cli_top_counter_add(&activity->received_bytes, window, message->time_ns,
				    message->size + message->headers.len);
		return;
	}
	activity->denied += outcome == WIRE_DROPPED_PERMISSION;
	activity->undelivered += outcome != WIRE_DROPPED_PERMISSION;
	activity->lost_ns = message->time_ns;
}

static bool is_slow_consumer(struct wire_slice reason)
{
	const struct wire_slice slow = WIRE_LITERAL("Slow Consumer");
	return reason.len >= slow.len && strncasecmp(reason.data, slow.data, slow.len) == 0;
}

void cli_top_activity_disconnect(struct cli_top_activity *activity, const struct wire_event *event)
{
	bool was_slow = is_slow_consumer(event->text);
	activity->last_ns = event->time_ns;
	activity->cut_off += was_slow;
	activity->lost_messages += event->lost_messages;
	activity->lost_bytes += event->lost_bytes;
	if (was_slow || event->lost_messages > 0)
		activity->lost_ns = event->time_ns;
}
