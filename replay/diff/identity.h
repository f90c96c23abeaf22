/* identity.h - hashes that are equal for messages that count as equal. Internal to replay/diff.
 *
 * 64 bits: when 2^32 pairs are compared, the chance that two different messages count as equal is about one in four
 * thousand million. */
#ifndef REPLAY_DIFF_IDENTITY_H
#define REPLAY_DIFF_IDENTITY_H

#include "replay/diff/diff.h"

/* Hash of what is compared of a message: subject (inboxes folded, unless they are compared), reply subject, headers and
 * payload, as the options say. Never 0. */
uint64_t replay__content_hash(const struct replay_diff_options *options, const struct wire_event *message);

/* Combine the hash of a reply with the key of its request. Never 0. */
uint64_t replay__reply_key(uint64_t content, uint64_t request);

/* Hash of a subject as it was recorded. */
uint64_t replay__subject_hash(struct wire_slice subject);

#endif
