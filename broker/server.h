/* server.h - the broker and its loops, inside this folder. */
#ifndef BROKER_SERVER_H
#define BROKER_SERVER_H

#include "broker/broker.h"
#include "broker/cids.h"
#include "broker/client.h"
#include "broker/clock.h"
#include "broker/closed.h"
#include "broker/fanout.h"
#include "broker/log.h"
#include "broker/monitor/monitor.h"
#include "broker/output.h"
#include "broker/retired.h"
#include "broker/sublist.h"

enum {
	BROKER__LOOPS = 1,
	/* Room in front of what is read, for the beginning of an operation that the read before ended in. */
	BROKER__INPUT_HEADROOM = BROKER_CONTROL_LINE_MOST + 1024,
	BROKER__INPUT_BYTES = 256 * 1024,
	BROKER__HEAD_BYTES = 2 * BROKER__INPUT_HEADROOM, /* subject and sid come from a line each */
};

struct broker__counters {
	uint64_t in_msgs, out_msgs, in_bytes, out_bytes;
	uint64_t route_hits, route_misses, route_count;
	uint64_t slow_consumers, auth_errors, stale_connections, stalled;
	uint64_t max_fanout; /* receivers of a subject */
};

struct broker__clients {
	struct broker_client *first, *last;
	uint32_t len;
};

/* Passwords that are being verified, and those that wait for it (login.h). */
struct broker__logins {
	struct broker__login *first, *last; /* waiting */
	unsigned running;
};

/* An event loop: what its connections share. Only its own thread touches it. */
struct broker__loop {
	struct broker *broker;
	uv_loop_t uv;
	struct broker__clock clock;
	int64_t now_ns; /* of the read being worked on */
	struct broker__pool pool;
	char *input; /* BROKER__INPUT_HEADROOM + BROKER__INPUT_BYTES + BROKER__SLACK */
	char *head;  /* scratch for one head, BROKER__HEAD_BYTES */
	struct broker__clients all, stalled, held, waiting, served, starved;
	struct broker__clients
	    dirty;                /* have output nobody has tried to write yet: first come, first written */
	struct broker__cids cids; /* of all */
	struct broker__logins logins;
	struct broker_client *leaving;
	struct broker_client *emptying; /* gone, but for subscriptions; by leaving_next */
	struct broker__retired retired;

	/* Turns (turn.h). */
	int64_t work_left, turn_units; /* of the turn under way, and what it began with */
	uint64_t round_ns;             /* when this round began, by uv_hrtime; 0: it has not */
	bool is_sink_full;             /* since the turn began: nothing that makes events is obeyed */
	bool has_newcomers;            /* connections wait to be accepted */
	unsigned newcomers;            /* accepted since the last poll */
	struct broker__making *making; /* for routes that take a turn at most, and to begin with */
	struct broker__large large;
	uv_idle_t round;
	uv_prepare_t before_poll;
	struct broker__counters counters;
	size_t partial_bytes; /* of input held for all clients: what has arrived */
	size_t route_bytes;
	uint64_t routes_made;
	size_t flush_above_bytes; /* output in use at which dirty clients are written without waiting */
	struct broker_client *stalled_by; /* a receiver that is behind, found while working on this read */
	uint64_t random;
	struct wire_event message;       /* the constant parts filled in */
	struct wire_receiver *receivers; /* scratch, receivers_cap */
	size_t receivers_cap;
	bool is_sink_told; /* a tick is due */
	uv_timer_t tick, stall, trim;
};

struct broker {
	struct broker_options options;
	struct wire_sink *sink; /* NULL: nobody watches */
	struct broker_log *log;
	struct broker__sublist sublist;
	struct broker__loop loops[BROKER__LOOPS];
	int64_t turn_units; /* of work in one turn; tests make it small */
	uint64_t seed;
	uint64_t next_cid, total_connections;
	char server_id[57];
	char host[256];
	int64_t started_ns;
	int port, fd_limit;
	char *ports_path;
	struct broker_monitor *monitor;
	struct broker_cursor *cursors; /* of answers that are being written */
	struct broker__closed closed;
	bool is_lame, is_stopping, is_listening;
	bool wants_trace; /* the log takes trace lines: asked once */
	uv_tcp_t listener;
	uv_async_t stop, wake;
	uv_signal_t signals[5];
	uv_timer_t lame_timer;
	uint32_t lame_batch;  /* how many at once */
	uint64_t lame_gap_ms; /* between two clients that are let go */
};

