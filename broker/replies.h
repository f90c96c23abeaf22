/* replies.h - publish permissions that a request grants to its receiver (allow_responses), inside this folder.
 *
 * A client may publish to each reply subject that it was sent, a number of times and for a while. When there are too many
 * grants the oldest is dropped. */
#ifndef BROKER_REPLIES_H
#define BROKER_REPLIES_H

#include "broker/config/options.h"
#include "wire/slice.h"

struct broker__replies;

/* NULL when out of memory. */
struct broker__replies *broker__replies_open(uint64_t seed);
void broker__replies_close(struct broker__replies *replies);

/* Grant a reply: a message with it was delivered at now_ns. Without memory there is no grant. */
void broker__replies_grant(struct broker__replies *replies, struct wire_slice reply, int64_t now_ns);

/* Whether the subject may be published to now; uses the grant once. */
bool broker__replies_use(struct broker__replies *replies, struct wire_slice subject,
			 const struct broker_permissions *permissions, int64_t now_ns);

#endif
