/* options.h - all options of a broker, from flags or a configuration file.
 *
 * Plain data: strings are owned by the struct. Defaults are those of nats-server 2.9.10. */
#ifndef BROKER_CONFIG_OPTIONS_H
#define BROKER_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/error.h"

struct wire_mask;

/* Subjects a user may publish or subscribe to. An entry is a pattern, for subscriptions also "pattern queue" (queue
 * may have wildcards). has_allow distinguishes an empty allow list (nothing) from a missing one (all). */
struct broker_permission {
	char **allow, **deny; /* allow_len and deny_len entries */
	size_t allow_len, deny_len;
	bool has_allow;
};

struct broker_permissions {
	struct broker_permission publish, subscribe;
	bool allow_responses;
	int64_t response_max;       /* replies allowed per request; -1 = no limit. nats-server: 1 */
	int64_t response_expire_ms; /* 0 = no expiry. nats-server: 2 min */
};

struct broker_user {
	char *name;
	char *password;                         /* clear, or bcrypt: $2a$… */
	struct broker_permissions *permissions; /* NULL: everything is allowed */
};

enum { BROKER_PORT = 4222, BROKER_CONTROL_LINE_MOST = 64 * 1024 };

enum { BROKER_TLS_FIRST = -1 };

/* TLS of clients: on when there is a certificate. Files are PEM; strings are owned. */
struct broker_tls {
	char *cert_file, *key_file, *ca_file; /* ca_file NULL: the system's certificates */
	bool verify;                          /* clients must present a certificate */
	bool verify_and_map;                  /* and it names the user */
	int min_version;                      /* 12: TLS 1.2, 13: TLS 1.3; 0: 1.2 */
	char *cipher_suites,
	    *curves;        /* IANA's and OpenSSL's names, separated by ':'; NULL: OpenSSL's choice */
	int64_t timeout_ms; /* of a handshake, 2 s */
	/* 0: INFO comes before the handshake; BROKER_TLS_FIRST: after it; > 0: INFO comes first when the client does not begin
	 * within this time. */
	int64_t first_ms;
};

struct broker_options {
	char *host;        /* NULL: "0.0.0.0", which also means IPv6 "::" as in nats-server */
	int port;          /* BROKER_PORT; -1 = any free port */
	char *server_name; /* NULL: the server id */
	char *
	    client_advertise; /* "host" or "host:port" that INFO gives instead of the real ones; NULL: none */
	char *cluster_name;   /* given in INFO; NULL: none */
	int http_port;        /* 0 = no monitoring; -1 = any free port */
	int https_port;       /* likewise, with TLS; only one of the two */
	char *http_host;      /* NULL: as host */
	char *http_base_path; /* before the paths of the monitoring; NULL: none */
	char *
	    http_allow_origin; /* the origin whose web pages may read the monitoring; "*": all; NULL: none. Ours */
	char *config_path; /* NULL: none */
	char *pid_path, *ports_file_dir;
	char *log_path; /* NULL: stderr */
	bool log_time;  /* true */
	bool debug, trace;

	char *token;               /* NULL: none */
	char *username, *password; /* a single user; NULL: none */
	struct broker_user *users; /* users_len entries */
	size_t users_len;
	char *no_auth_user;      /* NULL: none */
	int64_t auth_timeout_ms; /* 0: 2 s; with TLS one second more than a handshake */
	struct broker_tls tls;
	bool is_tls_wanted; /* --tls */
	bool allow_non_tls; /* clients may connect without TLS, too */

	uint32_t max_control_line; /* bytes, 4096; at most BROKER_CONTROL_LINE_MOST */
	uint32_t max_payload;      /* bytes, 1 MiB; at most 64 MiB */
	uint64_t max_pending;      /* bytes of output per client, 64 MiB */
	/* Bytes of output and input held for all clients together; 0: twice max_pending. Ours, not nats-server's. */
	uint64_t max_pending_total;
	uint32_t max_connections;         /* 65 536 */
	uint32_t max_subscriptions;       /* per connection; 0 = no limit */
	uint32_t max_subscription_tokens; /* of a subject subscribed to; 0 = no limit */
	uint32_t max_closed_clients;      /* that the monitoring remembers, 10 000. Ours */
	int64_t ping_interval_ms;         /* 2 min */
	uint32_t ping_max;                /* unanswered pings allowed, 2 */
	int64_t write_deadline_ms;        /* 10 s */
	int64_t lame_duck_duration_ms;    /* 2 min */
	int64_t lame_duck_grace_ms;       /* 10 s */
	bool no_header_support;

	uint64_t first_client_id; /* 1; with a log: the first connection number it has never used */

	/* For a reload (SIGHUP): fill *fresh, which is uninitialised, from wherever these options came from
	 * (configuration file, then flags), reload itself included. 0, or a negative code with *fault and
	 * nothing in *fresh to free. NULL: there is nothing to reload. Borrowed: outlives the broker. */
	int (*reload)(void *context, struct broker_options *fresh, struct wire_fault *fault);
	void *reload_context;
	/* What log lines and monitoring pages must not show; NULL: nothing. Borrowed: outlives the broker. */
	struct wire_mask *mask;
};

/* Fill in the defaults. */
void broker_options_init(struct broker_options *options);
/* How long clients may take to authenticate. */
int64_t broker_options_auth_timeout_ms(const struct broker_options *options);
/* Free what the options own; passwords are wiped. The struct is all zero afterwards. */
void broker_options_fini(struct broker_options *options);

/* Free parts of the options. */
void broker_user_fini(struct broker_user *user);
void broker_permissions_free(struct broker_permissions *permissions);

/* Checks that concern several options at once (a password without a user, no_auth_user unknown,
 * sizes that exceed one another). 0, or BROKER_ECONFIG with *fault. */
int broker_options_check(const struct broker_options *options, struct wire_fault *fault);

#endif
