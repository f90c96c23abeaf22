/* player.h - play a log into a server on time, and count every message that is late.
 *
 * Open loop: the schedule alone decides when a message is due, never how fast the server is. A late message does not
 * delay the ones after it, unless replay_on_lag says so. The order of each recorded connection is always kept.
 *
 * One thread runs the player; others may steer it (replay/play/player_commands.h). */
#ifndef REPLAY_PLAY_PLAYER_H
#define REPLAY_PLAY_PLAYER_H

#include "net/client/client.h"
#include "replay/play/acks.h"
#include "replay/play/feed.h"
#include "replay/play/schedule.h"
#include "trace/histogram.h"

/* How to treat a message that is late by more than the tolerance. */
enum replay_on_lag {
	REPLAY_LAG_BURST,   /* send it at once, and those after it, until the schedule is caught up with */
	REPLAY_LAG_STRETCH, /* send it at once, and delay the rest of the schedule by as much */
	REPLAY_LAG_DROP,    /* do not send it */
	REPLAY_LAG_ABORT,   /* end the run */
};

struct replay_player_options {
	struct replay_input input;
	struct replay_select select;
	struct replay_rewrite_options rewrite;
	struct replay_plan plan;
	uint64_t iterations; /* 0 = for ever */
	int64_t start_at_ns; /* realtime clock; 0 = at once */
	int64_t origin_ns; /* the steady time that is played at the start; INT64_MIN = of the first message */
	int64_t duration_ns; /* end the run after this long; 0 = at the end of the log */
	enum replay_on_lag on_lag;
	int64_t tolerance_ns;
	bool precise;                               /* replay/play/pace.h */
	int64_t patience_ns;                        /* how long to wait for a server that went away */
	const struct replay_publishers *publishers; /* one connection for each; borrowed; NULL: one for all */
	struct replay_live_replies *live; /* of requests; borrowed; NULL: requests are messages like others */
	struct replay_acks *acks; /* publish to a stream, and await its answers; borrowed; NULL: do not */
	uint64_t
	    acks_low_water; /* after the window was full: send again when no more than so many are awaited */
	const char *resume_path; /* with acks: where to note how far the run has come; NULL: nowhere */
	struct net_client_target *target; /* borrowed */
	const char *name; /* of the connection; with publishers it follows the recorded name */
};

/* Why messages that were due were not sent. X(name, key in JSON, text). */
#define REPLAY_FAILURES(X)                                                        \
	X(TOO_LARGE, "too_large", "larger than the server's max_payload")         \
	X(HEADERS, "headers", "headers that cannot be published")                 \
	X(NO_HEADERS, "no_headers", "headers, which the server does not support") \
	X(OTHER, "other", "other reasons")

enum replay_failure {
#define REPLAY_FAILURE_ENUM(name, key, text) REPLAY_FAIL_##name,
	REPLAY_FAILURES(REPLAY_FAILURE_ENUM)
#undef REPLAY_FAILURE_ENUM
	    REPLAY_FAILURE_COUNT
};

const char *replay_failure_text(enum replay_failure failure);
const char *replay_failure_key(enum replay_failure failure);

/* How a run ended. */
enum replay_end {
	REPLAY_END_DONE,    /* at the end of the log, or of the duration */
	REPLAY_END_STOPPED, /* by replay_player_stop */
	REPLAY_END_LATE,    /* REPLAY_LAG_ABORT */
	REPLAY_END_SERVER,  /* the server went away and did not come back in time, or closed for good */
	REPLAY_END_SOURCE,  /* reading the source failed */
	REPLAY_END_UNACKNOWLEDGED, /* a stream did not answer in time */
};

struct replay_report {
	enum replay_end end;
	struct replay_feed_counts read;
	uint64_t sent, sent_bytes; /* headers and payloads */
	uint64_t masked;           /* of those sent: as the log has them, which is not what was published */
	uint64_t failed[REPLAY_FAILURE_COUNT];
	uint64_t dropped;                /* REPLAY_LAG_DROP */
	uint64_t guarded;                /* sent with headers like Nats-Msg-Id (replay/play/rewrite.h) */
	int64_t seconds_ns;              /* from the sending of the first message to that of the last */
	int64_t asked_ns;                /* the same by the schedule; 0 when it is not timed */
	int64_t stretched_ns, paused_ns; /* how much the schedule was delayed */
	int64_t away_ns;                 /* how long the server was away */
	bool timed;                      /* messages have due times, so that there is a lag */
	uint64_t late;                   /* by more than the tolerance */
	struct trace_histogram lag;
	uint64_t disconnects, reconnects, doubtful, not_permitted, other_errors;
	char last_error[300];
	bool unconfirmed; /* the server did not confirm in time that it has read everything */
	const struct replay_verify_report *requests; /* NULL: without live replies */
	bool has_acks;
	bool resume_failed; /* how far the run has come could not be noted */
	struct replay_acks_report acks;
};

struct replay_player;

/* Connect; nothing is read or sent yet. 0, or a negative code with *fault, as of net_client_open and
 * replay_rewrite_open. Options are copied, what they point at is borrowed. */
int replay_player_open(struct replay_player **player, const struct replay_player_options *options,
		       struct wire_fault *fault);
void replay_player_close(struct replay_player *player);

/* Write the id of the connected server; "" when it is not known. */
void replay_player_server_id(const struct replay_player *player, char *id, size_t size);

/* Play to the end. 0; or, when report.end is REPLAY_END_SERVER, _SOURCE or _UNACKNOWLEDGED, a negative code with *fault. */
int replay_player_run(struct replay_player *player, struct wire_fault *fault);

/* After the run. Owned by the player. */
const struct replay_report *replay_player_report(const struct replay_player *player);
const struct replay_rewrite *replay_player_rewrite(const struct replay_player *player);

#endif
