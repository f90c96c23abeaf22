/* live_state.h - the structs behind live replies. Internal to replay/verify. */
#ifndef REPLAY_VERIFY_LIVE_STATE_H
#define REPLAY_VERIFY_LIVE_STATE_H

#include <pthread.h>

#include "replay/verify/live_replies.h"
#include "replay/verify/summary.h"
#include "trace/requests.h"

enum { REPLAY__INBOX_BYTES = 128 };

/* Values of a live request's due_ns before it was sent, and when it will not be sent. */
enum { REPLAY__UNSENT = 0, REPLAY__NOT_SENT = -1 };

/* A reply that waits for its counterpart. */
struct replay__kept_reply {
	struct replay__kept_reply *next;
	int64_t latency_ns;
	size_t status_len, payload_len;
	char bytes[]; /* status, payload */
};

/* The replies to one request, either the recorded or the live ones. */
struct replay__reply_list {
	struct replay__kept_reply *first, **end; /* those that wait */
	uint32_t count;                          /* so far, compared ones included */
	uint32_t waiting;
};

/* A request that was read from the log. It is in slot `id % REPLAY_LIVE_REQUESTS_MAX` until a newer one takes the slot. */
struct replay__live_request {
	_Atomic uint64_t id; /* from 1; 0: the slot was never used */
	_Atomic int64_t due_ns;
	uint64_t seq;
	int64_t recorded_ns; /* steady */
	char *subject;       /* owned */
	struct replay__reply_list recorded, live;
	bool is_finished;
	bool nobody_received;  /* in the recording, so that no reply is missing */
	bool is_unverifiable;  /* a reply was not recorded whole, could not be kept, or was not waited for */
	bool is_masked;        /* the request: the recorded replies answer another one */
	bool has_masked_reply; /* a recorded reply is not the one that was sent */
	bool no_responders;    /* the live server said so */
	bool is_slower, is_different, has_other_status;
	struct replay__kept_reply *first_recorded, *first_live; /* the first pair that differs */
};

struct replay_live_replies {
	struct replay_live_replies_options options;
	pthread_mutex_t mutex; /* guards all below except atomics */
	struct replay__live_request *ring;
	struct trace_requests recorded; /* key: the request's id */
	uint64_t next_id, oldest_id;    /* requests below oldest_id are finished */
	uint64_t gap_id;                /* requests below it were read before the last gap… */
	int64_t gap_ns;                 /* …which begins at this steady time */
	_Atomic int64_t read_ns;        /* how far the log has been read, in steady time */
	uint64_t end_id;                /* requests below it: their recorded replies have all been read */
	size_t waiting_bytes;
	char base[REPLAY__INBOX_BYTES];        /* of our inboxes */
	char inbox[REPLAY__INBOX_BYTES];       /* the last one */
	struct net_client_subscription **subs; /* owned, and each subscription */
	uint32_t subs_len;
	struct replay_verify_report report;
	struct replay__verify_summary summary;
};

#endif
