/* outage.h - the connection of a subscriber is lost: one gap event for the time until the server has its subscriptions again.
 * Internal to tap.
 *
 * The gap begins when bytes last came over the lost connection, since messages may have been lost with it. How many were
 * published meanwhile is unknown. Losses that follow each other before the subscriptions are there again are one outage. */
#ifndef TAP_SUBSCRIBER_OUTAGE_H
#define TAP_SUBSCRIBER_OUTAGE_H

#include "tap/subscriber/notices.h"

enum { TAP__OUTAGE_WHY = 256 };

struct tap__outage {
	pthread_mutex_t lock; /* guards what follows */
	struct tap__notices *notices;
	bool is_open;
	uint64_t number; /* of the last loss */
	int64_t from_ns; /* monotonic, as all times here */
	uint64_t losses; /* of the connection during this outage */
	char why[TAP__OUTAGE_WHY];
	char early[TAP__OUTAGE_WHY / 2]; /* the server's reason for a loss that is not known yet; "" = none */
	uint64_t count;                  /* of outages so far */
	int64_t total_ns;
};

/* The notices are borrowed. */
void tap__outage_init(struct tap__outage *outage, struct tap__notices *notices);
void tap__outage_fini(struct tap__outage *outage);

/* The connection is lost, for the number-th time. From any thread. */
void tap__outage_begin(struct tap__outage *outage, uint64_t number, int64_t from_ns, const char *why);

/* At the end of the recording no server answers: unless there is an outage, one began at from_ns. */
void tap__outage_note(struct tap__outage *outage, int64_t from_ns, const char *why);

/* The server says why it closed the connection, which is lost, or will be known to be. From any thread. */
void tap__outage_explain(struct tap__outage *outage, const char *reason);

/* The server at `url` has the subscriptions again after that loss: add the gap event, unless the connection was lost again. url ""
 * stands for the end of the recording, which ends any outage. True when an outage has ended. From any thread. */
bool tap__outage_end(struct tap__outage *outage, uint64_t number, int64_t now_ns, const char *url);

#endif
