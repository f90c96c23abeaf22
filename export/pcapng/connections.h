/* connections.h - the TCP connections of a synthesised capture: their ends, and how far each end has sent. Internal to
 * export/pcapng.
 *
 * A connection has the address of the client that was recorded, where it is known and no other open connection has it, else one
 * that is made up (198.18.0.0/15, the network for benchmarks of RFC 2544). The server's address is not in a log: it is made up
 * as well, 192.0.2.N or 2001:db8::N (for documentation, RFC 5737 and 3849), N = 1 for the first input, port 4222.
 *
 * The number of connections is bounded. Whoever finds the table full closes the one that was silent for longest. */
#ifndef EXPORT_PCAPNG_CONNECTIONS_H
#define EXPORT_PCAPNG_CONNECTIONS_H

#include "store/format/table.h"
#include "wire/slice.h"

enum {
	EXPORT__CONNECTIONS_MAX = 1 << 18, /* open at the same time: 48 MiB with their tables */
	EXPORT__SERVER_PORT = 4222,
};

enum export__side { EXPORT__CLIENT, EXPORT__SERVER };

struct export__address {
	uint8_t bytes[16]; /* network order; the first 4 of IPv4 */
	uint16_t port;
	bool is_v6;
};

struct export__connection {
	uint64_t conn;     /* unique among all inputs; 0: of those whose connection is not known */
	uint32_t next[2];  /* sequence number of the next byte that each side sends */
	uint32_t acked[2]; /* the other side has acknowledged what each sent up to here */
	struct export__address client;
	uint64_t
	    recorded; /* hash of the address that a look-up gave for the client; 0: none, or a connect event gave it */
	uint32_t input;        /* that it is of; its server has an address of its own */
	bool is_made_up;       /* the client's address */
	bool has_account;      /* the server has said it */
	uint32_t kept;         /* deliveries to it that wait (late.h) */
	uint32_t older, newer; /* by when they were used; index + 1, 0 = none */
};

struct export__connections {
	struct export__connection *list; /* owned; unused ones are linked by `older` */
	uint32_t len, cap, unused, count;
	uint32_t oldest, newest; /* index + 1, 0 = none */
	uint64_t made_up, opened;
	struct store_table by_conn, by_address;
};

/* 0 or -ENOMEM; in either case call fini. */
int export__connections_init(struct export__connections *connections);
void export__connections_fini(struct export__connections *connections);

/* The open connection, which counts as used now; NULL when there is none. Valid until the next call of add. */
struct export__connection *export__connections_find(struct export__connections *connections, uint64_t conn);

/* Add one that is not there, of a client at this address ("10.0.0.7:53122", "[::1]:53122"; anything else is not known).
 * NULL when out of memory. There must be room. */
struct export__connection *export__connections_add(struct export__connections *connections, uint64_t conn,
						   uint32_t input, struct wire_slice address);

void export__connections_remove(struct export__connections *connections,
				struct export__connection *connection);

/* The one that was silent for longest, NULL when there is none. */
struct export__connection *export__connections_oldest(struct export__connections *connections);

/* The one that was used next after it, NULL when there is none. */
struct export__connection *export__connections_newer(struct export__connections *connections,
						     const struct export__connection *connection);

static inline bool export__connections_are_full(const struct export__connections *connections)
{
	return connections->count >= EXPORT__CONNECTIONS_MAX;
}

/* Numbers of connections that are made up for clients that are not known: 0 for publishers, the highest ones for receivers. */
#define EXPORT__UNNAMED(number) (UINT64_MAX - (number))

static inline bool export__connection_is_nobody(const struct export__connection *connection)
{
	return connection->conn == 0 || connection->conn >= EXPORT__UNNAMED(UINT32_MAX);
}

/* The address of a side. */
struct export__address export__connection_address(const struct export__connection *connection,
						  enum export__side side);

/* Its host as text, NUL-terminated. */
enum { EXPORT__ADDRESS_TEXT = 64 };
const char *export__address_host(char text[EXPORT__ADDRESS_TEXT], const struct export__address *address);

#endif
