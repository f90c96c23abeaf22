/* subscriber.h - a guest in a cluster: the messages that a NATS client is sent, as events.
 *
 * A subscriber does not see who published a message nor who else received it: messages have the flags *publisher unknown* and
 * *receivers unknown*. Each outage of the connection and each drop is a gap event. Connects and disconnects of other clients
 * are events as far as the server reports them (system_events.h, connz.h).
 *
 * libnats reads in one thread and delivers in another; the thread that pumps the source takes the messages from a queue
 * (net/client/queue.h). */
#ifndef TAP_SUBSCRIBER_SUBSCRIBER_H
#define TAP_SUBSCRIBER_SUBSCRIBER_H

#include "net/client/target.h"
#include "tap/pump.h"

struct tap_subscriber_options {
	struct net_client_target *target; /* borrowed */
	const char *name;                 /* of the connection */
	const char *const *subjects;      /* NULL-terminated; borrowed; none covers another */
	const char *group;                /* queue group; NULL: none */
	uint64_t memory_bytes;            /* for messages that wait, for each subject */
	const char *control;              /* subject of requests (control.h); NULL: none */
	bool is_paused;                   /* begin without recording, until a request asks for it */
	int64_t confirm_ms;               /* for the server to read the subscriptions */
	uint64_t limit;                   /* the source is over after so many messages; 0: no limit */
	/* Called with a line for the operator, from any thread: outages and their ends. */
	void (*report)(void *context, const char *line);
	void *context;
};

struct tap_subscriber_stats {
	uint64_t messages, bytes; /* given out; headers and payloads */
	uint64_t outages;
	int64_t outage_ns;    /* all outages together */
	uint64_t dropped;     /* messages, by libnats */
	uint64_t refused;     /* subscriptions and publishes that the server did not permit */
	char last_error[300]; /* that the server or libnats reported; "" = none */
};

struct tap_subscriber;

/* Connect and subscribe. 0; or a negative code with *fault: -ECONNREFUSED, -EACCES when authentication failed or a
 * subscription is not permitted, -ENOMEM. */
int tap_subscriber_open(struct tap_subscriber **subscriber, const struct tap_subscriber_options *options,
			struct wire_fault *fault);
void tap_subscriber_close(struct tap_subscriber *subscriber);

/* Sources of connects and disconnects, which a subscriber does not see. */
struct tap_subscriber_watch {
	struct net_client_target
	    *system; /* of the system account: connects and disconnects; borrowed; NULL: none */
	const char *const *monitors; /* URLs of monitoring ports, NULL-terminated: likewise; NULL: none */
	uint64_t first_conn;         /* the first number for a connection */
	const struct wire_sink *log; /* whose state a reply to "status" says; borrowed */
};

/* Once, before the first event is taken. 0, or a negative code with *fault. */
int tap_subscriber_watch(struct tap_subscriber *subscriber, const struct tap_subscriber_watch *watch,
			 struct wire_fault *fault);

/* Its events, for tap_pump_run. After stop, the server sends nothing more, and what has come or is under way is given out; a
 * server that is away is not waited for, nor one that is silent for 3 s. */
struct tap_pump_source tap_subscriber_pump_source(struct tap_subscriber *subscriber);

void tap_subscriber_stats(struct tap_subscriber *subscriber, struct tap_subscriber_stats *stats);

#endif
