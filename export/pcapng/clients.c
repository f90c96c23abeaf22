#include "export/pcapng/clients.h"

#include <errno.h>
#include <xxhash.h>

#include "export/pcapng/greeting.h"

static void send_greeting(const struct export__context *context, struct export__connection *connection,
			  enum export__side from, struct wire_slice comment)
{
	const struct export_out *text = &context->writer->greeting;

	export__tcp_send(&context->writer->tcp, connection, from,
			 &(struct export__data){.pieces = {wire_slice(text->data, text->len)},
						.count = 1,
						.time_ns = context->event->time_ns,
						.comment = comment});
}

/* After CONNECT. */
static void send_account(const struct export__context *context, struct export__connection *connection,
			 const struct wire_client *client, struct wire_slice comment)
{
	if (!client || client->account.len == 0 || connection->has_account)
		return;
	connection->has_account = true;
	export__greeting_info(&context->writer->greeting, connection, &client->account);
	send_greeting(context, connection, EXPORT__SERVER, comment);
}

static struct wire_slice comment_on_start(const struct export__context *context,
					  const struct export__connection *connection,
					  const struct wire_client *client)
{
	struct export__notes *notes = &context->writer->notes;
	const struct wire_event *event = context->event;

	export__notes_begin(notes, event, context->input->source);
	if (export__connection_is_nobody(connection))
		export__notes_add(notes, "made up, for clients that are not known");
	else if (event->kind != WIRE_EVENT_CONNECT || event->conn == 0)
		export__notes_add(notes, "the connection began before");
	else if (event->flags & WIRE_EVENT_REPEATED)
		export__notes_add(notes, "the connection began before the log");
	if (connection->is_made_up && !export__connection_is_nobody(connection))
		export__notes_add(notes, "the client's address is made up");
	if (connection->is_made_up && client && client->address.len > 0) {
		export__notes_add(notes, "recorded was ");
		export__notes_add_bytes(notes, client->address);
	}
	return export__notes_take(notes);
}

/* Before the end of a connection, what waits to be sent to it. */
static void send_late(struct export__pcapng *writer, const struct export__connection *connection)
{
	if (connection->kept > 0)
		export__late_send_all(&writer->late, &writer->connections, &writer->tcp, writer->last_ns);
}

/* End connections until there is room for one more. */
static void make_room(const struct export__context *context)
{
	struct export__pcapng *writer = context->writer;

	while (export__connections_are_full(&writer->connections)) {
		send_late(writer, export__connections_oldest(&writer->connections));
		struct export__connection *oldest = export__connections_oldest(&writer->connections);

		export__notes_begin(&writer->notes, context->event, context->input->source);
		export__notes_add(&writer->notes, "not the end of the connection: too many are open");
		export__tcp_close(&writer->tcp, oldest, context->event->time_ns,
				  export__notes_take(&writer->notes));
		export__connections_remove(&writer->connections, oldest);
	}
}

static struct export__connection *open_connection(const struct export__context *context, uint64_t unique,
						  uint32_t input, const struct wire_client *client)
{
	struct export__pcapng *writer = context->writer;
	const struct wire_slice none = {0};

	make_room(context);
	struct export__connection *connection =
	    export__connections_add(&writer->connections, unique, input, client ? client->address : none);
	if (!connection)
		return NULL;
	export__tcp_open(&writer->tcp, connection, context->event->time_ns,
			 comment_on_start(context, connection, client));
	export__greeting_info(&writer->greeting, connection, NULL);
	send_greeting(context, connection, EXPORT__SERVER, none);
	export__greeting_connect(&writer->greeting, client);
	send_greeting(context, connection, EXPORT__CLIENT, none);
	send_account(context, connection, client, none);
	return connection;
}

static void close_connection(const struct export__context *context, struct export__connection *connection)
{
	struct export__pcapng *writer = context->writer;

	export__tcp_close(&writer->tcp, connection, context->event->time_ns,
			  export__notes_take(&writer->notes));
	export__connections_remove(&writer->connections, connection);
}

/* The connection ended without an event that says so. */
static void close_unseen(const struct export__context *context, struct export__connection *connection)
{
	send_late(context->writer, connection);
	export__notes_begin(&context->writer->notes, context->event, context->input->source);
	export__notes_add(&context->writer->notes, "its end is not in the log");
	close_connection(context, connection);
}

