/* server.h - struct definitions: the broker and its loops. Inside this folder. */
#ifndef BROKER_SERVER_H
#define BROKER_SERVER_H

#include <uv.h>

#include "broker/broker.h"
#include "broker/cids.h"
#include "broker/closed.h"
#include "broker/fanout.h"
#include "broker/output.h"
#include "broker/retired.h"
#include "broker/sublist.h"
#include "net/clock.h"

struct broker__login;
struct broker_monitor;
struct broker_cursor;
struct net_listener;
struct net_tls_files;
struct wire_masker;

enum {
	BROKER__LOOPS = 1,
	/* Room before the bytes of a read, for the beginning of an operation that the previous read ended in. */
	BROKER__INPUT_HEADROOM = BROKER_CONTROL_LINE_MOST + 1024,
	BROKER__INPUT_BYTES = 256 * 1024,
	BROKER__HEAD_BYTES = 2 * BROKER__INPUT_HEADROOM, /* subject and sid come from one line each */
};

struct broker__counters {
	uint64_t in_msgs, out_msgs, in_bytes, out_bytes;
	uint64_t match_hits, match_misses, match_count;
	uint64_t slow_consumers, auth_errors, stale_connections, stalled;
	uint64_t max_fanout; /* most receivers that one subject has had */
};

/* A list through one of the links in struct broker_client (clients.h). */
struct broker__clients {
	struct broker_client *first, *last;
	uint32_t len;
};

/* Passwords that are being verified or wait for it (login.h). */
struct broker__logins {
	struct broker__login *first, *last; /* waiting */
	unsigned running;
};

/* An event loop and what its connections share. Only its own thread touches it. */
struct broker__loop {
	struct broker *broker;
	uv_loop_t uv;
	struct net_clock clock;
	int64_t now_ns; /* time of the read being processed */
	struct broker__pool pool;
	char *input; /* BROKER__INPUT_HEADROOM + BROKER__INPUT_BYTES + BROKER__SLACK */
	char *head;  /* scratch for one head, BROKER__HEAD_BYTES */
	struct broker__clients all, stalled, held, waiting, served, starved;
	struct broker__clients
	    dirty; /* have output that nobody has tried to write yet; the first is written first */
	struct broker__cids cids; /* of all */
	struct broker__logins logins;
	struct broker_client *leaving;  /* to be torn down, by leaving_next */
	struct broker_client *emptying; /* torn down except for their subscriptions, by leaving_next */
	struct broker__retired retired;

	/* Turns (turn.h). */
	int64_t work_left, turn_units; /* of the current turn; its units at the beginning */
	uint64_t round_ns;             /* when this round began, by uv_hrtime; 0: it has not begun */
	uint32_t late_reads;           /* in the middle of large messages, after the round's time was over */
	uint32_t owed_writes;          /* dirty clients to be written before others have turns */
	bool is_sink_full;             /* since the turn began: operations that make events wait */
	struct broker__match_builder *builder; /* for matches that take a turn at most, and to begin with */
	struct broker__large large;
	uv_idle_t round;
	uv_idle_cb on_round; /* handed in by round.c */
	uv_prepare_t before_poll;
	struct broker__counters counters;
	size_t partial_bytes; /* input held for all clients, as far as it has arrived */
	size_t layer_bytes;   /* held by the layers of all streams */
	size_t match_bytes;
	uint64_t matches_made;
	size_t flush_above_bytes;         /* output in use above which dirty clients are written at once */
	struct broker_client *stalled_by; /* a receiver found to be behind during this read */
	uint64_t random;
	struct wire_event message;       /* with the constant fields filled in */
	struct wire_receiver *receivers; /* scratch, receivers_cap */
	size_t receivers_cap;
	bool is_tick_scheduled;
	uv_timer_t tick, stall, trim;
};

struct broker {
	struct broker_options options;
	struct wire_sink *sink;     /* NULL: nobody watches */
	struct broker_log *log;     /* borrowed; NULL: nothing is logged */
	struct wire_masker *masker; /* of log lines and monitoring pages; NULL: nothing is masked */
	struct broker__sublist sublist;
	struct broker__loop loops[BROKER__LOOPS];
	int64_t turn_units; /* of work in one turn; tests make it small */
	uint64_t seed;
	uint64_t next_cid, total_connections;
	char server_id[57];
	char host[256];
	int64_t started_ns;
	int port, http_port, fd_limit; /* the ports really bound; http_port 0: no monitoring */
	char *ports_path;
	struct broker_monitor *monitor;
	struct broker_cursor *cursors; /* of answers that are being written */
	struct broker__closed closed;
	bool is_lame, is_stopping;
	bool wants_trace;              /* the log takes trace lines; a copy, so that asking is cheap */
	struct net_listener *listener; /* NULL: not listening */
	struct net_tls_files *tls;     /* NULL: clients are served without */
	uv_async_t stop, wake;
	uv_signal_t signals[5];
	uv_timer_t lame_timer;
	uint32_t lame_batch;  /* how many clients at once */
	uint64_t lame_gap_ms; /* between two batches */
};

#endif
