/* causality.h - learn from a log which deliveries make a service publish, and judge a single case by it.
 *
 * Model: a service that got a message of class A publishes messages of class E at a rate that depends on how long ago the
 * delivery was, its hazard. Besides, it publishes E of its own accord at a constant rate. When it publishes, each of the
 * deliveries that it may be handling is the cause with a probability in proportion to its hazard at that age, and none of
 * them in proportion to the constant rate:
 *
 *	p(i) = h(i) / (h(1) + … + h(n) + own rate)
 *
 * A hazard is multiplied by the likelihood of what the two messages say: whether they share a value that looks like an id,
 * compared with how often causes do so and others do not.
 * Both kinds of rates are estimated from earlier cases, each counted with its probability (expectation maximization, one
 * case at a time), so that the subject pairs which recur in the log become certain, timers get no cause, and a service that
 * handles several messages at once gets a score that says so. Before anything is learned a short age counts as likely.
 * Where the rates leave it open, a delivery that has caused nothing of the kind is likelier than one that has, and the older
 * of two likelier than the newer, since most services handle their messages in order.
 *
 * Bounded: TRACE_CAUSALITY_MAX pairs; more of them are judged as if nothing were known. */
#ifndef TRACE_CAUSALITY_H
#define TRACE_CAUSALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_CAUSALITY_MAX = 1 << 15, TRACE_CANDIDATES_MAX = 32 };

/* Whether a candidate and the effect share a value that looks like an id. */
enum trace_sharing { TRACE_SHARING_UNKNOWN, TRACE_SHARES_NOTHING, TRACE_SHARES_ID };

/* A delivery that may be the cause. */
struct trace_candidate {
	uint64_t class; /* of what was delivered */
	int64_t age_ns; /* of the delivery; negative counts as 0 */
	bool is_again;  /* it has caused such an effect before */
	enum trace_sharing sharing;
	double score; /* set by trace_causality_judge: the probability that it is the cause */
};

struct trace_causality;

/* NULL when out of memory. */
struct trace_causality *trace_causality_open(void);
void trace_causality_close(struct trace_causality *causality);

/* Events are read from another time on, perhaps again. What was learned stays: deliveries, effects and the observed time of all
 * passes are added up, so that rates stay true where a pass repeats events. Call before the first event of each pass. */
void trace_causality_begin_pass(struct trace_causality *causality);

/* A service got a message of a class. */
void trace_causality_delivered(struct trace_causality *causality, uint64_t service, uint64_t class);

/* A service published a message of a class at a time. Sets the candidates' scores, whose sum is at most 1; the rest is the
 * probability that none of them is the cause. Learns from the case. The newest delivery comes first. */
void trace_causality_judge(struct trace_causality *causality, uint64_t service, uint64_t effect,
			   int64_t now_ns, struct trace_candidate *candidates, size_t count);

#endif
