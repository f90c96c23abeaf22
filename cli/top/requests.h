/* requests.h - the requests of a log while it is followed: how long each subject's take, and which have no reply yet.
 *
 * A request ends with its first reply; the latency is the time between the two. The newest CLI_TOP_REQUESTS_MAX requests are
 * remembered; one that is forgotten without a reply is counted. Durations that find no memory count for the maximum only. */
#ifndef CLI_TOP_REQUESTS_H
#define CLI_TOP_REQUESTS_H

#include "cli/top/window.h"
#include "trace/histogram.h"
#include "trace/memory.h"
#include "trace/requests.h"
#include "wire/source.h"

enum {
	CLI_TOP_REQUESTS_MAX = 1 << 16,
	CLI_TOP_LATENCY_SLOTS = 3, /* of the window, for durations */
	CLI_TOP_LATENCY_BYTES = 64 << 20,
};

/* Of one subject. Zeroed = empty. */
struct cli_top_latency {
	struct cli_top_counter requests;
	uint64_t count;         /* of all time */
	uint64_t no_responders; /* likewise: nobody was subscribed */
	int64_t slot;           /* the newest of `slots`, counted from the epoch */
	struct trace_histogram slots[CLI_TOP_LATENCY_SLOTS];
};

struct cli_top_request {
	uint64_t seq;
	int64_t time_ns;
	uint32_t origin, subject, requester; /* input, number of the subject, service */
	bool is_waiting;                     /* no reply, and somebody may give one */
	struct cli_top_latency *latency;     /* of its subject; borrowed; NULL = has none */
};

struct cli_top_requests {
	struct trace_requests pairing;
	struct cli_top_request *list; /* owned; a ring like that of `pairing` */
	struct trace_memory memory;   /* of the durations */
	uint64_t forgotten;           /* without a reply */
};

void cli_top_requests_init(struct cli_top_requests *requests);
void cli_top_requests_fini(struct cli_top_requests *requests);

/* Add a message that has a reply subject; of `request` everything but is_waiting is filled in. Without memory it is left
 * out. */
void cli_top_requests_add(struct cli_top_requests *requests, const struct cli_top_window *window,
			  const struct wire_event *message, const struct cli_top_request *request);

/* Note a message or delivery, which may be a reply. The source is asked for its headers where they decide. */
void cli_top_requests_reply(struct cli_top_requests *requests, const struct cli_top_window *window,
			    const struct wire_event *event, struct wire_source *source);

/* The requests that wait, the oldest first: *at starts at 0. NULL after the last. */
const struct cli_top_request *cli_top_requests_next(const struct cli_top_requests *requests, uint64_t *at);

/* The durations of the window that ends now in one histogram, zeroed before and to be freed by trace_histogram_fini. 0 or
 * -ENOMEM. */
int cli_top_latency_sum(const struct cli_top_latency *latency, const struct cli_top_window *window,
			struct trace_histogram *sum);

void cli_top_latency_fini(struct cli_top_latency *latency);

#endif