/* broker_open and broker_close, in parts: 0 or a negative code (loop.c). */
int broker__loop_init(struct broker__loop *loop, struct broker *broker);
void broker__loop_fini(struct broker__loop *loop);

/* The work at hand is done: write to those who have output, put away who is leaving, free what nobody points to. Work
 * that takes long is left to the next rounds (turn.h). */
void broker__loop_settle(struct broker__loop *loop);
/* Write to those who have output, as long as the round lasts. True when everybody had their turn. */
bool broker__loop_flush(struct broker__loop *loop);
/* Write to the one who has waited longest; somebody has output. */
void broker__loop_flush_one(struct broker__loop *loop);
/* Free subscriptions that ended, some of them, unless they are in use. True when there are none to free. */
bool broker__loop_free_retired(struct broker__loop *loop);
/* Read the clock; a step is a mark event. */
void broker__loop_read_clock(struct broker__loop *loop);

/* Describe a client for monitoring (inspect.c); borrows its strings. */
struct broker_client_info broker__client_describe(const struct broker_client *client);
/* The client leaves loop->all: cursors at it go on to the next one. */
void broker__cursors_leave(struct broker *broker, const struct broker_client *client);

void broker__clients_add(struct broker__clients *list, struct broker_client *client, size_t link);
void broker__clients_remove(struct broker__clients *list, struct broker_client *client, size_t link);
/* Lists through one of the links in struct broker_client. */
#define BROKER__LINK(name) offsetof(struct broker_client, name)

/* Listening (listen.c). */
int broker__listen(struct broker *broker, struct wire_fault *fault);
/* Accept connections that wait. */
void broker__listen_go_on(struct broker *broker);
void broker__stop_listening(struct broker *broker);

/* Write the ports file where the options want it (broker.c). 0, or a negative code with *fault. */
int broker__write_ports(struct broker *broker, struct wire_fault *fault);

/* Signals and what they ask for (signals.c, lame_duck.c, reload.c). */
int broker__signals_start(struct broker *broker);
void broker__signals_stop(struct broker *broker);
void broker__stop(struct broker *broker);
void broker__lame_duck(struct broker *broker);
void broker__reload(struct broker *broker);

/* The memory of all clients together (memory.c). */
/* Memory for output may be short before more is appended: write, and at the limit cut who holds most. */
void broker__memory_relieve(struct broker__loop *loop);
/* How many bytes may be read of a client now, at most `wanted`. 0: memory is short, and it waits. */
size_t broker__memory_room(struct broker_client *client, size_t wanted);
/* Who waits may read again if there is room; when there is none for long, who holds most for longest has to go. */
void broker__memory_tick(struct broker__loop *loop);
void broker__memory_forget(struct broker_client *client);
/* Bytes of output and input that all clients may hold together. */
uint64_t broker__memory_limit(const struct broker *broker);

/* Back-pressure (pressure.c). */
/* After a read of this client's: pause it if a receiver is behind. */
void broker__pressure_apply(struct broker_client *publisher, bool has_published);
/* The sink has no room for all that one turn can bring. Asked before each turn, so that many publishers together cannot
 * overrun the sink. */
bool broker__pressure_is_sink_full(const struct broker__loop *loop);
/* The client has more to say, which the sink has no room for: it waits for broker__pressure_release. */
void broker__pressure_hold(struct broker_client *client);
/* Output of this client's has drained. */
void broker__pressure_drained(struct broker_client *receiver);
void broker__pressure_forget(struct broker_client *client);
/* The sink has room again. */
void broker__pressure_release(struct broker__loop *loop);
/* Call broker__memory_tick and end stalls every few milliseconds while somebody waits for either. */
void broker__pressure_start_tick(struct broker__loop *loop);
/* Pending bytes from which on those who feed a client are slowed down. */
uint64_t broker__pressure_threshold(const struct broker *broker);

/* Log lines about a client, in nats-server's layout: `ip:port - cid:n - text`. */
void broker__client_log(const struct broker_client *client, enum broker_log_level level, const char *format,
			...) __attribute__((format(printf, 3, 4)));

#endif
