/* live_replies.h - send requests with inboxes of ours, and compare their live replies with the recorded ones.
 *
 * A request is a message whose recorded reply subject is an inbox. The player sends it with an inbox of ours instead, and
 * its live replies arrive there. Its recorded replies are later messages of the log to the recorded inbox; the thread
 * that reads the log finds them, before or after the live ones arrive. The i-th live reply is compared with the i-th
 * recorded one as soon as both are known.
 *
 * Bounded: REPLAY_LIVE_REQUESTS_MAX requests are remembered at a time, and REPLAY_LIVE_REPLIES_BYTES of replies that
 * wait for their counterparts. */
#ifndef REPLAY_VERIFY_LIVE_REPLIES_H
#define REPLAY_VERIFY_LIVE_REPLIES_H

#include "net/client/subscription.h"
#include "replay/verify/compare.h"
#include "replay/verify/summary.h"
#include "trace/histogram.h"
#include "trace/inbox.h"
#include "wire/event.h"

enum { REPLAY_LIVE_REQUESTS_MAX = 1 << 16, REPLAY_LIVE_REPLIES_BYTES = 64 << 20 };

/* A recorded reply is looked for up to this much recorded time after its request. */
#define REPLAY_REPLY_WINDOW_NS 30000000000

/* A reply, recorded or live. */
struct replay_reply {
	bool is_known;
	struct wire_slice payload;
	struct wire_slice status; /* "503"; empty: none */
	int64_t latency_ns;       /* recorded: since the request; live: since the request was due */
};

/* A request whose live replies are not the recorded ones. Invalid after the call returns. */
struct replay_mismatch {
	enum replay_verdict verdict;
	uint64_t seq;              /* of the request in the log */
	struct wire_slice subject; /* as it was published */
	uint32_t recorded_count, live_count;
	struct replay_reply recorded, live; /* the first pair that differs, as far as it is known */
};

struct replay_live_replies_options {
	bool verify;                          /* compare; else only count replies */
	const struct replay_compare *compare; /* borrowed */
	double slower;                /* a live reply may take this many times the recorded time; 0 = any */
	int64_t timeout_ns;           /* for live replies */
	struct trace_inboxes inboxes; /* the recorded ones; ours begin with its prefix, too */
	/* Optional; called from any thread, by one at a time. */
	void (*mismatch)(void *context, const struct replay_mismatch *mismatch);
	void *context;
};

struct replay_verify_report {
	uint64_t requests;      /* sent */
	uint64_t answered;      /* got at least one reply */
	uint64_t no_responders; /* the server said that nobody listens */
	uint64_t timeouts;      /* got nothing */
	uint64_t late;          /* replies that came after the timeout, or to an unknown request */
	uint64_t unawaited;     /* requests evicted early: too many were pending */
	uint64_t verdicts[REPLAY_VERDICT_COUNT];
	struct trace_histogram recorded; /* latencies of the recorded replies that were compared */
	struct trace_histogram live;     /* latencies of all live replies */
	struct replay_verify_row *rows;  /* by subject, the most mismatches first */
	size_t rows_len;
};

struct replay_live_replies;

/* Options are copied, what they point at is borrowed. 0, or -ENOMEM with *fault. */
int replay_live_replies_open(struct replay_live_replies **live,
			     const struct replay_live_replies_options *options, struct wire_fault *fault);
void replay_live_replies_close(struct replay_live_replies *live);

/* ---- the connections ---- */

/* Subscribe to our inboxes for the requests that connection number `index` sends. */
int replay_live_replies_subscribe(struct replay_live_replies *live, struct net_client *client, uint32_t index,
				  struct wire_fault *fault);
/* Call before the connections are closed. No reply arrives afterwards. */
void replay_live_replies_unsubscribe(struct replay_live_replies *live);

/* ---- the thread that reads the log ---- */

/* The subject is a recorded inbox: a message to it is a reply. */
bool replay_live_replies_is_inbox(const struct replay_live_replies *live, struct wire_slice subject);

/* Remember a request that is about to be published as `subject` over a connection. Returns its id, never 0; *inbox (valid
 * until the next call) is its new reply subject. 0 when out of memory. */
uint64_t replay_live_replies_add_request(struct replay_live_replies *live, const struct wire_event *request,
					 struct wire_slice subject, uint32_t connection,
					 struct wire_slice *inbox);

/* The log has been read up to this steady time. Takes no lock. */
void replay_live_replies_read_to(struct replay_live_replies *live, int64_t recorded_ns);
/* Add a recorded message to a recorded inbox. */
void replay_live_replies_add_recorded(struct replay_live_replies *live, const struct wire_event *reply);
/* Note a gap in the log: replies may have been lost in it. */
void replay_live_replies_add_gap(struct replay_live_replies *live, const struct wire_event *gap);
/* The log ends, or this iteration over it: replies that were not read yet will not be. */
void replay_live_replies_end_of_log(struct replay_live_replies *live);
/* Requests that were read and not sent yet will not be sent. */
void replay_live_replies_cancel_unsent(struct replay_live_replies *live);

/* ---- the thread that plays; these take no lock ---- */

/* The request was sent, and was due at due_ns of the monotonic clock. */
void replay_live_replies_sent(struct replay_live_replies *live, uint64_t request, int64_t due_ns);
void replay_live_replies_not_sent(struct replay_live_replies *live, uint64_t request);

/* ---- the end ---- */

/* Some requests are still waiting for replies that may come. */
bool replay_live_replies_are_pending(struct replay_live_replies *live);

/* Finish all requests and sum up. The report is valid until the live replies are closed. */
const struct replay_verify_report *replay_live_replies_finish(struct replay_live_replies *live);

#endif
