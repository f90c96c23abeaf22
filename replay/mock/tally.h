/* tally.h - what a mock was asked, counted in bounded memory. Internal to replay. */
#ifndef REPLAY_MOCK_TALLY_H
#define REPLAY_MOCK_TALLY_H

#include "replay/mock/mock.h"
#include "replay/table.h"

/* Zeroed = empty. The first entry of `counts` is for all subjects beyond the bound. */
struct replay__mock_tally {
	struct replay_mock_count total;
	struct replay_mock_count *counts; /* owned, and their texts */
	size_t counts_len;
	struct replay_mock_unknown unknown[REPLAY_MOCK_UNKNOWN_MAX]; /* texts owned */
	size_t unknown_len;
	struct replay__table by_subject;
};

/* 0 or -ENOMEM. */
int replay__mock_tally_init(struct replay__mock_tally *tally);
void replay__mock_tally_fini(struct replay__mock_tally *tally);

/* Count a request. Without memory for its texts it is counted among the others. */
void replay__mock_tally_add(struct replay__mock_tally *tally, struct wire_slice subject,
			    struct wire_slice payload, enum replay_mock_match match);

#endif
