/* truth.h - the ground truth: what a client itself knows about the messages that it published.
 *
 * One file for each process, one JSON object a line, of two kinds:
 *   {"publish": ID, "cause": ID|null, "after": ID|null, "received_ns": N|null, "published_ns": N, "subject": S,
 *    "reply": BOOL, "keys": {"$.workflow_id": V, …}, "trace": HEX|null}
 *   {"request": ID, "outcome": "reply"|"timeout"|"no_responders", "reply": ID|null, "latency_us": N}
 *
 * ID is the value of the header Demo-Id. `cause` is the message whose handler published this one (the server's "no
 * responders" has no id: the request that it answers stands for it); `after` is the last reply that the handler had
 * waited for before, null when it had waited for none: what it published depends on both. `received_ns` is the wall
 * clock when the handler began, `published_ns` that before the publish. `keys` and `trace` are those that the message
 * carries. */
#ifndef DEMO_TRUTH_H
#define DEMO_TRUTH_H

#include <jansson.h>
#include <stdint.h>

struct demo_truth;

/* Create DIR/NAME.jsonl. NULL with a message printed when that fails. */
struct demo_truth *demo_truth_open(const char *dir, const char *name);
void demo_truth_close(struct demo_truth *truth);

/* Append a line. Takes record. Any thread; a NULL truth keeps nothing. */
void demo_truth_append(struct demo_truth *truth, json_t *record);

/* The record of a request's outcome. latency_ns is the requester's own. reply is an id, or "". */
void demo_truth_request(struct demo_truth *truth, const char *request, const char *outcome, const char *reply,
			int64_t latency_ns);

#endif
