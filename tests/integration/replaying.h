/* replaying.h - record a workload, play it, and check the result. */
#ifndef INTEGRATION_REPLAYING_H
#define INTEGRATION_REPLAYING_H

#include <jansson.h>
#include <nats/nats.h>

#include "support/broker.h"

/* The call must succeed; else the text of the status is printed. */
#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

/* Connect to a server on this machine, as name (NULL: none). */
natsConnection *replaying_connect(int port, const char *name);

/* Start the real nats-server, with these flags (NULL: none). False when it is not installed. */
bool replaying_open_nats_server(struct support_server *server, const struct support_tempdir *dir,
				const char *const *flags);

/* Run `tapedeck replay LOG -s nats://127.0.0.1:port ARGS…` (args end with NULL). Its exit status; *report (may be NULL) is the
 * last line of what it printed when that is JSON (ask for it by --json), to be released; *text (may be NULL) all it
 * printed, owned. */
int replaying_run(const char *log, int port, const char *const *args, json_t **report, char **text);

/* Write a log of `count` messages, a millisecond apart, of one client: subject work.<n % 3>, payload n. */
void replaying_write_log(const char *log, int count);

/* A number of a report, possibly nested: "lag_us.max". Ends the test when there is none. */
double replaying_number(const json_t *report, const char *path);

/* The messages that a subscription to ">" got, in order. */
struct replaying_received {
	char *subject;
	char *payload; /* NUL-terminated */
	int64_t at_ns; /* monotonic */
};

struct replaying_receiver {
	natsConnection *nats;
	natsSubscription *sub;
	struct replaying_received *list;
	size_t len;
};

void replaying_receiver_open(struct replaying_receiver *receiver, int port, const char *subject);
/* Wait until it has got `count` messages. */
void replaying_receiver_await(struct replaying_receiver *receiver, size_t count);
void replaying_receiver_close(struct replaying_receiver *receiver);

#endif
