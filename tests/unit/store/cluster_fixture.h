/* cluster_fixture.h - logs of a cluster's servers, as scripted events, read as one. */
#ifndef TESTS_UNIT_STORE_CLUSTER_FIXTURE_H
#define TESTS_UNIT_STORE_CLUSTER_FIXTURE_H

#include "store/read/merge.h"

enum { CLUSTER_LOGS = 4, CLUSTER_EVENTS = 8192, CLUSTER_EXCHANGE_CONN = 900 };

#define MS INT64_C(1000000)

/* Everything happens at a true time, which each log notes by its own clock. */
struct cluster_fixture {
	struct cluster_log {
		struct wire_source source; /* first */
		struct cluster_event {
			struct wire_event event;
			char sid[16], payload[32];
		} * events; /* owned; by rising time when they are read */
		size_t len, at;
		bool reverse;
		int64_t ahead_ns; /* of its clock */
		struct wire_client client;
		char name[32];
	} logs[CLUSTER_LOGS];
	uint32_t clusters[CLUSTER_LOGS]; /* of which cluster; 1 for all at first */
	size_t max_bytes;
	bool reverse;
	/* The result. */
	struct store_merge *merge;
	char *text; /* what was read, one line for each message and delivery; owned */
	size_t text_len, text_cap;
	uint64_t events;
	struct store_cluster_stats stats;
};

void cluster_open(struct cluster_fixture *fixture);
void cluster_close(struct cluster_fixture *fixture);

/* Add an event at a true time to the log. Returns it, to be changed until it is read. */
struct wire_event *cluster_publish(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				   uint64_t conn, const char *payload);
struct wire_event *cluster_deliver(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				   uint64_t conn, const char *payload);
struct wire_event *cluster_subscribe(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				     uint64_t conn);

/* Messages in both directions between all logs, so that the clocks become known: every 50 ms. */
void cluster_exchange(struct cluster_fixture *fixture, int64_t from_ns, int64_t to_ns);

/* Read everything. Lines: "pub PAYLOAD LOG#CONN to LOG#CONN+US LOG#CONN+?…", the delay in microseconds, and
 * "deliv PAYLOAD LOG#CONN"; not those of cluster_exchange. `each` (may be NULL) is called for every event. */
void cluster_read(struct cluster_fixture *fixture,
		  void (*each)(struct cluster_fixture *fixture, const struct wire_event *event));

/* Read everything, and compare the lines. */
void cluster_expect(struct cluster_fixture *fixture, const char *lines);

#endif
