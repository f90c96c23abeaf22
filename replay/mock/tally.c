#include "replay/mock/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "replay/mock/store.h"

static struct wire_slice copy(struct wire_slice text)
{
	char *kept = malloc(text.len + 1);
	if (!kept)
		return wire_slice(NULL, 0);
	if (text.len > 0)
		memcpy(kept, text.data, text.len);
	return wire_slice(kept, text.len);
}

/* What copy made; the slice is const for all others. */
static void discard(struct wire_slice text)
{
	free((void *)(uintptr_t)text.data);
}

int replay__mock_tally_init(struct replay__mock_tally *tally)
{
	*tally = (struct replay__mock_tally){
	    .counts = calloc(REPLAY_MOCK_SUBJECTS_MAX + 1, sizeof(struct replay_mock_count)),
	    .counts_len = 1};
	return tally->counts ? 0 : -ENOMEM;
}

void replay__mock_tally_fini(struct replay__mock_tally *tally)
{
	for (size_t i = 0; tally->counts && i < tally->counts_len; i++)
		discard(tally->counts[i].subject);
	for (size_t i = 0; i < tally->unknown_len; i++) {
		discard(tally->unknown[i].subject);
		discard(tally->unknown[i].payload);
	}
	free(tally->counts);
	replay__table_fini(&tally->by_subject);
	*tally = (struct replay__mock_tally){0};
}

/* The entry of a subject, made when it is new; the first one where there is no room. */
static struct replay_mock_count *find_count(struct replay__mock_tally *tally, struct wire_slice subject)
{
	uint64_t hash = replay__mock_hash(subject);
	size_t probe = 0;
	uint32_t number;
	while (replay__table_next(&tally->by_subject, hash, &probe, &number))
		if (wire_slice_equal(tally->counts[number].subject, subject))
			return &tally->counts[number];
	if (tally->counts_len > REPLAY_MOCK_SUBJECTS_MAX)
		return &tally->counts[0];
	struct wire_slice kept = copy(subject);
	if (!kept.data || replay__table_add(&tally->by_subject, hash, (uint32_t)tally->counts_len) != 0) {
		discard(kept);
		return &tally->counts[0];
	}
	tally->counts[tally->counts_len].subject = kept;
	return &tally->counts[tally->counts_len++];
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

/* Keep the first ones; payloads that differ only behind what is kept count as one. */
static void note_unknown(struct replay__mock_tally *tally, struct wire_slice subject,
			 struct wire_slice payload)
{
	struct replay_mock_unknown *unknown = tally->unknown;
	for (; unknown < tally->unknown + tally->unknown_len; unknown++) {
		if (!is_unknown(unknown, subject, payload))
			continue;
		unknown->times++;
		return;
	}
	if (tally->unknown_len == REPLAY_MOCK_UNKNOWN_MAX)
		return;
	*unknown = (struct replay_mock_unknown){
	    .subject = copy(subject), .payload = copy(start_of(payload)), .size = payload.len, .times = 1};
	tally->unknown_len++;
}

void replay__mock_tally_add(struct replay__mock_tally *tally, struct wire_slice subject,
			    struct wire_slice payload, enum replay_mock_match match)
{
	tally->total.requests[match]++;
	find_count(tally, subject)->requests[match]++;
	if (match == REPLAY_MOCK_MISS)
		note_unknown(tally, subject, payload);
}
