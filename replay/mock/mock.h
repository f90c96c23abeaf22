/* mock.h - stand in for a recorded service: answer live requests with what it answered.
 *
 * libnats' thread receives, finds the conversation (replay/mock/index.h) and puts it where replies wait for their time; the
 * thread that called replay_mock_run sends. A reply is due as long after the live request as the recorded one was, divided
 * by the speed.
 *
 * Limits of libnats: a status line (`NATS/1.0 503`) cannot be sent; it goes out as the headers `Status` and `Description`,
 * which is how most client libraries show it to their users, and by which those in C, Go and Python know it. */
#ifndef REPLAY_MOCK_MOCK_H
#define REPLAY_MOCK_MOCK_H

#include <nats/nats.h>

#include "replay/mock/index.h"

enum {
	REPLAY_MOCK_WAITING_MAX =
	    1 << 18, /* conversations under way at a time; what comes beyond is not answered */
	REPLAY_MOCK_SUBJECTS_MAX = 4096, /* counted one by one */
	REPLAY_MOCK_UNKNOWN_MAX = 20,    /* missed requests that are kept to be shown */
	REPLAY_MOCK_KEPT_BYTES = 400,    /* of their payload */
};

enum replay_mock_on_miss {
	REPLAY_MOCK_NO_RESPONDERS, /* say that nobody is there */
	REPLAY_MOCK_SILENT,
	REPLAY_MOCK_LAST, /* what was answered last on the subject; when that is nothing, that nobody is there */
};

struct replay_mock_options {
	natsOptions *nats; /* borrowed: where and as whom; changed by replay_connection_open */
	const char *name;  /* of the connection */
	uint64_t speed;    /* in millionths; 0: replies are sent at once */
	enum replay_mock_on_miss on_miss;
	uint64_t limit; /* end after so many requests; 0 = go on */
	int stop_fd;    /* end when it can be read */
};

/* Counts of requests on a subject. */
struct replay_mock_count {
	struct wire_slice subject; /* empty: all beyond REPLAY_MOCK_SUBJECTS_MAX */
	uint64_t requests[REPLAY_MOCK_MATCHES];
};

/* A request that nothing was known for. */
struct replay_mock_unknown {
	struct wire_slice subject, payload; /* at most REPLAY_MOCK_KEPT_BYTES of it */
	uint64_t size, times;               /* of the payload; asked so often */
};

struct replay_mock_report {
	struct replay_mock_count total;
	const struct replay_mock_count *subjects; /* in the order in which they came up */
	size_t subjects_len;
	const struct replay_mock_unknown *unknown;
	size_t unknown_len;
	uint64_t without_reply; /* messages on these subjects that asked for no answer */
	uint64_t replies;       /* sent */
	uint64_t failed;        /* replies that could not be sent */
	uint64_t overflowed;    /* requests beyond REPLAY_MOCK_WAITING_MAX */
	uint64_t disconnects, not_permitted, other_errors;
	char last_error[300];
};

struct replay_mock;

/* Connect and subscribe. 0, or a negative code with *fault, as replay_connection_open. The index is borrowed. */
int replay_mock_open(struct replay_mock **mock, struct replay_mock_index *index,
		     const struct replay_mock_options *options, struct wire_fault *fault);
void replay_mock_close(struct replay_mock *mock);

/* Answer until it is time to end: by stop_fd, or by the limit with all replies sent. From the thread that opened it. 0, or
 * a negative code with *fault when the server is gone for good. */
int replay_mock_run(struct replay_mock *mock, struct wire_fault *fault);

/* After the run. The report borrows the mock. */
void replay_mock_tell(struct replay_mock *mock, struct replay_mock_report *report);

#endif
