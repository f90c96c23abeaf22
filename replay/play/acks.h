/* acks.h - messages that are published to a JetStream stream: await the acknowledgement of each, a bounded number at a time.
 *
 * Each message is published with a reply subject of ours, to which the stream answers that it has stored the message, that it
 * has it already (Nats-Msg-Id), or why it refuses it. The player's thread adds messages; answers arrive in libnats'
 * thread. */
#ifndef REPLAY_PLAY_ACKS_H
#define REPLAY_PLAY_ACKS_H

#include "net/client/subscription.h"

enum { REPLAY_ACKS_WINDOW_MAX = 4096 };

struct replay_acks_options {
	uint32_t window;    /* messages that may await their acknowledgements; 1 … REPLAY_ACKS_WINDOW_MAX */
	int64_t timeout_ns; /* for an acknowledgement */
};

struct replay_acks_report {
	uint64_t stored, duplicates;
	uint64_t refused;        /* by a stream; first_refusal says why the first one was */
	uint64_t without_stream; /* no stream takes their subject */
	uint64_t pending;        /* without an answer */
	uint64_t
	    done_seq; /* in the log: the stream has this message and all that were sent before it; 0: none */
	char first_refusal[300];
};

struct replay_acks;

/* 0, or a negative code with *fault. */
int replay_acks_open(struct replay_acks **acks, const struct replay_acks_options *options,
		     struct wire_fault *fault);
/* NULL is allowed. */
void replay_acks_close(struct replay_acks *acks);

/* Subscribe to the answers with the client that will publish, below its inbox prefix. 0, or a negative code with *fault:
 * -EINVAL when the prefix is too long. */
int replay_acks_subscribe(struct replay_acks *acks, struct net_client *client, struct wire_fault *fault);
/* Before the client is closed. */
void replay_acks_unsubscribe(struct replay_acks *acks);

/* A message is about to be published: returns its reply subject, valid until the next call. The window must not be full. seq: its
 * sequence number in the log. */
const char *replay_acks_add(struct replay_acks *acks, uint64_t seq, int64_t now_ns);
/* The message that was added last was not published. */
void replay_acks_remove_last(struct replay_acks *acks);

/* As many as may be await their acknowledgements. */
bool replay_acks_are_full(struct replay_acks *acks);
/* Wait until no more than `most` await theirs, for timeout_ms at most. True when that is so. */
bool replay_acks_wait(struct replay_acks *acks, uint64_t most, int timeout_ms);
/* The oldest message has waited longer than the timeout. */
bool replay_acks_have_expired(struct replay_acks *acks, int64_t now_ns);

void replay_acks_get_report(struct replay_acks *acks, struct replay_acks_report *report);

#endif
