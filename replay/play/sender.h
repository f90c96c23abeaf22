/* sender.h - the connections of a run: collect messages that are due, send them together, count when they were sent. */
#ifndef REPLAY_PLAY_SENDER_H
#define REPLAY_PLAY_SENDER_H

#include "replay/play/player.h"

/* Collected at most. */
enum { REPLAY_SENDER_PENDING = 1024, REPLAY_SENDER_PENDING_BYTES = 1 << 18 };

struct replay_sender {
	struct net_client_loop *loop;
	struct net_client **connections;
	uint32_t count;
	struct net_client_errors errors;
	pthread_t
	    confirmer; /* asks the servers regularly to confirm that they have read what was published */
	pthread_mutex_t mutex;
	pthread_cond_t closing;
	bool is_confirming, is_closing;
	struct replay_report *report;     /* borrowed: counts go there */
	struct replay_live_replies *live; /* borrowed; NULL: requests are messages like others */
	struct replay_acks *acks;         /* borrowed; NULL: none are awaited */
	int64_t tolerance_ns;
	/* Collected since the last push: when each message was due. */
	int64_t due_ns[REPLAY_SENDER_PENDING];
	uint32_t pending;
	uint64_t pending_bytes, pending_masked;
	struct net_client *dirty[REPLAY_SENDER_PENDING]; /* connections with something to push */
	uint32_t dirty_count;
	int64_t first_left_ns, last_left_ns; /* when the first and the last message were sent; 0: none was */
};

/* Connect. 0, or a negative code with *fault. Call replay_sender_close in either case. */
int replay_sender_open(struct replay_sender *sender, const struct replay_player_options *options,
		       struct replay_report *report, struct wire_fault *fault);
void replay_sender_close(struct replay_sender *sender);

/* Disconnect for good. All errors of the connections have been counted afterwards. */
void replay_sender_disconnect(struct replay_sender *sender);

enum replay_sent {
	REPLAY_SENT,   /* collected; the next push sends it */
	REPLAY_FAILED, /* counted */
	REPLAY_AWAY,   /* the server is away: try again */
	REPLAY_CLOSED, /* the connection is closed for good */
};

/* Collect a message that was due at due_ns of the monotonic clock. */
enum replay_sent replay_sender_send(struct replay_sender *sender, const struct replay_message *message,
				    int64_t due_ns);

/* Enough is collected: push. */
bool replay_sender_is_full(const struct replay_sender *sender);

/* Hand what is collected to the kernel, without waiting. True when all of it was sent, or lost with a connection; lags are
 * counted then. False: call replay_sender_wait and push again. */
bool replay_sender_push(struct replay_sender *sender);
void replay_sender_wait(const struct replay_sender *sender, int timeout_ms);

/* Wait until the servers have read everything. False when they have not in that time. */
bool replay_sender_confirm(struct replay_sender *sender, int64_t timeout_ms);

#endif
