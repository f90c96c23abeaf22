/* replies.h - publish permissions that a request grants to its receiver (allow_responses), inside this folder.
 *
 * Each reply subject that was delivered may be published to a number of times, for a while. Bounded: the oldest grant
 * goes when there are too many. */
#ifndef BROKER_REPLIES_H
#define BROKER_REPLIES_H

#include "broker/config/options.h"
#include "wire/slice.h"

struct broker__replies;

/* NULL when out of memory. */
struct broker__replies *broker__replies_open(uint64_t seed);
void broker__replies_close(struct broker__replies *replies);

/* A message with this reply was delivered at now_ns. Without memory the grant is not given. */
void broker__replies_grant(struct broker__replies *replies, struct wire_slice reply, int64_t now_ns);

/* Whether the subject may be published to now; uses the grant up by one. */
bool broker__replies_use(struct broker__replies *replies, struct wire_slice subject,
			 const struct broker_permissions *permissions, int64_t now_ns);

#endif
