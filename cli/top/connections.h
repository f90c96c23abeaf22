/* connections.h - the connections that a log mentions, and what each has published and received.
 *
 * Bounded: when there is no room for a further one, those that have disconnected are forgotten; when all are connected, it is
 * counted and has no row. */
#ifndef CLI_TOP_CONNECTIONS_H
#define CLI_TOP_CONNECTIONS_H

#include "cli/top/window.h"
#include "store/format/table.h"
#include "store/read/clients.h"
#include "wire/source.h"

enum { CLI_TOP_CONNECTIONS_MAX = 1 << 13 };

/* The traffic of one connection, or of all connections of a service. The counters cover the window, the numbers all time. */
struct cli_top_activity {
	struct cli_top_counter published, published_bytes, received, received_bytes;
	uint64_t messages;                  /* published */
	uint64_t undelivered;               /* deliveries to it that did not happen: slow, or closing */
	uint64_t denied;                    /* deliveries that its permissions ruled out */
	uint64_t cut_off;                   /* how often it was disconnected as a slow consumer */
	uint64_t lost_messages, lost_bytes; /* that were under way when it was disconnected */
	int64_t last_ns, lost_ns;           /* its last event; its last loss. INT64_MIN: none */
};

struct cli_top_connection {
	uint64_t conn;
	uint32_t origin, service;
	struct store_client *described; /* owned; NULL = nothing is known of it */
	int64_t subscriptions;          /* made less ended, since it is known */
	int64_t since_ns;               /* when it connected; INT64_MIN: before it was known */
	bool is_gone;
	struct cli_top_activity activity;
};

/* Zeroed = empty. */
struct cli_top_connections {
	struct cli_top_connection **list; /* owned, each one too */
	uint32_t len, cap;
	struct store_table by_conn;
	uint64_t left_out;
};

void cli_top_connections_fini(struct cli_top_connections *connections);

/* The connection of the event that the source has just given, NULL when it is new. Valid until one is added. */
struct cli_top_connection *cli_top_connections_find(const struct cli_top_connections *connections,
						    uint32_t origin, uint64_t conn);

/* Add one that is new; a description is copied. NULL when there is no room. */
struct cli_top_connection *cli_top_connections_add(struct cli_top_connections *connections, uint32_t origin,
						   uint64_t conn, const struct wire_client *client);

/* Count for a connection or a service. */
void cli_top_activity_init(struct cli_top_activity *activity);
void cli_top_activity_publish(struct cli_top_activity *activity, const struct cli_top_window *window,
			      const struct wire_event *message);
void cli_top_activity_receive(struct cli_top_activity *activity, const struct cli_top_window *window,
			      const struct wire_event *message, enum wire_outcome outcome);
void cli_top_activity_disconnect(struct cli_top_activity *activity, const struct wire_event *event);

#endif