/* Of the client's address; 0 when it is not known. */
static uint64_t hash_of(const struct wire_client *client)
{
	return client && client->address.len > 0 ? XXH3_64bits(client->address.data, client->address.len) | 1
						 : 0;
}

/* Has another recording, whose start was not chosen, given the number of the connection to another client? */
static bool is_of_another(const struct export__context *context, const struct export__connection *connection,
			  uint64_t conn)
{
	if (connection->recorded == 0)
		return false;
	const uint64_t recorded = hash_of(export_clients_find(&context->input->clients, conn));
	return recorded != 0 && recorded != connection->recorded;
}

struct export__connection *export__clients_get(const struct export__context *context, uint64_t conn)
{
	const uint64_t unique = wire_source_conn(context->input->source, conn);
	struct export__connection *connection =
	    export__connections_find(&context->writer->connections, unique);

	if (connection && !is_of_another(context, connection, conn))
		return connection;
	if (connection)
		close_unseen(context, connection);
	if (conn == 0)
		return open_connection(context, unique, 0,
				       &(struct wire_client){.name = WIRE_LITERAL("(unknown publisher)")});
	const struct wire_client *client = export_clients_find(&context->input->clients, conn);
	connection = open_connection(
	    context, unique, wire_conn_input(conn, wire_source_origin(context->input->source)), client);
	if (connection)
		connection->recorded = hash_of(client);
	return connection;
}

struct export__connection *export__clients_get_unnamed(const struct export__context *context, uint32_t number)
{
	struct export__connection *connection =
	    export__connections_find(&context->writer->connections, EXPORT__UNNAMED(number));

	return connection
		   ? connection
		   : open_connection(context, EXPORT__UNNAMED(number), 0,
				     &(struct wire_client){.name = WIRE_LITERAL("(unknown receiver)")});
}

int export__clients_connect(const struct export__context *context)
{
	struct export__pcapng *writer = context->writer;
	const struct wire_event *event = context->event;
	const uint64_t unique = wire_source_conn(context->input->source, event->conn);
	struct export__connection *connection = export__connections_find(&writer->connections, unique);

	if (!connection) {
		const uint32_t input = wire_source_origin(context->input->source);
		return open_connection(context, unique, input, event->client) ? 0 : -ENOMEM;
	}
	export__notes_begin(&writer->notes, event, context->input->source);
	const struct wire_slice comment = export__notes_take(&writer->notes);
	if (event->flags & WIRE_EVENT_REPEATED) {
		send_account(context, connection, event->client, comment);
		return 0;
	}
	export__greeting_connect(&writer->greeting, event->client);
	send_greeting(context, connection, EXPORT__CLIENT, comment);
	connection->has_account = false;
	send_account(context, connection, event->client, wire_slice(NULL, 0));
	return 0;
}

void export__clients_disconnect(const struct export__context *context)
{
	struct export__notes *notes = &context->writer->notes;
	const struct wire_event *event = context->event;
	struct export__connection *connection = export__clients_get(context, event->conn);

	if (!connection)
		return;
	send_late(context->writer, connection);
	export__notes_begin(notes, event, context->input->source);
	export__notes_add(notes, "disconnected: ");
	export__notes_add_bytes(notes, event->text);
	if (event->lost_messages > 0)
		export__notes_add(notes, "%llu messages (%llu bytes) did not reach the client",
				  (unsigned long long)event->lost_messages,
				  (unsigned long long)event->lost_bytes);
	close_connection(context, connection);
}

void export__clients_restart(const struct export__context *context)
{
	struct export__connections *connections = &context->writer->connections;
	const uint32_t input = wire_source_origin(context->input->source);

	export__late_send_all(&context->writer->late, connections, &context->writer->tcp,
			      context->writer->last_ns);
	for (struct export__connection *connection = export__connections_oldest(connections), *next;
	     connection; connection = next) {
		next = export__connections_newer(connections, connection);
		if (connection->input != input || export__connection_is_nobody(connection))
			continue;
		close_unseen(context, connection);
	}
}
