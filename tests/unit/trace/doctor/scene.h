/* scene.h - a recording made for the doctor, event by event, and what it finds in it. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "trace/doctor/doctor.h"

enum { SCENE_RECEIVERS = 8, SCENE_CLIENTS = 64, SCENE_LOGS = 3, MS = 1000000 };

/* An event that owns its texts. */
struct scene_event {
	struct wire_event event;
	uint32_t origin;
	char subject[64], reply[96], headers[96], payload[64], text[96], sid[16], queue[16];
	struct wire_receiver receivers[SCENE_RECEIVERS];
	int64_t delays_ns[SCENE_RECEIVERS];
	bool has_delays;
};

/* A test's state. */
struct scene {
	struct wire_source source;
	struct scene_event *events;
	size_t count, cap, at;
	uint32_t origin;  /* of the events that are added */
	int64_t now_ns;   /* of the next event, since the beginning */
	int64_t clock_ns; /* how much the clock was set until then */
	char names[SCENE_CLIENTS][24], addresses[SCENE_CLIENTS][24], langs[SCENE_CLIENTS][12],
	    versions[SCENE_CLIENTS][12];
	struct wire_client clients[SCENE_CLIENTS]; /* by connection number */
	uint64_t memory_bytes;
	const char *filter; /* only events whose subject begins with this are chosen; NULL: all are */
	struct trace_doctor_log logs[SCENE_LOGS];
	struct trace_doctor *doctor;
	const struct trace_findings *findings;
};

int scene_setup(void **state);
int scene_teardown(void **state);

/* Describe a connection, below SCENE_CLIENTS, without an event. Without that it is "service-N" at 10.0.0.N. */
void scene_client(struct scene *scene, uint64_t conn, const char *name, const char *address, const char *lang,
		  const char *version);

/* Let time pass. */
void scene_wait(struct scene *scene, int64_t ms);

/* Add an event now, and go on by a millisecond. Returned events may be changed until the next one is added. */
struct scene_event *scene_add(struct scene *scene, enum wire_event_kind kind, uint64_t conn);
/* A message that connection 2 receives on a plain subscription. Every payload is another. */
struct scene_event *scene_message(struct scene *scene, uint64_t conn, const char *subject);
/* A request of connection 1 to connection 2, in the queue group "workers"; number makes its inbox. */
struct scene_event *scene_request(struct scene *scene, const char *subject, unsigned number);
/* Connection 2 replies to that request, and connection 1 gets it. */
struct scene_event *scene_reply(struct scene *scene, unsigned number);
/* `count` requests, each answered after `ms`; numbers from `first`. */
void scene_exchange(struct scene *scene, const char *subject, unsigned first, unsigned count, int64_t ms);

/* Nobody gets it; or one more does. */
void scene_unheard(struct scene_event *event);
void scene_deliver(struct scene_event *event, uint64_t conn, const char *queue, enum wire_outcome outcome);
void scene_payload(struct scene_event *event, const char *payload);

/* Ordinary traffic on three subjects for so many seconds: keeps a recording going. */
void scene_background(struct scene *scene, unsigned seconds);

/* Let the doctor look with all checks. */
void scene_examine(struct scene *scene);
/* Its first finding of that check; NULL when there is none. */
const struct trace_finding *scene_finding(const struct scene *scene, const char *check);

/* Examine: the check finds something of that severity, the text of which holds `text`. Returns it. */
const struct trace_finding *scene_expect(struct scene *scene, const char *check, enum trace_severity severity,
					 const char *text);
/* Examine: the check finds nothing. */
void scene_expect_none(struct scene *scene, const char *check);
/* Examine again from nothing: forget the events. */
void scene_clear(struct scene *scene);

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

#endif
