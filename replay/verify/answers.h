/* answers.h - requests that get live answers, and whether those are the recorded ones.
 *
 * A request is a message with a recorded inbox for its reply. Its reply subject becomes an inbox of ours; what arrives
 * there is its live reply. Its recorded reply is a later message of the log to the recorded inbox: the thread that
 * reads the log meets it, sooner or later than the live one arrives. The i-th live reply is compared with the i-th
 * recorded one as soon as both are there.
 *
 * Bounded: REPLAY_ANSWERS_MAX requests are remembered at a time, and REPLAY_ANSWERS_BYTES of replies that wait for
 * their counterparts. */
#ifndef REPLAY_VERIFY_ANSWERS_H
#define REPLAY_VERIFY_ANSWERS_H

#include <nats/nats.h>

#include "replay/histogram.h"
#include "replay/verify/compare.h"
#include "wire/event.h"

enum {
	REPLAY_ANSWERS_MAX = 1 << 16,
	REPLAY_ANSWERS_BYTES = 64 << 20,
	REPLAY_ANSWERS_SUBJECTS = 1000, /* rows of the table by subject; the rest is one row */
};

/* How much later in the log a reply may be, to be looked for. */
#define REPLAY_ANSWERS_WINDOW_NS 30000000000

/* What is found of a request; of several, the first named. X(name, key in JSON, text). */
#define REPLAY_VERDICTS(X)                                   \
	X(SAME, "same", "same")                              \
	X(MISSING, "missing", "fewer replies than recorded") \
	X(EXTRA, "extra", "more replies than recorded")      \
	X(STATUS, "status", "another status")                \
	X(DIFFERENT, "different", "another reply")           \
	X(SLOWER, "slower", "slower")                        \
	X(MASKED, "masked", "masked in the recording")       \
	X(UNVERIFIABLE, "unverifiable", "the recorded reply is not known")

enum replay_verdict {
#define REPLAY_VERDICT_ENUM(name, key, text) REPLAY_VERDICT_##name,
	REPLAY_VERDICTS(REPLAY_VERDICT_ENUM)
#undef REPLAY_VERDICT_ENUM
	    REPLAY_VERDICT_COUNT
};

const char *replay_verdict_text(enum replay_verdict verdict);
const char *replay_verdict_key(enum replay_verdict verdict);
/* The live replies are known to differ from the recorded ones. */
static inline bool replay_verdict_is_mismatch(enum replay_verdict verdict)
{
	return verdict != REPLAY_VERDICT_SAME && verdict != REPLAY_VERDICT_MASKED &&
	       verdict != REPLAY_VERDICT_UNVERIFIABLE;
}

/* A reply, recorded or live. */
struct replay_reply {
	bool is_known;
	struct wire_slice payload;
	struct wire_slice status; /* "503"; empty: none */
	int64_t latency_ns;       /* recorded: since the request; live: since the request was due */
};

/* A request whose reply is not the recorded one. Dies when the call returns. */
struct replay_mismatch {
	enum replay_verdict verdict;
	uint64_t seq;              /* of the request in the log */
	struct wire_slice subject; /* as it was published */
	uint32_t recorded_count, live_count;
	struct replay_reply recorded, live; /* the first pair that differs, as far as it is known */
};

struct replay_answers_options {
	bool verify;                          /* compare; else replies are only counted */
	const struct replay_compare *compare; /* borrowed */
	double slower;            /* a live reply may take so many times the recorded time; 0 = any */
	int64_t timeout_ns;       /* for live replies */
	const char *inbox_prefix; /* NULL: _INBOX. Recorded inboxes may begin with it or with _INBOX */
	/* Optional; called from any thread, one at a time. */
	void (*mismatch)(void *context, const struct replay_mismatch *mismatch);
	void *context;
};

struct replay_answers_row {
	const char *subject; /* NUL-terminated; owned by the table */
	uint64_t requests, verdicts[REPLAY_VERDICT_COUNT];
	uint64_t pairs;                          /* replies that were compared */
	double recorded_total_ns, live_total_ns; /* of their times */
};

struct replay_answers_report {
	uint64_t requests;      /* sent */
	uint64_t answered;      /* with one reply at least */
	uint64_t no_responders; /* the server said that nobody listens */
	uint64_t timeouts;      /* nothing came */
	uint64_t late;          /* replies that came after their time, or to nobody's question */
	uint64_t unawaited;     /* requests forgotten early: too many were under way */
	uint64_t verdicts[REPLAY_VERDICT_COUNT];
	struct replay_histogram recorded, live; /* times of the replies that were compared; live: of all */
	struct replay_answers_row *rows;        /* by subject, the most mismatches first */
	size_t rows_len;
};

struct replay_answers;

/* A recorded inbox: below _INBOX or below the prefix (NULL: none). */
bool replay_is_inbox(struct wire_slice subject, const char *inbox_prefix);

/* 0 or -ENOMEM with *fault. */
int replay_answers_open(struct replay_answers **answers, const struct replay_answers_options *options,
			struct wire_fault *fault);
void replay_answers_close(struct replay_answers *answers);

/* ---- the connections ---- */

/* Have replies to what is asked over connection number `index` arrive here. */
natsStatus replay_answers_subscribe(struct replay_answers *answers, natsConnection *nats, uint32_t index);
/* Before the connections are closed. A reply that is just being taken may be so until libnats has ended: close the
 * answers after nats_CloseAndWait. */
void replay_answers_unsubscribe(struct replay_answers *answers);

/* ---- the thread that reads the log ---- */

/* The subject is a recorded inbox: a message to it is a reply. */
bool replay_answers_is_inbox(const struct replay_answers *answers, struct wire_slice subject);

/* Remember a request that is about to be asked over a connection as `subject`. Its number, never 0; *inbox (valid until
 * the next call) is where its replies are to go. 0 when out of memory. */
uint64_t replay_answers_ask(struct replay_answers *answers, const struct wire_event *request,
			    struct wire_slice subject, uint32_t connection, struct wire_slice *inbox);

/* The log has been read up to that recorded time. No lock is taken. */
void replay_answers_read_to(struct replay_answers *answers, int64_t recorded_ns);
/* Note a message that was recorded to an inbox, whose event it is. */
void replay_answers_recorded(struct replay_answers *answers, const struct wire_event *reply);
/* The log has a hole here: replies may be in it. */
void replay_answers_gap(struct replay_answers *answers, const struct wire_event *gap);
/* The log, or this turn over it, ends: what was not met will not be. */
void replay_answers_end_of_log(struct replay_answers *answers);
/* What was read and not yet sent will not be sent. */
void replay_answers_void(struct replay_answers *answers);

/* ---- the thread that plays; no lock is taken ---- */

/* The request left, and was due at due_ns of the monotonic clock; or it did not leave. */
void replay_answers_sent(struct replay_answers *answers, uint64_t request, int64_t due_ns);
void replay_answers_not_sent(struct replay_answers *answers, uint64_t request);

/* ---- the end ---- */

/* Requests are still waiting for replies that may come. */
bool replay_answers_are_awaited(struct replay_answers *answers);

/* Settle what is open, and sum up. Valid until the answers are closed. */
const struct replay_answers_report *replay_answers_finish(struct replay_answers *answers);

#endif
