/* identity.h - what makes two messages alike, as a hash. Internal to replay.
 *
 * 64 bits: among 2^32 pairs held against each other, the chance that two different ones pass for alike is one in
 * four thousand million. */
#ifndef REPLAY_DIFF_IDENTITY_H
#define REPLAY_DIFF_IDENTITY_H

#include "replay/diff/diff.h"

/* The subject is one that is made up anew for each run. */
bool replay__is_inbox(const struct replay_diff_options *options, struct wire_slice subject);

/* Hash of what is compared of a message: subject (all inboxes alike, unless they are compared), reply subject, headers and
 * payload as the options say. Never 0. */
uint64_t replay__content(const struct replay_diff_options *options, const struct wire_event *message);

/* The same for a reply to a request of this key: never 0. */
uint64_t replay__answer_key(uint64_t content, uint64_t request);

/* Hash of a subject, to look it up by. */
uint64_t replay__subject_hash(struct wire_slice subject);

#endif
