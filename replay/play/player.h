/* player.h - play a log into a server, on time or honestly not.
 *
 * Open loop: when a message is due follows from the schedule alone, never from how the server does. What is late is late
 * by itself; replay_on_lag says what becomes of it, and every lag is counted. The order of a recorded connection is
 * always kept.
 *
 * One thread runs the player; commands and questions may come from any other. */
#ifndef REPLAY_PLAY_PLAYER_H
#define REPLAY_PLAY_PLAYER_H

#include "replay/histogram.h"
#include "replay/play/connection.h"
#include "replay/play/feed.h"
#include "replay/play/schedule.h"

/* What becomes of a message that is late by more than the tolerance. */
enum replay_on_lag {
	REPLAY_LAG_BURST, /* it leaves at once, as do those behind it until the schedule is caught up with */
	REPLAY_LAG_STRETCH, /* it leaves at once; the rest of the schedule moves by as much */
	REPLAY_LAG_DROP,    /* it is not sent */
	REPLAY_LAG_ABORT,   /* the run ends */
};

struct replay_player_options {
	struct replay_input input;
	struct replay_select select;
	struct replay_rewrite_options rewrite;
	struct replay_plan plan;
	uint64_t passes;     /* 0 = for ever */
	int64_t start_at_ns; /* realtime clock; 0 = at once */
	int64_t origin_ns;   /* steady time that the start stands for; INT64_MIN = of the first message */
	int64_t duration_ns; /* end after so long; 0 = at the end of the log */
	enum replay_on_lag on_lag;
	int64_t tolerance_ns;
	bool precise;                       /* replay/play/pace.h */
	int64_t patience_ns;                /* how long to wait for a server that went away */
	const struct replay_roster *roster; /* one connection for each; borrowed; NULL: one for all */
	struct replay_answers
	    *answers;      /* requests get live replies; borrowed; NULL: they are messages like others */
	natsOptions *nats; /* where and as whom to connect; borrowed */
	const char *name;  /* of the connection; behind the recorded name with a roster */
};

/* Why messages that were due did not leave. X(name, key in JSON, text). */
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
	REPLAY_END_DONE,    /* the log, or its time, was over */
	REPLAY_END_STOPPED, /* by replay_player_stop */
	REPLAY_END_LATE,    /* REPLAY_LAG_ABORT */
	REPLAY_END_SERVER,  /* the server went away and did not come back in time, or closed for good */
	REPLAY_END_SOURCE,  /* the source could not be read on */
};

struct replay_report {
	enum replay_end end;
	struct replay_feed_counts read;
	uint64_t sent, sent_bytes; /* headers and payloads */
	uint64_t failed[REPLAY_FAILURE_COUNT];
	uint64_t dropped;                /* REPLAY_LAG_DROP */
	uint64_t guarded;                /* sent with headers like Nats-Msg-Id (replay/play/rewrite.h) */
	int64_t seconds_ns;              /* from the first message's leaving to the last one's */
	int64_t asked_ns;                /* what the schedule gave for it; 0 when it has no times */
	int64_t stretched_ns, paused_ns; /* the schedule was moved by so much */
	int64_t away_ns;                 /* the server was away */
	bool timed;                      /* lag means something */
	uint64_t late;                   /* by more than the tolerance */
	struct replay_histogram lag;
	uint64_t disconnects, reconnects, doubtful, not_permitted, other_errors;
	char last_error[300];
	bool unconfirmed; /* the server did not say in time that it has read everything */
	const struct replay_answers_report *answers; /* NULL: no replies were awaited */
};

/* Where a run is; see replay_player_progress. */
struct replay_progress {
	int64_t recorded_ns; /* of the last message, time of day; INT64_MIN before the first */
	int64_t steady_ns;   /* likewise, without clock steps */
	uint64_t sent, pass;
	int64_t lag_ns; /* of the last message */
	uint64_t speed; /* millionths */
	bool paused, away;
};

struct replay_player;

/* Connect; nothing is read or sent yet. 0, or a negative code with *fault: see replay_connection_open for those about
 * the server, replay_rewrite_open for those about the options. */
int replay_player_open(struct replay_player **player, const struct replay_player_options *options,
		       struct wire_fault *fault);
void replay_player_close(struct replay_player *player);

/* The id of the server it is connected to; "" when that is not known. */
void replay_player_server_id(const struct replay_player *player, char *id, size_t size);

/* Play to the end. 0; or, when report.end is REPLAY_END_SERVER or REPLAY_END_SOURCE, a negative code with *fault. */
int replay_player_run(struct replay_player *player, struct wire_fault *fault);

/* Valid once the run is over. */
const struct replay_report *replay_player_report(const struct replay_player *player);
const struct replay_rewrite *replay_player_rewrite(const struct replay_player *player);

/* ---- from any thread while it runs ---- */
void replay_player_progress(const struct replay_player *player, struct replay_progress *progress);
void replay_player_stop(struct replay_player *player);
void replay_player_pause(struct replay_player *player, bool paused);
void replay_player_set_speed(struct replay_player *player, uint64_t speed);
/* Paused: send one message more. */
void replay_player_step(struct replay_player *player);
/* Go on with what was recorded at steady time ns. */
void replay_player_seek(struct replay_player *player, int64_t ns);

#endif
