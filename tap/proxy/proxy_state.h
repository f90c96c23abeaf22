/* proxy_state.h - what a proxy and a connection through it are. Internal to tap. */
#ifndef TAP_PROXY_PROXY_STATE_H
#define TAP_PROXY_PROXY_STATE_H

#include "net/http/server.h"
#include "net/listener.h"
#include "net/proxy_layer.h"
#include "net/tls_files.h"
#include "tap/proxy/connect_filter.h"
#include "tap/proxy/greeting.h"
#include "tap/proxy/info_filter.h"
#include "tap/proxy/latency.h"
#include "tap/proxy/observer.h"
#include "tap/proxy/proxy.h"
#include "tap/proxy/upstreams.h"

enum {
	TAP__READ_BYTES = 64 << 10, /* the most that one read takes, and that a direction holds */
	TAP__TURN_BYTES =
	    256 << 10, /* the most that is read of one side of a connection in one turn of the loop */
	TAP__PROXY_SIGNALS = 5,
};

/* One direction of a connection. */
struct tap__relay {
	struct net_stream *from, *to; /* borrowed; to: NULL until the server is connected */
	char *memory;           /* of the bytes that `to` has not taken; owned. NULL: it has taken all */
	struct wire_slice rest; /* they are */
	size_t held_bytes;      /* of memory */
	size_t begun_bytes;     /* the first bytes of the rest, which `to` has begun to write */
	uint64_t read_ns;       /* when they were read */
	size_t turn_bytes;      /* read in the turn of this number */
	uint64_t turn;
	bool has_ended;  /* `from` has sent its last byte */
	bool is_broken;  /* `to` takes no more bytes */
	bool is_resting; /* its server is behind (tap/proxy/pace.h) */
	bool is_waiting; /* reading goes on in another turn, or when the sink has room */
	struct tap__relay *next_waiting;
};

enum tap__link_life {
	TAP__LINK_CONNECTING, /* no byte has passed: another server may be tried */
	TAP__LINK_OPEN,
	TAP__LINK_GONE,
};

/* A client's connection and the server connection made for it. */
struct tap__link {
	struct tap_proxy *proxy;
	struct tap__link *previous, *next;
	struct tap__link *next_resting;
	unsigned rested_ms;
	enum tap__link_life life;
	uint64_t cid;                           /* its number in log lines, and in events */
	struct net_stream *client, *server;     /* server: NULL while there is none */
	const struct net_stream_events *events; /* of both */
	char address[NET_ADDRESS_TEXT];         /* the client's */
	struct tap__relay up, down;             /* client to server, server to client */
	struct tap__greeting greeting;
	char *certificate; /* the subject of the client's; owned; NULL: none */
	struct tap__info_filter filter;
	struct tap__connect_filter connect; /* while there is a key */
	struct tap__upstream *upstream;     /* connected to, or being tried */
	uint64_t tried;                     /* of the upstreams, a bit for each */
	uv_timer_t patience;                /* for the upstream to answer */
	void *flow;                         /* of the observer; NULL: not observed */
	bool has_answered;                  /* the server has sent a byte */
	bool is_ended_by_server;            /* its end came first */
	unsigned holds;                     /* handles that are not closed yet */
};

/* Finds out whether an upstream answers. */
struct tap__check {
	struct tap_proxy *proxy;
	struct tap__upstream *upstream;
	struct net_stream *stream; /* NULL between two checks */
	uv_timer_t timer;          /* until the next one, or for the answer */
	uint64_t answers_seen;     /* of the upstream to clients, at the last check */
	uv_getaddrinfo_t lookup;
	bool is_looking_up;
	char input[512];
	struct tap__greeting greeting;
};

/* TLS of the proxy itself; NULL: none. */
struct tap__security {
	struct net_tls_files *clients, *servers;
	struct tap__info_rules rules; /* of INFO, where the proxy speaks TLS */
	uint64_t failures;            /* handshakes of clients */
};

struct tap_proxy {
	uv_loop_t loop;
	struct tap_proxy_options options;
	struct tap__url listen;
	struct net_listener *listener; /* NULL once no more clients are accepted */
	struct net_proxy_layer header_layer;
	const struct net_layer *layers[2]; /* of the listener; ends with NULL */
	int port;
	struct tap__upstreams upstreams;
	uint16_t ports[TAP__UPSTREAMS_MAX]; /* of the upstreams; 0 behind the last */
	struct tap__info_rules rules;
	struct net_signing_key *key; /* NULL: CONNECT passes unchanged */
	struct tap__security security;
	struct tap__observer *observer; /* NULL: nothing is decoded */
	struct net_http_server *monitor;
	char *read_buffer; /* of TAP__READ_BYTES; NULL while a relay holds the last one */

	struct tap__link *links;
	uint64_t connections, total_connections, refused_connections, next_cid;
	struct tap__relay
	    *waiting; /* relays whose reading goes on in the next turn, or when the sink has room */
	uint64_t turn, turn_began_ns; /* 0: no byte was read in this turn yet */
	uint64_t held_bytes;          /* by relays, for streams that do not take them */
	struct tap__link *resting;    /* whose clients are not read because their servers are behind */
	struct tap__latency latency;
	bool is_draining, is_stopping;
	int64_t started_ns;

	uv_signal_t signals[TAP__PROXY_SIGNALS];
	uv_async_t wake;
	uv_prepare_t before_poll; /* begins a turn */
	uv_idle_t resume;         /* active while relays wait for a turn */
	uv_timer_t drain;
	uv_timer_t pace; /* active while clients rest */
};

#endif
