/* mock.h - stand in for a recorded service: answer live requests with its recorded replies.
 *
 * libnats' thread receives a request, finds its conversation (replay/mock/index.h) and adds it to the pending replies;
 * the thread that called replay_mock_run sends them. The time from the live request to its reply is that of the
 * recording, divided by the speed.
 *
 * libnats cannot send a status line (`NATS/1.0 503`). It is sent as the headers `Status` and `Description`: most client
 * libraries show a status line so to their users, and those in C, Go and Python recognize it by them. */
#ifndef REPLAY_MOCK_MOCK_H
#define REPLAY_MOCK_MOCK_H

#include "net/client/target.h"
#include "replay/mock/index.h"

enum {
	REPLAY_MOCK_WAITING_MAX = 1 << 18, /* conversations under way; further requests are not answered */
	REPLAY_MOCK_SUBJECTS_MAX = 4096,   /* counted one by one; further ones together */
	REPLAY_MOCK_UNKNOWN_MAX = 20,      /* missed requests that the report shows */
	REPLAY_MOCK_KEPT_BYTES = 400,      /* of their payload */
};

enum replay_mock_on_miss {
	REPLAY_MOCK_NO_RESPONDERS, /* reply with "no responders" */
	REPLAY_MOCK_SILENT,        /* do not reply */
	REPLAY_MOCK_LAST,          /* repeat the last replies on the subject; without any, "no responders" */
};

struct replay_mock_options {
	struct net_client_target *target; /* borrowed */
	const char *name;                 /* of the connection */
	uint64_t speed;                   /* in millionths; 0: send replies at once */
	enum replay_mock_on_miss on_miss;
	uint64_t limit; /* end after this many requests; 0 = no limit */
	int stop_fd;    /* end when it is readable */
};

/* Counts of requests on a subject. */
struct replay_mock_count {
	struct wire_slice subject; /* empty: all beyond REPLAY_MOCK_SUBJECTS_MAX */
	uint64_t requests[REPLAY_MOCK_MATCHES];
};

/* A request without a recorded conversation. */
struct replay_mock_unknown {
	struct wire_slice subject, payload; /* at most REPLAY_MOCK_KEPT_BYTES of it */
	uint64_t size;                      /* of the payload */
	uint64_t times;                     /* how often it was received */
};

struct replay_mock_report {
	struct replay_mock_count total;
	const struct replay_mock_count *subjects; /* in the order of their first requests */
	size_t subjects_len;
	const struct replay_mock_unknown *unknown;
	size_t unknown_len;
	uint64_t without_reply; /* messages on these subjects without a reply subject */
	uint64_t replies;       /* sent */
	uint64_t failed;        /* replies that could not be sent */
	uint64_t overflowed;    /* requests beyond REPLAY_MOCK_WAITING_MAX */
	uint64_t disconnects, not_permitted, other_errors;
	char last_error[300];
};

struct replay_mock;

/* Connect and subscribe. 0, or a negative code with *fault, as net_client_open. The index is borrowed. */
int replay_mock_open(struct replay_mock **mock, struct replay_mock_index *index,
		     const struct replay_mock_options *options, struct wire_fault *fault);
void replay_mock_close(struct replay_mock *mock);

/* Answer requests until stop_fd is readable, or until the limit is reached and all replies are sent. Call it from the
 * thread that opened the mock. 0, or a negative code with *fault when the server is gone for good. */
int replay_mock_run(struct replay_mock *mock, struct wire_fault *fault);

/* After the run. The report borrows the mock. */
void replay_mock_get_report(struct replay_mock *mock, struct replay_mock_report *report);

#endif
