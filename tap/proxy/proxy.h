/* proxy.h - a proxy in front of NATS servers that changes nothing and sees everything.
 *
 * Each client gets a server connection of its own. Bytes pass in both directions as they are; only INFO is rewritten, so that
 * clients stay with the proxy. What passes goes to a sink as events: publishes with their deliveries, connections,
 * subscriptions, errors (tap/session/sessions.h). A sink that is slow or fails never delays clients unless it says so
 * (`ready` of wire_sink).
 *
 * Back-pressure: while one side does not take bytes, the other is not read. A direction holds at most one read and one INFO,
 * less than 1 MiB. Everything runs in the thread that calls tap_proxy_run. */
#ifndef TAP_PROXY_PROXY_H
#define TAP_PROXY_PROXY_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/event.h"
#include "wire/mask/mask.h"

enum tap_proxy_level { TAP_PROXY_ERROR, TAP_PROXY_WARN, TAP_PROXY_INFO, TAP_PROXY_DEBUG };

/* TLS of one side. Files are PEM; NULL: none. */
struct tap_proxy_tls {
	const char *cert_file,
	    *key_file; /* towards clients: a certificate means TLS; towards servers: to be presented to them */
	const char *ca_file; /* whom to trust; NULL: the system's certificates */
	bool
	    verify; /* clients must present a certificate; towards servers: verify theirs, with the host's name */
	bool is_first;      /* the handshake comes before INFO */
	int64_t timeout_ms; /* for a handshake */
};

/* All is borrowed until the proxy is closed. Lists end with NULL; NULL = empty. */
struct tap_proxy_options {
	const char *listen;                /* "HOST:PORT", "HOST" or ":PORT"; port 0: any free port */
	const char *const *upstreams;      /* URLs of servers, in order of preference */
	const char *const *advertise;      /* URLs of further proxies, for INFO */
	const char *const *url_maps;       /* "A=B": the cluster's URL A is B in INFO */
	struct tap_proxy_tls tls;          /* towards clients */
	struct tap_proxy_tls upstream_tls; /* towards servers: those of tls:// URLs */
	bool is_random;                    /* choose any server that is up instead of the first */
	int64_t
	    drain_timeout_ms; /* how long existing connections may stay after a drain has begun; 0: for ever */
	const char *http_host; /* of the monitoring */
	int http_port;         /* 0: none; -1: any free port */
	uint64_t memory_bytes; /* for decoding, and for messages that wait for their deliveries */
	/* Clients' connections begin with a header of the PROXY protocol, which names the client: those from these networks
	 * ("IP/BITS"), or all when there are none. */
	bool accepts_proxy;
	const char *const *proxy_networks;
	int send_proxy; /* begin server connections with such a header of version 1 or 2; 0: none */
	const char
	    *key_path;    /* of an NKey seed, with which servers that trust the proxy know it; NULL: none */
	bool shares_port; /* with the proxy that this one replaces, or that replaces it */
	uint64_t first_conn;          /* the number of the first connection; not 0 */
	struct wire_sink *sink;       /* NULL: nothing is decoded */
	const struct wire_mask *mask; /* that stands before the sink, for /varz and /metrics; NULL: none */
	/* Takes a line for the operator. May be NULL. */
	void (*log)(void *context, enum tap_proxy_level level, const char *line);
	/* SIGUSR1 and SIGHUP: open the log file again. May be NULL. */
	void (*reopen_log)(void *context);
	/* SIGHUP: read the options again, and give them to tap_proxy_reload. May be NULL. */
	void (*reload)(void *context);
	void *context;
};

/* The defaults, as in --help. */
void tap_proxy_options_init(struct tap_proxy_options *options);

struct tap_proxy;

/* Listen. Ignores SIGPIPE, and raises the limit of open files. 0, or a negative code with *fault. */
int tap_proxy_open(struct tap_proxy **proxy, const struct tap_proxy_options *options,
		   struct wire_fault *fault);

/* The host and the port that were bound; the port of the monitoring, 0 when there is none. */
const char *tap_proxy_host(const struct tap_proxy *proxy);
int tap_proxy_port(const struct tap_proxy *proxy);
int tap_proxy_http_port(const struct tap_proxy *proxy);

/* Serve until SIGINT or SIGTERM, or until a drain (SIGUSR2) is over. 0 or a negative code. */
int tap_proxy_run(struct tap_proxy *proxy);

/* Apply other upstreams, the choice among them, advertised proxies, maps and drain timeout; all else stays as it is. Connections stay with
 * their server. 0, or a negative code with *fault, after which nothing has changed but for lack of memory. Call from the loop. */
int tap_proxy_reload(struct tap_proxy *proxy, const struct tap_proxy_options *options,
		     struct wire_fault *fault);

/* The sink has room again. Call from any thread while the proxy is open. */
void tap_proxy_wake(struct tap_proxy *proxy);

/* Free it. All connections have ended: tap_proxy_run has returned, or was never called. NULL is allowed. */
void tap_proxy_close(struct tap_proxy *proxy);

#endif
