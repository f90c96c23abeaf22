#include "replay/mock/summary.h"

#include <errno.h>
#include <stdlib.h>

#include "replay/mock/index_build.h"

static struct wire_slice copy(struct wire_slice text)
{
	char *kept = malloc(text.len + 1);
	if (!kept)
		return wire_slice(NULL, 0);
	if (text.len > 0)
		memcpy(kept, text.data, text.len);
	return wire_slice(kept, text.len);
}

/* Free a copy. Its bytes are const for everyone else. */
static void discard(struct wire_slice text)
{
	free((void *)(uintptr_t)text.data);
}

int replay__mock_summary_init(struct replay__mock_summary *summary)
{
	*summary = (struct replay__mock_summary){
	    .counts = calloc(REPLAY_MOCK_SUBJECTS_MAX + 1, sizeof(struct replay_mock_count)),
	    .counts_len = 1};
	return summary->counts ? store_table_init(&summary->by_subject) : -ENOMEM;
}

void replay__mock_summary_fini(struct replay__mock_summary *summary)
{
	for (size_t i = 0; summary->counts && i < summary->counts_len; i++)
		discard(summary->counts[i].subject);
	for (size_t i = 0; i < summary->unknown_len; i++) {
		discard(summary->unknown[i].subject);
		discard(summary->unknown[i].payload);
	}
	free(summary->counts);
	store_table_fini(&summary->by_subject);
	*summary = (struct replay__mock_summary){0};
}

/* The counts of a subject, created when it is new; the first ones when there is no room. */
static struct replay_mock_count *find_count(struct replay__mock_summary *summary, struct wire_slice subject)
{
	uint64_t hash = replay__mock_hash(subject);
	uint32_t probe = 0, number;
	while (store_table_next(&summary->by_subject, hash, &probe, &number))
		if (wire_slice_equal(summary->counts[number].subject, subject))
			return &summary->counts[number];
	if (summary->counts_len > REPLAY_MOCK_SUBJECTS_MAX)
		return &summary->counts[0];
	struct wire_slice kept = copy(subject);
	if (!kept.data ||
	    store_table_insert(&summary->by_subject, hash, (uint32_t)summary->counts_len) != 0) {
		discard(kept);
		return &summary->counts[0];
	}
	summary->counts[summary->counts_len].subject = kept;
	return &summary->counts[summary->counts_len++];
}

static struct wire_slice start_of(struct wire_slice payload)
{
	return wire_slice(payload.data,
			  payload.len < REPLAY_MOCK_KEPT_BYTES ? payload.len : REPLAY_MOCK_KEPT_BYTES);
}

static bool is_unknown(const struct replay_mock_unknown *unknown, struct wire_slice subject,
		       struct wire_slice payload)
{
	return unknown->size == payload.len && wire_slice_equal(unknown->subject, subject) &&
	       wire_slice_equal(unknown->payload, start_of(payload));
}

/* Keep the first distinct ones. Payloads that differ only after the bytes that are kept count as equal. */
static void note_unknown(struct replay__mock_summary *summary, struct wire_slice subject,
			 struct wire_slice payload)
{
	struct replay_mock_unknown *unknown = summary->unknown;
	for (; unknown < summary->unknown + summary->unknown_len; unknown++) {
		if (!is_unknown(unknown, subject, payload))
			continue;
		unknown->times++;
		return;
	}
	if (summary->unknown_len == REPLAY_MOCK_UNKNOWN_MAX)
		return;
	*unknown = (struct replay_mock_unknown){
	    .subject = copy(subject), .payload = copy(start_of(payload)), .size = payload.len, .times = 1};
	summary->unknown_len++;
}

void replay__mock_summary_add(struct replay__mock_summary *summary, struct wire_slice subject,
			      struct wire_slice payload, enum replay_mock_match match)
{
	summary->total.requests[match]++;
	find_count(summary, subject)->requests[match]++;
	if (match == REPLAY_MOCK_MISS)
		note_unknown(summary, subject, payload);
}
