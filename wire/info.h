/* info.h - the JSON of INFO and CONNECT.
 *
 * Fields: the NATS documentation, "NATS Protocol"; defaults of missing fields as in nats-server 2.9.10. */
#ifndef WIRE_INFO_H
#define WIRE_INFO_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

/* A client's CONNECT. Strings are owned and never NULL ("" when missing). */
struct wire_connect {
	bool verbose;       /* missing: true */
	bool pedantic;      /* missing: true */
	bool echo;          /* missing: true */
	bool headers;       /* missing: false */
	bool no_responders; /* missing: false */
	bool tls_required;  /* missing: false */
	int protocol;       /* missing: 0; clamped to int */
	char *name, *lang, *version;
	char *user, *pass, *auth_token; /* secrets: never to be logged, printed or stored */
	char *nkey, *sig, *jwt;         /* nkey is public, the others are secrets */
	char *account;                  /* asks for this account, a feature of servers before 2.0 */
	bool new_account;               /* missing: false */
};

/* Read the JSON text of a CONNECT, as leniently as nats-server (json.h). Keys are matched without regard to case, the
 * last of several counts, null leaves a field as it is, unknown fields are ignored; the text `null` is an object
 * without fields. In strings, U+FFFD replaces NUL and whatever is not Unicode. 0; WIRE_EJSON (no valid JSON, no object,
 * or a field of a wrong type); -ENOMEM; both with *fault (may be NULL), which holds nothing that the client sent. On
 * success *connect owns the strings until wire_connect_fini; on failure it owns nothing. */
int wire_connect_read(struct wire_connect *connect, struct wire_slice json, struct wire_fault *fault);

/* Free what wire_connect_read allocated, and wipe the secrets. A zeroed struct is allowed. */
void wire_connect_fini(struct wire_connect *connect);

/* A server's INFO to be written; strings are borrowed by wire_info_write. Strings that are NULL or not UTF-8 are left
 * out, and so are false flags except headers, as in nats-server. */
struct wire_info {
	const char *server_id, *server_name, *version, *go, *host, *client_ip, *nonce, *cluster;
	int port;
	int64_t max_payload;
	uint64_t client_id;
	bool headers, auth_required, tls_required, tls_verify, tls_available, lame_duck;
	const char *const *connect_urls; /* NULL-terminated, or NULL */
};

/* The fields of a server's INFO that a sniffer or a proxy needs. */
struct wire_info_seen {
	char server_id[64];  /* NUL-terminated; "" when missing or longer */
	char cluster[64];    /* name of its cluster, as server_id */
	int64_t max_payload; /* bytes; 0 when missing or invalid */
	char account[128];   /* of the client, in the INFO after CONNECT [nats-server 2.12]; as server_id */
	char nonce[64];      /* to be signed by who logs in; as server_id */
	int64_t
	    api_level; /* of JetStream; from 2 on, the server may trust proxies [nats-server 2.12]. 0 when missing */
};

/* Read the JSON text of an INFO. 0; WIRE_EJSON (not an object); -ENOMEM. */
int wire_info_read(struct wire_info_seen *seen, struct wire_slice json);

/* The line `INFO {json} \r\n` as an owned NUL-terminated string (free()), its length in *len; NULL when out
 * of memory. */
char *wire_info_write(const struct wire_info *info, size_t *len);

#endif
