/* index_build.h - the parts that an index is built of and looked up by. Internal to replay/mock. */
#ifndef REPLAY_MOCK_INDEX_BUILD_H
#define REPLAY_MOCK_INDEX_BUILD_H

#include "replay/mock/index_state.h"

/* Hash of a subject and a payload (or of headers and a payload), and of bytes. */
uint64_t replay__mock_key(struct wire_slice subject, struct wire_slice payload);
uint64_t replay__mock_hash(struct wire_slice bytes);

/* A recorded header block as replay_mock_add_header sums it up. */
uint64_t replay__mock_headers(struct wire_slice block);

/* Make room for one more item after `len`. Returns the list, which may have moved; NULL when out of memory, with the list
 * unchanged. Counts the bytes. */
void *replay__mock_index_reserve(struct replay_mock_index *index, void *list, size_t len, size_t *cap,
				 size_t item_bytes);

/* The number of a subject; REPLAY__NO_NUMBER when it is unknown. */
uint32_t replay__mock_index_subject(const struct replay_mock_index *index, struct wire_slice subject);

/* The number of the list of conversations whose requests have this key; REPLAY__NO_NUMBER when there is none. */
uint32_t replay__mock_index_equals(const struct replay_mock_index *index, uint64_t key);

/* After everything was read: free the conversations that are not kept, sort the others, and link them. 0 or -ENOMEM. */
int replay__mock_index_link(struct replay_mock_index *index);

#endif
